"""The table itself: nothing in it can be steered by a host, and whoever changes it has to show it."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from auditor.collect.probes import COMMAND, COMMANDS, IP_VS, NAMES, PROBES, describe

GOLDEN = Path(__file__).with_name("commands.txt")


def test_what_can_be_read_is_what_the_list_says() -> None:
    assert describe() == GOLDEN.read_text(), (
        "run: lvsaudit commands > tests/collect/commands.txt, and review it"
    )


def test_names_and_paths_are_unique_and_plain() -> None:
    assert len({probe.name for probe in PROBES}) == len(PROBES)
    paths = [path for probe in PROBES for path in probe.paths]
    assert len(set(paths)) == len(paths)
    for probe in PROBES:
        assert re.fullmatch(r"[a-z][a-z.-]+", probe.name)
        assert bool(probe.paths) != (probe.kind == COMMAND)
        for path in probe.paths:
            assert re.fullmatch(r"/[A-Za-z0-9./_-]+\*?", path)
            assert posixpath.normpath(path) == path
            assert "*" not in path or probe.kind != NAMES


def test_no_command_writes_or_reaches_out() -> None:
    for probe in COMMANDS:
        words = set(re.split(r"[^A-Za-z0-9_.-]+", probe.command))
        assert not re.search(r"(?<!2)>[^=]", probe.command.replace('"==> "', "")), probe.name
        assert not words & {
            "rm",
            "mv",
            "cp",
            "tee",
            "dd",
            "touch",
            "modprobe",
            "service",
            "eval",
            "curl",
            "ss",
            "lsof",
        }
        assert "ipvsadm" not in words or probe.exists == IP_VS


def test_sudoers_names_what_is_lost_without_it() -> None:
    text = describe(sudoers=True)
    assert "#   ipvsadm: ipvsadm -Ln\n" in text
    assert "#   authkeys: /etc/ha.d/authkeys\n" in text
    assert "lvsaudit ALL=(root) NOPASSWD: /bin/sh\n" in text
