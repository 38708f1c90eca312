"""What the lab's cluster is: the hosts of tests.hosts.runbook, with programs that really run.

Their software is Debian's and so are the versions that the package list tells; the kernel is today's. All else is
as CentOS 4 has it: paths, links of the runlevels, sysconfig, what sshd offers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.hosts import runbook
from tests.hosts.machine import INSTALLED, Machine, Text
from tests.hosts.tree import PRINT, write_tree
from tests.lab.software import version

GUEST = Path(__file__).parent / "guest"
# Names of CentOS to Debian's.
PACKAGES = {
    "heartbeat": "heartbeat",
    "heartbeat-ldirectord": "ldirectord",
    "heartbeat-pils": "libpils2",
    "heartbeat-stonith": "libstonith1",
    "ipvsadm": "ipvsadm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster to boot. ``variant``: of the hosts' description. ``boots``: nodes that boot together, and what must be
    true before the next ones do: scripts by node.
    """

    variant: str
    boots: tuple[tuple[str, Mapping[str, str]], ...]


REALS = "rs1 rs2 rs3 rs4"
OWNS = "ip addr show dev eth0 | grep -F 202.91.231.173"
# What resources and health checks have come to in the end: the last address is there, and all reals.
ACTIVE = f"{OWNS} && [ $(ipvsadm -Ln | grep -c '16[3-7]:80 ') = 10 ]"
STANDBY = "cl_status hbstatus && cl_status nodestatus ld1 | grep active"
SYNCED = "ipvsadm -Ln --daemon | grep ^"

CLUSTERS = {
    "printed, one after the other": Cluster(
        variant="printed",
        boots=((f"{REALS} ld1", {"ld1": OWNS}), ("ld2", {"ld1": ACTIVE, "ld2": STANDBY})),
    ),
    "printed, both at once": Cluster(
        variant="printed", boots=((f"{REALS} ld1 ld2", {"ld1": ACTIVE, "ld2": ACTIVE}),)
    ),
    "right": Cluster(
        variant="right",
        boots=(
            ("ld1 ld2", {}),
            (REALS, {"ld1": f"{ACTIVE} && {SYNCED}master", "ld2": f"{STANDBY} && {SYNCED}backup"}),
        ),
    ),
}


def machines(variant: str, software: Path) -> dict[str, Machine]:
    """The six hosts by name: ``printed`` as the runbook has them, ``right`` without its mistakes."""
    real = {machine.name: _real(machine, software) for machine in runbook.cluster(variant)}
    if variant == "right":
        real = {name: _right(machine) for name, machine in real.items()}
    return real


def tree(machine: Machine, *, host_key: bytes, authorized_key: str) -> bytes:
    """The root file system of a node, for ``guest/boot``."""
    programs = {
        "bin/rpm": PRINT.format(text=machine.packages),
        "sbin/mingetty": "#!/bin/sh\nexec sleep infinity\n",
    }
    return write_tree(
        machine, era="centos4", host_key=host_key, authorized_key=authorized_key, programs=programs
    )


def _real(machine: Machine, software: Path) -> Machine:
    services = ("network", "syslog", "sshd", "httpd")
    files = {
        **machine.files,
        **{f"/etc/rc.d/init.d/{name}": _service(machine, name) for name in services},
        **{f"/etc/rc.d/{name}": _program(name) for name in ("rc", "rc.sysinit")},
        "/etc/protocols": Text(content="ip 0 IP\nicmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\n"),
        "/etc/services": Text(content="http 80/tcp\nha-cluster 694/udp\n"),
        "/var/www/html/index.html": Text(content=f"{machine.name}\n"),
        "/var/www/html/checknode.lvs": Text(content="ok"),
    }
    # bash and an unread list of libraries make each start of a program three times as slow.
    links = {
        **machine.links,
        "/.usr/up/bin/sh": "dash",
        **{f"/etc/alternatives/iptables{end}": f"/usr/sbin/iptables-legacy{end}" for end in ("", "-save")},
        "/etc/alternatives/which": "/usr/bin/which.debianutils",
        "/.usr/up/lib/modules": "uml/modules",
        "/.usr/up/lib/heartbeat/ipfail": "../../libexec/heartbeat/ipfail",
        "/.usr/up/sbin/httpd": "../bin/busybox",
    }
    if "director" in machine.roles:
        files |= _heartbeat(software)
        links["/etc/ha.d/resource.d/ldirectord"] = "/usr/sbin/ldirectord"
        files.pop("/etc/ha.d/resource.d/ldirectord")
    return replace(machine, files=files, links=links, packages=_packages(machine.packages, software))


# The group's script makes a master of it; the kernel's name for the timeout is there once IPVS is.
SYNC = "/sbin/ipvsadm --start-daemon backup --mcast-interface eth0\n"
TIMEOUT = "echo 900 > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established\n"


def _right(machine: Machine) -> Machine:
    """What the right variant does beyond the runbook's text, for this kernel and without a power switch."""
    if "director" not in machine.roles:
        return machine
    machine = _edited(machine, "/etc/rc.d/rc.local", runbook.RC_LOCAL_CONNTRACK, SYNC + TIMEOUT)
    return _edited(machine, "/etc/ha.d/ha.cf", "apcsmart /dev/ttyS1", "null")


def _edited(machine: Machine, path: str, old: str, new: str) -> Machine:
    text = machine.files[path]
    edited = replace(text, content=text.content.replace(old, new))
    return replace(machine, files={**machine.files, path: edited})


def _heartbeat(software: Path) -> dict[str, Text]:
    """What Debian's packages have in /etc for heartbeat, its own start script included."""
    paths = [path for path in (software / "etc/ha.d").rglob("*/*") if not path.is_symlink()]
    paths += [software / "etc/ha.d/harc", software / "etc/ha.d/shellfuncs"]
    files = {f"/{path.relative_to(software)}": Text(content=path.read_text(), mode=0o755) for path in paths}
    script = (software / "etc/init.d/heartbeat").read_text()
    return files | {
        "/root/pools.cf": Text(content=(GUEST / "pools.cf").read_text()),
        "/etc/ha.d/resource.d/LVSSyncDaemonSwap": _program("LVSSyncDaemonSwap"),
        "/etc/rc.d/init.d/heartbeat": Text(content=script, mode=0o755, mtime=INSTALLED),
    }


def _service(machine: Machine, name: str) -> Text:
    """The start script of the runbook's host, as chkconfig reads it, with something to do."""
    script = machine.files[f"/etc/rc.d/init.d/{name}"]
    comments = (line for line in script.content.splitlines(keepends=True) if line.startswith("#"))
    return replace(script, content="".join(comments) + (GUEST / name).read_text())


def _program(name: str) -> Text:
    return Text(content=(GUEST / name).read_text(), mode=0o755, mtime=INSTALLED)


def _packages(listing: str, software: Path) -> str:
    lines = []
    for line in listing.splitlines():
        name, number, release = line.split()
        if name in PACKAGES:
            number, release = version(software, PACKAGES[name])
        lines.append(f"{name} {number} {release}\n")
    return "".join(lines)
