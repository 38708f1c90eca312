"""The root file system of one host, as a tar archive: its own /etc, small programs that answer from text, no more.

/usr of the test machine lies below, read-only; what this archive has in ``.usr/up`` hides it.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tests.hosts.eras import sshd_config
from tests.hosts.machine import INSTALLED, Machine

USERS = """\
root:x:0:0:root:/root:/bin/bash
bin:x:1:1:bin:/bin:/sbin/nologin
nobody:x:99:99:Nobody:/:/sbin/nologin
sshd:x:74:74:Privilege-separated SSH:/var/empty:/sbin/nologin
hacluster:x:498:498:heartbeat user:/var/lib/heartbeat:/sbin/nologin
audit:x:500:500::/home/audit:/bin/bash
"""
GROUPS = """\
root:x:0:
bin:x:1:
tty:x:5:
sshd:x:74:
nobody:x:99:
haclient:x:498:
audit:x:500:
"""
SUDOERS = """\
root ALL=(ALL) ALL
audit ALL=(root) NOPASSWD: /bin/sh
"""
PAM = "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\nsession optional pam_permit.so\n"

FOLDERS = {
    "dev": 0o755,
    "dev/pts": 0o755,
    "home": 0o755,
    "proc": 0o555,
    "proc/.kernel": 0o555,
    "root": 0o700,
    "root/.ssh": 0o700,
    "run": 0o755,
    "run/sshd": 0o755,
    "tmp": 0o1777,
    "usr": 0o755,
    ".old": 0o700,
    ".usr": 0o700,
    ".usr/up": 0o755,
    ".usr/work": 0o700,
    "var": 0o755,
    "var/empty": 0o711,
    "var/log": 0o755,
    "var/tmp": 0o1777,
}
LINKS = {
    **{name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")},
    ".usr/up/bin/sh": "bash",
    "dev/fd": "/proc/self/fd",
    "dev/ptmx": "pts/ptmx",
    "dev/stdin": "/proc/self/fd/0",
    "dev/stdout": "/proc/self/fd/1",
    "dev/stderr": "/proc/self/fd/2",
    "proc/self": ".kernel/self",
    "proc/thread-self": ".kernel/thread-self",
    "proc/mounts": "self/mounts",
    "var/run": "../run",
}
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}

# The kernel release is the one thing that a namespace cannot change.
UNAME = """\
#!/bin/sh
case $1 in
  -n) cat /proc/sys/kernel/hostname ;;
  -r) echo {release} ;;
  -m) echo {machine} ;;
  -snrm) echo Linux $(cat /proc/sys/kernel/hostname) {release} {machine} ;;
  -a) echo Linux $(cat /proc/sys/kernel/hostname) {release} \\#1 SMP {machine} ;;
  *) echo Linux ;;
