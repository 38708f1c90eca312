"""The one table of everything that can ever be read on a host."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

FILES = "files"
NAMES = "names"
COMMAND = "command"

MIB = 1 << 20
FILE_CAP = MIB
IP_VS = "/proc/net/ip_vs"
NFT_TOOLS = "/usr/sbin/xtables-nft-multi"
DIRECTOR = frozenset({"director"})
EVERY = frozenset({"director", "real"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing to read. Nothing in it comes from a host.

    ``kind``: ``files`` (bytes of ``paths``; a ``*`` stands in the last part of a path only), ``names`` (names,
    modes and link targets of the folders ``paths``, one level) or ``command`` (one line of sh).
    ``exists`` and ``unless``: run only where the one path is there and the other is not.
    ``root``: an ordinary user is told less or nothing. ``cap``: bytes. ``timeout``: seconds; None: it cannot
    wait for anything, and the time of the whole program bounds it.
    ``format``: key of the reader. ``source``: what evidence calls a command: the path that it reads, or a
    short form of a long line.
    ``effect``: what it leaves behind on the host, beyond access times.
    """

    name: str
    kind: str
    roles: frozenset[str]
    paths: tuple[str, ...] = ()
    command: str = ""
    exists: str | None = None
    unless: str | None = None
    root: bool = False
    cap: int = FILE_CAP
    timeout: int | None = None
    format: str | None = None
    source: str | None = None
    effect: str | None = None


def describe(*, sudoers: bool = False) -> str:
    """The table for people; with ``sudoers`` what an account that is not root needs, and for which probes."""
    return _sudoers() if sudoers else _table()


def _files(
    name: str, *paths: str, roles: frozenset[str] = EVERY, format: str | None = None, root: bool = False
) -> Probe:
    return Probe(name=name, kind=FILES, paths=paths, roles=roles, format=format, root=root)


def _names(name: str, *paths: str, roles: frozenset[str] = EVERY) -> Probe:
    return Probe(name=name, kind=NAMES, paths=paths, roles=roles)


def _ipvsadm(name: str, command: str, *, cap: int = 64 << 10, format: str | None = None) -> Probe:
    # The tool loads ip_vs and its friends where they are not loaded yet.
    return Probe(
        name=name,
        kind=COMMAND,
        command=command,
        roles=DIRECTOR,
        exists=IP_VS,
        root=True,
        cap=cap,
        format=format or name,
    )


_CONF_KEYS = ("arp_ignore", "arp_announce", "arp_filter", "rp_filter", "forwarding", "hidden")
_SYSCTL_PATHS = (
    *(f"/proc/sys/net/ipv4/conf/*/{key}" for key in _CONF_KEYS),
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/sys/net/ipv4/ip_nonlocal_bind",
    "/proc/sys/net/ipv4/vs/*",
    "/proc/sys/net/ipv4/ip_conntrack_max",
    "/proc/sys/net/ipv4/netfilter/ip_conntrack_max",
    "/proc/sys/net/ipv4/netfilter/ip_conntrack_tcp_timeout_*",
    "/proc/sys/net/netfilter/nf_conntrack_max",
    "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_*",
)
_RPM = r"rpm -qa --qf '%{NAME} %{VERSION} %{RELEASE}\n'"
# Version without epoch, then revision, as rpm writes them; a dash where a package has no revision.
_DPKG = (
    r"dpkg-query -W -f '${Status} ${Package} ${Version}\n'"
    r" | sed -e '/^install ok installed /!d' -e 's///' -e 's/ [0-9]*:/ /'"
    r" -e 's/^\([^ ]*\) \(.*\)-\([^- ]*\)$/\1 \2 \3/' -e 's/^[^ ]* [^ ]*$/& -/'"
)
# Only comments say anything to chkconfig; a start script may hold passwords below them.
_INIT_HEADERS = (
    "for script in /etc/init.d/*; do"
    ' if [ -f "$script" ] && [ -r "$script" ]; then set -- "$@" "$script"; fi; done; '
    """[ $# = 0 ] || awk 'FNR == 1 { print "==> " FILENAME " <==" } FNR <= 60 && /^#/' "$@\""""
)

