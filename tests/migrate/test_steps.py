"""What people are told to type does what it is for, on hosts that are as their installer left them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.migrate.worlds import SHAPES, WORLDS, migrated_world, texts
from tests.oracles.modern import judged, laid_out

CASES = [(name, *shape) for name in WORLDS for shape in SHAPES]
UNIT = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_every_host_restarts_once_with_the_files(case: tuple[str, str, str]) -> None:
    """Started by hand, systemd-sysctl does nothing a second time, and lvs-vip-lo then refuses."""
    restarted = [
        host
        for step in migrated_world(*case).steps
        for command in step.commands
        if command.startswith("systemctl reboot")
        for host in step.where
    ]
    assert sorted(restarted) == ["ld1", "ld2", "rs1", "rs2", "rs3", "rs4"]


def test_units_that_are_not_installed_do_not_keep_others_from_being_enabled(tmp_path: Path) -> None:
    migration = migrated_world("right", "debian-12", "pacemaker")
    (preset,) = next(step.commands for step in migration.steps if step.title.en.startswith("Enable"))
    names = ("systemd-networkd", "corosync", "pacemaker", "ldirectord", "lvs-vip-lo", "lvs-sync-backup")
    laid_out({f"usr/lib/systemd/system/{name}.service": UNIT for name in names}, tmp_path)
    files = texts(migration)
    laid_out(
        {"etc/systemd/system-preset/50-lvs.preset": files["ld1/etc/systemd/system-preset/50-lvs.preset"]},
        tmp_path,
    )
    ran = judged(
        f'systemctl() {{ /usr/bin/systemctl --root="$PWD" "$@"; }}\n'
        f"systemctl enable ldirectord; systemctl preset NetworkManager.service; echo bad $?\n{preset}; echo good $?\n"
        "ls etc/systemd/system/multi-user.target.wants",
        tmp_path,
    )
    assert "bad 1" in ran.stdout
    assert "good 0" in ran.stdout, ran.stderr
    assert ran.stdout.split()[-5:] == sorted(f"{name}.service" for name in names if name != "ldirectord")
