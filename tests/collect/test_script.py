"""What the two programs bring home from well-behaved, broken and hostile hosts."""

from __future__ import annotations

import os
import random
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.collect import script
from auditor.collect.probes import COMMANDS, FILE_CAP
from auditor.model.snapshot import Artifact
from tests.collect.conftest import MARKER, NOBODY, SHELLS, Run

FILES = script.files_program(MARKER)
COMMANDS_PROGRAM = script.commands_program(MARKER)


def files(answer: bytes) -> dict[str, Artifact]:
    return {artifact.id: artifact for artifact in script.read_files(answer, MARKER).artifacts}


def commands(answer: bytes) -> dict[str, Artifact]:
    return {artifact.id: artifact for artifact in script.read_commands(answer, MARKER).artifacts}


def write(root: Path, path: str, content: bytes = b"", mode: int = 0o644) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)
    return file


def tool(tmp_path: Path, text: str) -> Path:
    file = tmp_path / f"tool{len(list(tmp_path.iterdir()))}"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def host(etc: Path) -> Path:
    """A director with all that one may find in /etc on a bad day."""
    key = write(etc, "ha.d/authkeys", b"auth 1\n1 crc\n", 0o600)
    os.utime(key, (1200000000, 1200000000))
    write(etc, "ha.d/ldirectord.cf", b"checktimeout=3\r\n\0\xb2\xe2\xca\xd4\n" * 100)
    write(etc, "ha.d/resource.d/ldirectord", b"#!/bin/sh\n", 0o755)
    write(etc, "ha.d/conf/empty.cf")
    (etc / "ha.d/conf/huge.cf").touch()
    os.truncate(etc / "ha.d/conf/huge.cf", 100 << 20)
    (etc / "ha.d/conf/folder").mkdir()
    (etc / "ha.d/ha.cf").symlink_to("nowhere")
    scripts = etc / "sysconfig/network-scripts"
    write(etc, "sysconfig/network-scripts/ifcfg-lo:0", b"DEVICE=lo:0\n")
    write(etc, "sysconfig/network-scripts/ifcfg-lo:0 (copy)\n\\n*", b"DEVICE=lo:1\n")
    write(etc, "sysconfig/network-scripts/-rf")
    (scripts / "ifcfg-zero").symlink_to("/dev/zero")
    (scripts / "ifcfg-loop").symlink_to("ifcfg-loop")
    os.mkfifo(scripts / "ifcfg-pipe")
    write(etc, "sysctl.conf", f"\n{MARKER[:-1]} done\n\nx done\n".encode())
    write(etc, "sysctl.d/README", b"no setting\n")
    (etc / "sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    os.link(etc / "sysctl.conf", etc / "sysctl.d/hard.conf")
    write(etc, "rc.d/init.d/heartbeat", b"#!/bin/sh\n# chkconfig: 2345 75 05\nPASS=secret\n", 0o755)
    (etc / "init.d").symlink_to("rc.d/init.d")
    for level in range(7):
        folder = etc / f"rc.d/rc{level}.d"
        folder.mkdir()
        (etc / f"rc{level}.d").symlink_to(f"rc.d/rc{level}.d")
        (folder / "S75heartbeat").symlink_to("../init.d/heartbeat")
    return etc


@pytest.mark.parametrize("shell", SHELLS)
def test_every_path_gets_its_true_answer(run: Run, host: Path, shell: str) -> None:
    answer = script.read_files(run(FILES, shell), MARKER)
    found = {artifact.id: artifact for artifact in answer.artifacts}
    shown = {
        path: (artifact.kind, artifact.state, artifact.target or artifact.size, len(artifact.content))
        for path, artifact in found.items()
        if artifact.state != "absent"
        and not path.startswith("/usr/")
        and not re.match(r"/etc/(rc.d/)?rc[0-6].d", path)
    }
    scripts = "/etc/sysconfig/network-scripts"
    assert answer.whole
    assert shown == {
        "/etc/ha.d/authkeys": ("file", "read", 13, 13),
        "/etc/ha.d/conf": ("directory", "read", None, 0),
        "/etc/ha.d/conf/empty.cf": ("file", "read", 0, 0),
        "/etc/ha.d/conf/folder": ("directory", "skipped", found["/etc/ha.d/conf/folder"].size, 0),
        "/etc/ha.d/conf/huge.cf": ("file", "truncated", 100 << 20, 0),
        "/etc/ha.d/ldirectord.cf": ("file", "read", 2200, 2200),
        "/etc/ha.d/resource.d": ("directory", "read", found["/etc/ha.d/resource.d"].size, 0),
        "/etc/ha.d/resource.d/ldirectord": ("file", "skipped", 10, 0),
        "/etc/init.d": ("link", "read", "rc.d/init.d", 0),
        "/etc/rc.d/init.d": ("directory", "read", found["/etc/rc.d/init.d"].size, 0),
        "/etc/rc.d/init.d/heartbeat": ("file", "skipped", 46, 0),
        "/etc/sysctl.conf": ("file", "read", 44, 44),
        "/etc/sysctl.d": ("directory", "read", None, 0),
        "/etc/sysctl.d/99-sysctl.conf": ("link", "read", "../sysctl.conf", 44),
        "/etc/sysctl.d/README": ("file", "read", 11, 11),
        "/etc/sysctl.d/hard.conf": ("file", "read", 44, 44),
        scripts: ("directory", "read", None, 0),
        f"{scripts}/ifcfg-lo:0": ("file", "read", 12, 12),
        f"{scripts}/ifcfg-lo:0 (copy)\n\\n*": ("file", "read", 12, 12),
        f"{scripts}/ifcfg-loop": ("link", "unreadable", "ifcfg-loop", 0),
        f"{scripts}/ifcfg-pipe": ("file", "unreadable", found[f"{scripts}/ifcfg-pipe"].size, 0),
        f"{scripts}/ifcfg-zero": ("link", "unreadable", "/dev/zero", 0),
    }
    assert found["/etc/ha.d/ldirectord.cf"].content == (host / "ha.d/ldirectord.cf").read_bytes()
    assert found["/etc/sysctl.d/hard.conf"].content == (host / "sysctl.conf").read_bytes()
    assert (found["/etc/ha.d/ha.cf"].state, found["/etc/ha.d/ha.cf"].target) == ("absent", "nowhere")
    assert found["/etc/rc.d/rc3.d/S75heartbeat"].target == "../init.d/heartbeat"
    assert found["/etc/rc3.d"].kind == "link"
    assert "/etc/rc3.d/S75heartbeat" not in found
    assert found["/etc/keepalived/keepalived.conf"].state == "absent"
    key = found["/etc/ha.d/authkeys"]
    assert (key.mode, key.owner, key.group, key.mtime) == ("0600", "root", "root", "2008-01-10T21:20:00Z")


def test_what_a_user_may_not_see_is_unreadable_and_never_absent(run: Run, host: Path) -> None:
    (host / "keepalived").mkdir(mode=0o700)
    (host / "ha.d/conf").chmod(0o711)
    (host / "rc.d/rc3.d").chmod(0o700)
    write(host, "hosts", b"", 0o600)
    (host / "rc.local").symlink_to("hosts")
    found = files(run(FILES, user=NOBODY))
    shown = {
        path: (artifact.state, artifact.why)
        for path, artifact in found.items()
        if artifact.state == "unreadable"
    }
    key = found["/etc/ha.d/authkeys"]
    assert (key.state, key.why, key.mode, key.owner, key.content) == (
        "unreadable", "Permission denied", "0600", "root", b"",
    )  # fmt: skip
    assert shown["/etc/keepalived/keepalived.conf"] == ("unreadable", "Permission denied")
    assert shown["/etc/ha.d/conf"] == ("unreadable", "Permission denied")
    assert shown["/etc/rc.d/rc3.d"] == ("unreadable", "Permission denied")
    assert (found["/etc/rc.local"].kind, found["/etc/rc.local"].mode) == ("link", None)
    assert found["/etc/modules.conf"].state == "absent"


@pytest.mark.parametrize("missing", ["find", "tar"])
def test_without_its_tools_a_host_says_nothing(run: Run, host: Path, tmp_path: Path, missing: str) -> None:
    found = files(run(FILES, over={f"/usr/bin/{missing}": write(tmp_path, "nothing")}))
    unknown = found["/etc/ha.d/authkeys"]
    assert unknown.state in {"failed", "unreadable"}
    assert missing in (unknown.why or "")
    assert (found["/etc/modules.conf"].state == "absent") == (missing == "tar")


def test_a_banner_and_the_middle_of_a_name_do_not_disturb(run: Run, host: Path) -> None:
    banner = b"\x1b[31mWelcome\n\n" + MARKER[1:].encode() + b" list\nf 644\n"
    assert files(banner + run(FILES)) == files(run(FILES))


def agree(cut: dict[str, Artifact], whole: dict[str, Artifact]) -> None:
    """What is known of less is the same, or is known to be missing."""
    for key, artifact in cut.items():
        if artifact != whole.get(key):
            assert artifact.state in {"truncated", "failed"}, artifact


def test_an_answer_that_breaks_off_never_says_more_than_a_whole_one(run: Run, host: Path) -> None:
    for program, read in ((FILES, files), (COMMANDS_PROGRAM, commands)):
        answer = run(program)
        whole = read(answer)
        ends = [*range(0, len(answer), max(1, len(answer) // 150)), len(answer) - 1]
        for end in ends:
            agree(read(answer[:end]), whole)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_garbage_is_read_without_a_fault(seed: int) -> None:
    dice = random.Random(seed)
    answer = bytearray(
        f"\n{MARKER} dirs\nr /etc/ha.d/conf\n\n{MARKER} list\nf 644\troot\troot\t1.5\t5\t\n/etc/hosts\0"
        f"l 777\troot\troot\t1\t3\t../\n/etc/rc.local\0\n{MARKER} tar\n".encode()
        + member("/etc/hosts", b"hosts")
        + f"\n{MARKER} links\n\n{MARKER} notes\n\n{MARKER} done\n".encode()
    )
    for _ in range(dice.randrange(6)):
        answer[dice.randrange(len(answer))] = dice.randrange(256)
    found = files(bytes(answer))
    assert set(files(b"")) <= set(found)


def member(name: str, content: bytes, *, size: int | None = None, kind: bytes = b"0") -> bytes:
    header = bytearray(512)
    header[0 : len(name)] = name.encode()
    header[100:107] = b"0000644"
    header[124:135] = b"%011o" % (len(content) if size is None else size)
    header[136:147] = b"%011o" % 1200000000
    header[156:157] = kind
    header[148:156] = b"%06o\0 " % (sum(header) + 8 * 32)
    return bytes(header) + content + bytes(-len(content) % 512)


def test_a_tar_stream_can_only_bring_what_was_listed(run: Run, host: Path) -> None:
    answer = run(FILES)
    start = answer.index(b" tar\n") + 5
    forged = (
        member("/etc/shadow", b"x")
        + member("../../etc/passwd", b"x")
        + member("/etc/hosts", b"", size=1 << 32)
    )
    found = files(answer[:start] + forged + answer[start:])
    assert "/etc/shadow" not in found
    assert not any("passwd" in path for path in found)
    assert found["/etc/hosts"].state == "absent"


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_answer_under_every_shell(run: Run, host: Path, shell: str) -> None:
    answer = script.read_commands(run(COMMANDS_PROGRAM, shell), MARKER)
    found = {artifact.id: artifact for artifact in answer.artifacts}
    assert answer.whole
    assert set(found) == {probe.name for probe in COMMANDS}
    for name in ("uname", "date", "ip-addr", "ip-route", "ps", "sysctl", "init-headers"):
        assert (found[name].state, found[name].why) == ("read", None), name
    node = os.uname()
    assert found["uname"].content.decode().split() == [
        node.sysname,
        node.nodename,
        node.release,
        node.machine,
    ]
    assert (
        found["init-headers"].content
        == b"==> /etc/init.d/heartbeat <==\n#!/bin/sh\n# chkconfig: 2345 75 05\n"
    )
    assert b"/proc/sys/net/ipv4/conf/lo/arp_ignore:" in found["sysctl"].content


def test_a_command_that_hangs_is_ended_and_the_next_one_runs(run: Run, host: Path, tmp_path: Path) -> None:
    program = COMMANDS_PROGRAM.replace(b"sleep 20", b"sleep 1")
    answer = run(program, over={"/usr/bin/ps": tool(tmp_path, "echo one; sleep 7654.5; echo two")})
    found = commands(answer)
    assert (found["ps"].state, found["ps"].why, found["ps"].content) == (
        "truncated", "it did not end within 20 s", b"one\n",
    )  # fmt: skip
    assert found["sysctl"].state == "read"
    assert b"7654.5" not in subprocess.run(["ps", "-eo", "args"], capture_output=True).stdout


def test_whoever_has_work_to_do_goes_first(run: Run, host: Path, tmp_path: Path) -> None:
    found = commands(run(COMMANDS_PROGRAM, over={"/usr/bin/ps": tool(tmp_path, "nice")}))
    assert found["ps"].content == b"10\n"


def test_a_quick_command_leaves_no_guard_behind(run: Run, host: Path) -> None:
    run(COMMANDS_PROGRAM.replace(b"sleep 20", b"sleep 7655.5").replace(b"sleep 60", b"sleep 7655.5"))
    assert b"7655.5" not in subprocess.run(["ps", "-eo", "args"], capture_output=True).stdout


@pytest.mark.parametrize("text", ["yes", "yes >&2"])
def test_a_flood_costs_one_command(run: Run, host: Path, tmp_path: Path, text: str) -> None:
    program = COMMANDS_PROGRAM.replace(b"sleep 20", b"sleep 1")
    found = commands(run(program, over={"/usr/bin/ps": tool(tmp_path, text)}))
    assert found["ps"].state == "truncated"
    assert len(found["ps"].content) <= FILE_CAP
    assert found["sysctl"].content


def with_ip_vs(tmp_path: Path) -> dict[str, object]:
    """A host whose kernel has IPVS loaded: /proc/net/ip_vs is there. ipvsadm is ``tool``."""
    folder = tmp_path / "sbin"
    folder.mkdir()
    tool(
        tmp_path,
        'echo "$@" >> /etc/ran; case $2 in --daemon) exit 0;; esac; echo "you must be root" >&2; exit 2',
    ).rename(folder / "ipvsadm")
    setup = "mount -t tmpfs none /proc; mkdir /proc/net; printf 'IP Virtual Server\\n' > /proc/net/ip_vs"
    return {"over": {"/usr/sbin": folder}, "setup": setup}


def test_ipvsadm_runs_only_where_ipvs_is_loaded(run: Run, host: Path, tmp_path: Path) -> None:
    loaded = with_ip_vs(tmp_path)
    absent = commands(run(COMMANDS_PROGRAM, over=loaded["over"]))
    assert (absent["proc-ip-vs"].state, absent["ipvsadm"].state) == ("absent", "skipped")
    assert not (host / "ran").exists()
    found = commands(run(COMMANDS_PROGRAM, **loaded))
    assert (host / "ran").read_text().splitlines() == [
        "-Ln", "-Ln --stats --exact", "-Ln --stats", "-Ln --thresholds", "-Ln --timeout", "-Ln --daemon", "-Sn",
    ]  # fmt: skip
    assert (found["proc-ip-vs"].state, found["proc-ip-vs"].source) == ("read", "/proc/net/ip_vs")
    assert (found["ipvsadm"].state, found["ipvsadm"].why, found["ipvsadm"].exit_status) == (
        "unreadable", "you must be root", 2,
    )  # fmt: skip
    assert (found["ipvsadm-daemon"].state, found["ipvsadm-daemon"].content) == ("read", b"")


def test_nothing_in_the_tree_changes(run: Run, host: Path) -> None:
    def tree() -> list[tuple[object, ...]]:
        paths = sorted(host.rglob("*"))
        return [
            (str(path), *path.lstat()[:7], path.lstat().st_mtime_ns, path.lstat().st_ctime_ns)
            for path in paths
        ]

    before = tree()
    run(FILES)
    run(COMMANDS_PROGRAM)
    run(FILES, setup="mount -o remount,bind,ro /etc")
    assert tree() == before