PROBES: tuple[Probe, ...] = (
    _files("authkeys", "/etc/ha.d/authkeys", roles=DIRECTOR, format="authkeys", root=True),
    _files("ha.cf", "/etc/ha.d/ha.cf", roles=DIRECTOR, format="ha.cf"),
    _files("haresources", "/etc/ha.d/haresources", roles=DIRECTOR, format="haresources"),
    _files(
        "ldirectord",
        "/etc/ha.d/ldirectord.cf",
        "/etc/ldirectord.cf",
        "/etc/ha.d/conf/*",
        roles=DIRECTOR,
        format="ldirectord",
    ),
    _files("keepalived", "/etc/keepalived/keepalived.conf", roles=DIRECTOR, format="keepalived"),
    _files(
        "ipvsadm-rules",
        "/etc/sysconfig/ipvsadm",
        "/etc/ipvsadm.rules",
        roles=DIRECTOR,
        format="ipvsadm-rules",
        root=True,
    ),
    _files("ifcfg", "/etc/sysconfig/network-scripts/ifcfg-*", format="ifcfg"),
    _files("network", "/etc/sysconfig/network", format="network"),
    _files("hosts", "/etc/hosts", format="hosts"),
    _files("hostname", "/etc/hostname"),
    _files("sysctl.conf", "/etc/sysctl.conf", format="sysctl.conf"),
    _files("sysctl.d", "/etc/sysctl.d/*", "/usr/lib/sysctl.d/*", format="sysctl.conf"),
    _files("rc.local", "/etc/rc.local", "/etc/rc.d/rc.local", format="rc.local"),
    _files("chkconfig.d", "/etc/chkconfig.d/*", format="init-header"),
    _files("inittab", "/etc/inittab", format="inittab"),
    _files("modprobe", "/etc/modprobe.conf", "/etc/modules.conf", "/etc/modprobe.d/*", format="modprobe"),
    _files("iptables-config", "/etc/sysconfig/iptables-config", format="sysconfig"),
    _files("iptables-rules", "/etc/sysconfig/iptables", format="iptables", root=True),
    _files("arptables-rules", "/etc/sysconfig/arptables", format="arptables", root=True),
    _files(
        "release",
        "/etc/redhat-release",
        "/etc/centos-release",
        "/etc/debian_version",
        "/etc/os-release",
        format="release",
    ),
    _names("resource.d", "/etc/ha.d/resource.d", roles=DIRECTOR),
    _names("init.d", "/etc/rc.d/init.d", "/etc/init.d"),
    _names(
        "rc-links",
        *(f"/etc/rc.d/rc{level}.d" for level in range(7)),
        *(f"/etc/rc{level}.d" for level in range(7)),
    ),
    Probe(
        name="uname",
        kind=COMMAND,
        command="set -f; printf '%s\\n' $(uname -snrm)",
        roles=EVERY,
        cap=4 << 10,
        format="uname",
        source="uname -snrm",
    ),
    Probe(name="date", kind=COMMAND, command="date +%s", roles=EVERY, cap=1 << 10, format="date"),
    Probe(
        name="packages",
        kind=COMMAND,
        command=f"if [ -e /var/lib/dpkg/status ]; then {_DPKG}; else exec {_RPM}; fi",
        roles=EVERY,
        timeout=60,
        format="packages",
        source="package list",
        effect="rpm run by root may renew its own cache /var/lib/rpm/__db.*",
    ),
    Probe(name="ip-addr", kind=COMMAND, command="ip addr show", roles=EVERY, format="ip-addr", cap=2 * MIB),
    Probe(name="ip-route", kind=COMMAND, command="ip route show table all", roles=EVERY, format="ip-route"),
    Probe(name="ip-rule", kind=COMMAND, command="ip rule show", roles=EVERY, cap=64 << 10),
    Probe(
        name="modules",
        kind=COMMAND,
        command="cat /proc/modules",
        roles=EVERY,
        exists="/proc/modules",
        cap=256 << 10,
        format="modules",
        source="/proc/modules",
    ),
    Probe(
        name="ps",
        kind=COMMAND,
        command="ps -ewwo pid,ppid,user,lstart,args",
        roles=EVERY,
        timeout=20,
        format="ps",
    ),
    Probe(
        name="sysctl",
        kind=COMMAND,
        command="grep -sH . " + " ".join(_SYSCTL_PATHS),
        roles=EVERY,
        format="sysctl",
        source="/proc/sys",
    ),
    Probe(
        name="init-headers",
        kind=COMMAND,
        command=_INIT_HEADERS,
        roles=EVERY,
        exists="/etc/init.d",
        format="init-header",
        source="/etc/init.d",
    ),
    Probe(
        name="listening",
        kind=COMMAND,
        command="grep -sh ' 0A ' /proc/net/tcp /proc/net/tcp6",
        roles=EVERY,
        format="proc-net-tcp",
        source="/proc/net/tcp",
    ),
    Probe(
        name="proc-ip-vs",
        kind=COMMAND,
        command=f"cat {IP_VS}",
        roles=EVERY,
        exists=IP_VS,
        cap=4 * MIB,
        format="proc-ip-vs",
        source=IP_VS,
    ),
    Probe(
        name="proc-ip-vs-stats",
        kind=COMMAND,
        command="cat /proc/net/ip_vs_stats",
        roles=EVERY,
        exists="/proc/net/ip_vs_stats",
        cap=64 << 10,
        format="proc-ip-vs-stats",
        source="/proc/net/ip_vs_stats",
    ),
    _ipvsadm("ipvsadm", "ipvsadm -Ln", cap=4 * MIB),
    _ipvsadm("ipvsadm-stats", "ipvsadm -Ln --stats --exact || ipvsadm -Ln --stats", cap=4 * MIB),
    _ipvsadm("ipvsadm-thresholds", "ipvsadm -Ln --thresholds", cap=4 * MIB),
    _ipvsadm("ipvsadm-timeout", "ipvsadm -Ln --timeout"),
    _ipvsadm("ipvsadm-daemon", "ipvsadm -Ln --daemon"),
    _ipvsadm("ipvsadm-rules-live", "ipvsadm -Sn", cap=4 * MIB, format="ipvsadm-rules"),
    Probe(
        name="arptables",
        kind=COMMAND,
        command="arptables-save",
        roles=EVERY,
        format="arptables",
        exists="/proc/net/arp_tables_names",
        unless=NFT_TOOLS,
        root=True,
        timeout=20,
    ),
    Probe(
        name="iptables",
        kind=COMMAND,
        command="iptables-save",
        roles=EVERY,
        format="iptables",
        exists="/proc/net/ip_tables_names",
        unless=NFT_TOOLS,
        root=True,
        timeout=20,
    ),
    Probe(
        name="cl-status",
        kind=COMMAND,
        command="cl_status hbstatus",
        roles=DIRECTOR,
        exists="/usr/bin/cl_status",
        root=True,
        cap=4 << 10,
        timeout=10,
    ),
)
COMMANDS = tuple(probe for probe in PROBES if probe.kind == COMMAND)


