"""Migrates the running lab and proves that the new cluster does what the old one did: ``make lab-migrate``."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.hosts.runbook import DIRECTORS, SERVED, VIPS, WEIGHTS
from tests.lab.lab import start_lab
from tests.lab.modern import NewLab, start_new
from tests.lab.say import say

REALS = ("rs1", "rs2", "rs3", "rs4")
NAMES = {163: "ld2", 164: "rs1", 165: "rs2", 166: "rs3", 167: "rs4"}
PAGES = sum(WEIGHTS.values())
KEY = "/etc/corosync/authkey"
ONLINE = "crm_mon -1 | grep 'Online:.* ld1 ld2'"
WAITS = r"sed -n 's/^ *\(token\|consensus\): //p' /etc/corosync/corosync.conf"
# What the README leaves to decide, decided: every host had a web server, and keeps one.
WEB = """\
mkdir -p /var/www
hostname > /var/www/index.html
printf ok > /var/www/checknode.lvs
cat > /etc/systemd/system/web.service <<end
[Service]
ExecStart=/usr/bin/busybox httpd -f -p 80 -h /var/www
[Install]
WantedBy=multi-user.target
end
systemctl enable -q web
"""


@pytest.fixture(scope="module")
def legacy() -> Path:
    """``snapshot`` of the running old cluster and its ``table``, kept as long as the lab is the same."""
    folders = ("auditor/collect", "tests/hosts", "tests/lab/guest")
    sources = [path for folder in folders for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    sources += [Path("tests/lab/cluster.py"), Path("tests/lab/lab.py")]
    told = b"".join(path.read_bytes() for path in sources if path.suffix != ".pyc")
    wanted = hashlib.sha256(told).hexdigest()[:12]
    place = Path(".cache/lab").resolve() / f"{wanted}.old"
    if not place.exists():
        draft = place.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        with start_lab() as lab:
            lab.become("right")
            shutil.copytree(lab.collect(), draft / "snapshot")
            (draft / "table").write_text(lab.sh("ld1", "ipvsadm -Sn"))
        draft.rename(place)
    return place


@pytest.fixture(scope="module")
def lab(
    request: pytest.FixtureRequest, legacy: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NewLab]:
    """The new cluster, as the migration's list of commands brings it up."""
    out = tmp_path_factory.mktemp("new") / "migration"
    migrate = [Path(sys.executable).with_name("lvsaudit"), "migrate", legacy / "snapshot"]
    say(f"migrate {request.param}")
    done = subprocess.run(
        [*migrate, *request.param.split(), "-o", out], capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    with start_new(out) as lab:
        lab.boot(*REALS, *DIRECTORS)
        for step in lab.steps:
            if step.title.startswith("When all are online"):
                lab.until({"ld1": ONLINE})
            lab.follow(step)
            if step.title.startswith("Copy "):
                for name in lab.nodes:
                    lab.sh(name, WEB)
            if step.title.startswith("Make the key"):
                key = lab.sh("ld1", f"base64 {KEY}")
                lab.sh("ld2", f"base64 -d > {KEY} <<end\n{key}end\nchmod 400 {KEY}")
        yield lab


WITH_PACEMAKER = ("--to debian-12", "--to el9")
ALONE = ("--to debian-12 --ha none", "--to el9 --ha none")
EVERY_WAY = (*WITH_PACEMAKER, *ALONE)
on = partial(pytest.mark.parametrize, "lab", indirect=True, scope="module")


@on(EVERY_WAY)
def test_the_table_is_that_of_the_old_director(lab: NewLab, legacy: Path) -> None:
    lab.until({"ld1": _same_table(legacy)})


@on(EVERY_WAY)
def test_each_vip_has_one_mac(lab: NewLab) -> None:
    assert _macs(lab) == {vip: _mac(lab, "ld1") for vip in VIPS}


@on(EVERY_WAY)
def test_requests_reach_the_real_servers_by_weight(lab: NewLab) -> None:
    wanted = {NAMES[octet]: weight for octet, weight in WEIGHTS.items()}
    for vip in SERVED:
        assert _answers(lab, vip) == wanted


@on(EVERY_WAY)
def test_a_dead_real_server_leaves_and_returns(lab: NewLab, legacy: Path) -> None:
    lab.sh("rs1", "systemctl stop web")
    begun = time.monotonic()
    lab.until({"ld1": "! ipvsadm -Sn | grep -F 202.75.216.164 && ! ipvsadm -Sn | grep -F 202.91.231.164"})
    say(f"out after {time.monotonic() - begun:.0f} s")
    assert _answers(lab, SERVED[0])["rs1"] == 0
    lab.sh("rs1", "systemctl start web")
    begun = time.monotonic()
    lab.until({"ld1": _same_table(legacy)})
    say(f"back after {time.monotonic() - begun:.0f} s")


@on(EVERY_WAY)
def test_the_scan_that_ends_a_migration_finds_nothing(lab: NewLab) -> None:
    assert lab.scan(*lab.last_scan)["run"]["exit_code"] == 0


@on(WITH_PACEMAKER)
def test_a_saved_table_is_restored_and_a_broken_one_refused(lab: NewLab) -> None:
    """On the passive director, whose table is empty; ``refused`` has a service that nobody has added."""
    saved = lab.sh("ld1", "ipvsadm -Sn")
    restore = "ipvsadm -C; ipvsadm -R <<end; status=$?; ipvsadm -Sn; ipvsadm -C; exit $status\n{}end"
    assert lab.sh("ld2", restore.format(saved)) == saved
    with pytest.raises(RuntimeError, match="ended with"):
        lab.sh("ld2", restore.format(saved.replace("-A -t 202.91.231.173:80", "-A -t 202.91.231.172:80", 1)))


@on(WITH_PACEMAKER)
def test_the_other_director_takes_over_in_time(lab: NewLab, legacy: Path) -> None:
    """The ledger promises the old deadtime and the start of the resources; the CIB gives an address 20 s for that."""
    promised = sum(int(ms) for ms in lab.sh("ld2", WAITS).split()) / 1000 + 20
    lab.kill("ld1")
    begun = time.monotonic()
    lab.until({"ld2": f"ip addr show dev eth0 | grep -F {VIPS[0]}/"})
    taken = time.monotonic() - begun
    assert taken <= promised
    lab.until({"ld2": _same_table(legacy)})
    say(f"the VIP is there after {taken:.0f} s, the whole table after {time.monotonic() - begun:.0f} s")
    assert _macs(lab) == {vip: _mac(lab, "ld2") for vip in VIPS}
    assert _answers(lab, SERVED[0]).total() == PAGES


@on(WITH_PACEMAKER)
def test_a_director_that_is_back_is_the_standby(lab: NewLab, legacy: Path) -> None:
    lab.boot("ld1")
    lab.until({"ld1": ONLINE})
    lab.until({"ld1": "crm_resource --wait --timeout 60s"})
    assert _macs(lab) == {vip: _mac(lab, "ld2") for vip in VIPS}
    assert not lab.sh("ld1", "ipvsadm -Sn")


@on(ALONE)
def test_a_director_that_was_killed_comes_back_with_all_it_had(lab: NewLab, legacy: Path) -> None:
    lab.kill("ld1")
    lab.boot("ld1")
    lab.until({"ld1": _same_table(legacy)})
    assert _macs(lab) == {vip: _mac(lab, "ld1") for vip in VIPS}
    assert _answers(lab, SERVED[0]).total() == PAGES


def _same_table(legacy: Path) -> str:
    """In whichever order services and servers were added."""
    table = "\n".join(sorted((legacy / "table").read_text().splitlines()))
    return f'[ "$(ipvsadm -Sn | LC_ALL=C sort)" = "{table}" ]'


def _mac(lab: NewLab, name: str) -> str:
    return lab.sh(name, "cat /sys/class/net/eth0/address")


def _macs(lab: NewLab) -> dict[str, str]:
    """Whoever says that a VIP is his, to the client: a line each."""
    ask = "busybox arping -c 3 -I eth0 {} | grep -o '..:..:..:..:..:..' | sort -u"
    return {vip: lab.sh("client", ask.format(vip)) for vip in VIPS}


def _answers(lab: NewLab, vip: str) -> Counter[str]:
    """Who answered how many of PAGES requests."""
    ask = f"for page in $(seq {PAGES}); do curl -sS -m 10 http://{vip}/ || exit; done"
    return Counter(lab.sh("client", ask).split())