esac
"""
PRINT = """\
#!/bin/sh
exec cat <<'END'
{text}END
"""
ANSWER = """\
#!/bin/sh
[ "$(id -u)" = 0 ] || {{ {refuse}; }}
{load}arguments=$*
case $arguments in "-L -n"*) arguments=-Ln${{arguments#-L -n}} ;; esac
case $arguments in
{cases}*) echo '{name}: unknown arguments' >&2; exit 2 ;;
esac
"""
# What the real tool does to a kernel that has no IPVS yet: a collector that calls it leaves a trace.
LOAD_IPVS = """\
if [ ! -e /proc/net/ip_vs ]; then
  echo 'IP Virtual Server version 1.2.0 (size=4096)' >/proc/net/ip_vs
  echo 'ip_vs 80193 0 - Live 0xf8c3f000' >>/proc/modules
fi
"""
REFUSE_USERS = {
    "ipvsadm": 'echo "Can\'t initialize ipvs: Permission denied (you must be root)" >&2; exit 2',
    "iptables-save": "echo 'iptables-save: Unable to initialize: you must be root' >&2; exit 1",
    "cl_status": "echo 'Heartbeat is stopped on this machine.'; exit 1",
}
IN_BIN = frozenset({"cl_status", "ps", "rpm", "uname"})


def write_tree(
    machine: Machine,
    *,
    era: str,
    host_key: bytes,
    authorized_key: str,
    programs: Mapping[str, str] | None = None,
) -> bytes:
    """An archive for GNU tar, to be unpacked by root.

    ``programs``: path below /usr to script, instead of those that answer from the machine's text.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        tree = _Tree(archive)
        for path, mode in FOLDERS.items():
            tree.folder(path, mode)
        for path, target in LINKS.items():
            tree.link(path, target)
        for name, (major, minor) in DEVICES.items():
            tree.device(f"dev/{name}", major, minor, 0o666)
        # Whatever this machine has there is not of that host.
        for path in ("lib/sysctl.d", "sbin/xtables-nft-multi"):
            tree.device(f".usr/up/{path}", 0, 0, 0o600)
        _system(tree, era=era, host_key=host_key, authorized_key=authorized_key)
        for path, script in (_pretended(machine) if programs is None else programs).items():
            tree.file(f".usr/up/{path}", script, mode=0o755)
        for path, text in machine.files.items():
            tree.file(path[1:], text.content, mode=text.mode, mtime=text.mtime)
        for path, target in machine.links.items():
            tree.link(path[1:], target)
        for path, content in machine.proc.items():
            tree.file(f"proc/{path}", content)
    return out.getvalue()


class _Tree:
    """An archive that makes the folders of its files as needed."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._folders = {""}

    def folder(self, path: str, mode: int = 0o755, owner: int = 0) -> None:
        self._folders.add(path)
        member = self._member(path, mode, owner)
        member.type = tarfile.DIRTYPE
        self._archive.addfile(member)

    def file(
        self, path: str, content: str | bytes, *, mode: int = 0o644, owner: int = 0, mtime: str = INSTALLED
    ) -> None:
        data = content.encode() if isinstance(content, str) else content
        member = self._member(path, mode, owner, mtime)
        member.size = len(data)
        self._archive.addfile(member, io.BytesIO(data))

    def link(self, path: str, target: str) -> None:
        member = self._member(path, 0o777)
        member.type, member.linkname = tarfile.SYMTYPE, target
        self._archive.addfile(member)

    def device(self, path: str, major: int, minor: int, mode: int) -> None:
        member = self._member(path, mode)
        member.type, member.devmajor, member.devminor = tarfile.CHRTYPE, major, minor
        self._archive.addfile(member)

    def _member(self, path: str, mode: int, owner: int = 0, mtime: str = INSTALLED) -> tarfile.TarInfo:
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            self.folder(folder)
        member = tarfile.TarInfo(path)
        member.mode, member.uid, member.gid = mode, owner, owner
        member.mtime = int(datetime.fromisoformat(mtime).timestamp())
        return member


def _system(tree: _Tree, *, era: str, host_key: bytes, authorized_key: str) -> None:
    """What sshd, the shell and sudo want of /etc, and the homes of the two users."""
    tree.file("etc/passwd", USERS)
    tree.file("etc/group", GROUPS)
    tree.file(
        "etc/shadow",
        "".join(f"{line.split(':')[0]}:*:13000:0:99999:7:::\n" for line in USERS.splitlines()),
        mode=0o600,
    )
    tree.file("etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
    tree.file("etc/shells", "/bin/sh\n/bin/bash\n")
    tree.file("etc/sudoers", SUDOERS, mode=0o440)
    for service in ("sudo", "other"):
        tree.file(f"etc/pam.d/{service}", PAM)
    awk = Path("/etc/alternatives/awk")
    if awk.is_symlink():
        tree.link("etc/alternatives/awk", str(awk.readlink()))
    tree.file("etc/ssh/sshd_config", sshd_config(era), mode=0o600)
    tree.file("etc/ssh/host_key", host_key, mode=0o600)
    tree.file("etc/ssh/moduli", _moduli())
    tree.file("root/.ssh/authorized_keys", authorized_key, mode=0o600)
    tree.folder("home/audit", 0o700, owner=500)
    tree.folder("home/audit/.ssh", 0o700, owner=500)
    tree.file("home/audit/.ssh/authorized_keys", authorized_key, mode=0o600, owner=500)


def _moduli() -> str:
    """Up to 4096 bits, as the servers of then had them."""
    lines = Path("/etc/ssh/moduli").read_text(encoding="ascii").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#") and int(line.split()[4]) < 4096)


def _pretended(machine: Machine) -> dict[str, str]:
    """Programs that answer from text, by path below /usr."""
    scripts = {
        "uname": UNAME.format(release=machine.release, machine=machine.machine),
        "ps": PRINT.format(text=machine.processes),
        "rpm": PRINT.format(text=machine.packages),
        # Where IPVS is not loaded nobody may ask for it; who does leaves the trace.
        "ipvsadm": _answering("ipvsadm", {}),
        **{name: _answering(name, answers) for name, answers in machine.answers.items()},
    }
    return {f"{'bin' if name in IN_BIN else 'sbin'}/{name}": script for name, script in scripts.items()}


def _answering(name: str, answers: Mapping[str, str]) -> str:
    """A program that knows a few invocations. ``-L -n`` is ``-Ln``."""
    cases = "".join(f"'{arguments}')\ncat <<'END'\n{text}END\n;;\n" for arguments, text in answers.items())
    return ANSWER.format(
        refuse=REFUSE_USERS[name], load=LOAD_IPVS if name == "ipvsadm" else "", cases=cases, name=name
    )