def _table() -> str:
    lines = [
        "Everything that lvsaudit can ever read on a host. Nothing from a host becomes part of a command.",
        "It goes as two programs for /bin/sh through one SSH connection; no file is written on the host.",
        "What a visit leaves behind: access times, and the records of logins and of sudo.",
        "",
        f"FILES  up to {FILE_CAP} bytes each, regular files only, links followed",
    ]
    for probe in PROBES:
        if probe.kind == FILES:
            lines += _entry(probe, *probe.paths)
    lines += ["", "NAMES  names, modes and link targets of one folder, never the contents"]
    for probe in PROBES:
        if probe.kind == NAMES:
            lines += _entry(probe, *probe.paths)
    lines += ["", "COMMANDS"]
    for probe in COMMANDS:
        lines += _entry(probe, *_wrap(probe.command))
    return "\n".join(lines) + "\n"


def _entry(probe: Probe, *texts: str) -> list[str]:
    roles = "every host" if probe.roles == EVERY else ", ".join(sorted(probe.roles))
    notes = [roles]
    if probe.exists:
        notes.append(f"only where {probe.exists} exists")
    if probe.unless:
        notes.append(f"not where {probe.unless} exists")
    if probe.root:
        notes.append("root")
    if probe.kind == COMMAND:
        notes.append(f"up to {probe.cap} bytes")
    if probe.timeout is not None:
        notes.append(f"up to {probe.timeout} s")
    if probe.effect:
        notes.append(f"side effect: {probe.effect}")
    return [f"  {probe.name}  ({'; '.join(notes)})", *(f"      {text}" for text in texts)]


def _wrap(command: str) -> list[str]:
    return textwrap.wrap(command, 100, break_long_words=False, break_on_hyphens=False)


def _sudoers() -> str:
    needing = [probe for probe in PROBES if probe.root]
    lines = [
        "# lvsaudit sends two programs to one shell. sudo cannot tell them from others, so an account that",
        "# may run this line is root: keep its key as you keep root's.",
        "# Without it these stay unreadable, and what rests on them is unknown, never passed:",
        *(f"#   {probe.name}: {probe.command or ' '.join(probe.paths)}" for probe in needing),
        "lvsaudit ALL=(root) NOPASSWD: /bin/sh",
        "Defaults:lvsaudit !requiretty",
    ]
    return "\n".join(lines) + "\n"
