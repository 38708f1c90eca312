"""Facts that one file or one output states. Every record knows its place.

The lines of a format come as ``Reading.facts``, one record a meaningful line, in order; what they mean
together is ``Reading.value``. Facts that need more than one source live in ``cluster``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from auditor.model.place import At, Diagnostic, Unparsed

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Decoded text on its way into a grammar. ``at`` names host and source."""

    at: At
    text: str
    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[T]):
    """All of one document: every meaningful line as a fact, the whole as a value."""

    format: str
    at: At
    encoding: str
    facts: tuple[object, ...]
    unparsed: tuple[Unparsed, ...]
    diagnostics: tuple[Diagnostic, ...]
    value: T


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """``key = value`` or ``directive value`` as written.

    ``at`` spans the value, or the key when there is none. Shell quotes, where the format has them, are
    taken off. ``section``: the header above it, if any.
    """

    key: str
    value: str
    at: At
    section: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A line of an output that only names what stands below it."""

    text: str
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """How a file lies on the host. ``mode`` is octal, four digits; ``mtime`` RFC 3339 UTC."""

    path: str
    mode: str
    owner: str
    group: str
    mtime: str
    size: int
    at: At


# -- authkeys ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSelection:
    number: int
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthKey:
    """``key`` is the redaction marker, equal for equal keys of one run; None for crc."""

    number: int
    method: str
    key: str | None
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Authkeys:
    """``accepted``: heartbeat takes the file. Mode and owner are judged apart (``file``)."""

    selection: AuthSelection | None
    keys: tuple[AuthKey, ...]
    selected: AuthKey | None
    accepted: bool
    at: At
    file: File | None = None


# -- ha.cf ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """One ha.cf line: name and words as heartbeat splits them. ``at`` spans the name."""

    name: str
    words: tuple[str, ...]
    word_ats: tuple[At, ...]
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A cluster member as ha.cf or haresources names it; ``name`` lower-cased as heartbeat compares it."""

    name: str
    written: str
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A heartbeat path. ``kind``: mcast, bcast, ucast or serial. ``port`` is the effective UDP port."""

    kind: str
    interface: str
    at: At
    group: str | None = None
    port: int | None = None
    ttl: int | None = None
    loop: int | None = None
    peer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A ping node; ``name`` is the group's for ping_group, else the address."""

    name: str
    addresses: tuple[str, ...]
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Respawn:
    """``program``: last part of ``path``."""

    user: str
    path: str
    program: str
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Milliseconds; ``at`` is None where the daemon's default applies."""

    ms: int
    at: At | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HaCf:
    """``node_names``: lower-cased, as heartbeat compares. Of a simple directive the last line counts."""

    directives: tuple[Directive, ...]
    nodes: tuple[Node, ...]
    node_names: frozenset[str]
    media: tuple[Medium, ...]
    pings: tuple[Ping, ...]
    respawns: tuple[Respawn, ...]
    auto_failback: Setting | None
    watchdog: Setting | None
    logfile: Setting | None
    debugfile: Setting | None
    logfacility: Setting | None
    use_logd: Setting | None
    crm: Setting | None
    udpport: Setting | None
    stonith: tuple[Directive, ...]
    keepalive: Duration
    deadtime: Duration
    warntime: Duration
    initdead: Duration
    accepted: bool
    at: At
    file: File | None = None


# -- haresources ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """``script`` and ``args`` as ResourceManager splits ``written``; a bare address means IPaddr."""

    script: str
    args: tuple[str, ...]
    written: str
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceAddress:
    """The address of an IPaddr or IPaddr2 resource; what is not written is None."""

    address: str
    prefix: int | None
    interface: str | None
    label: str | None
    broadcast: str | None
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One logical line: preferred node, then resources left to right."""

    node: Node
    resources: tuple[Resource, ...]
    addresses: tuple[ResourceAddress, ...]
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Haresources:
    groups: tuple[Group, ...]
    addresses: tuple[ResourceAddress, ...]
    accepted: bool
    at: At
    file: File | None = None


# -- ldirectord.cf ----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RealServer:
    """One ``real=`` as the daemon uses it; ranges are already spread out. ``port`` None: not written (0)."""

    address: str
    port: int | None
    forwarding: str
    weight: int
    at: At
    request: str | None = None
    receive: str | None = None
    upper: int | None = None
    lower: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    address: str
    port: int | None
    forwarding: str
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Virtual:
    """One virtual service with the values that apply to it, defaults and globals included.

    ``name``: ``address:port``, or the mark's number. ``protocol``: tcp, udp or fwm. ``family``: 4 or 6.
    ``quiescent``: effective. ``settings``: the section's lines as written.
    """

    name: str
    address: str | None
    port: int | None
    mark: int | None
    family: int
    protocol: str
    scheduler: str
    service: str
    checktype: str
    quiescent: bool
    reals: tuple[RealServer, ...]
    fallback: Fallback | None
    settings: tuple[Setting, ...]
    at: At
    persistent: int | None = None
    netmask: str | None = None
    request: str | None = None
    receive: str | None = None
    virtualhost: str | None = None
    checkport: int | None = None
    ops: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LdirectordCf:
    """As ``release`` of ldirectord (2004, 2009, 4.12) reads it. ``quiescent``: None when no line says so."""

    release: str
    settings: tuple[Setting, ...]
    virtuals: tuple[Virtual, ...]
    quiescent: Setting | None
    autoreload: Setting | None
    fallback: Fallback | None
    accepted: bool
    at: At
    file: File | None = None


# -- IPVS -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class IpvsReal:
    """``forwarding``: gate, masq, ipip, local, bypass, or fullnat of patched kernels."""

    address: str
    port: int
    forwarding: str
    weight: int
    active: int
    inactive: int
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class IpvsService:
    """``name``: ``address:port`` or the mark's number. ``protocol``: tcp, udp, sctp or fwm.

    ``persistent``: seconds. ``persistent_jiffies``: the same where only the kernel's text was read, which
    does not tell how many of them make a second; ``persistent`` is None then.
    """

    name: str
    address: str | None
    port: int | None
    mark: int | None
    family: int
    protocol: str
    scheduler: str
    flags: tuple[str, ...]
    persistent: int | None
    netmask: str | None
    ops: bool
    pe: str | None
    reals: tuple[IpvsReal, ...]
    at: At
    persistent_jiffies: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IpvsTable:
    """``version`` and ``size`` are None where the listing has no such line."""

    version: str | None
    size: int | None
    services: tuple[IpvsService, ...]
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class IpvsCounters:
    """One row of ``--stats``. ``approximate``: a K, M, G or T suffix stood there."""

    name: str
    real: str | None
    connections: int
    in_packets: int
    out_packets: int
    in_bytes: int
    out_bytes: int
    approximate: bool
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class IpvsLimits:
    """One row of ``--thresholds``; 0: no limit. ``name``: the service's, ``real``: ``address:port``."""

    name: str
    real: str
    upper: int
    lower: int
    active: int
    inactive: int
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class IpvsTimeouts:
    """Seconds."""

    tcp: int
    tcpfin: int
    udp: int
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDaemon:
    """``role``: master or backup."""

    role: str
    interface: str
    syncid: int
    at: At


# -- network ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address of ``ip addr``. ``scope``: global, host, link ...; ``label`` as ``lo:0``."""

    address: str
    prefix: int
    family: int
    interface: str
    scope: str
    label: str | None
    broadcast: str | None
    secondary: bool
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """``arp``: false when the NOARP flag is set; ``kind``: ether, loopback, ipip ...

    ``mac``: None without one. ``master``: the bond or bridge it belongs to.
    """

    name: str
    flags: frozenset[str]
    arp: bool
    up: bool
    kind: str | None
    mac: str | None
    master: str | None
    mtu: int | None
    addresses: tuple[Address, ...]
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """``destination``: ``default`` or a network. ``kind``: unicast, local, broadcast ..."""

    destination: str
    gateway: str | None
    interface: str | None
    kind: str
    table: str | None
    source: str | None
    metric: int | None
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Ifcfg:
    """One ``ifcfg-*`` file. ``device`` from the DEVICE line, else from the file's name (``lo:0``)."""

    path: str
    device: str
    settings: tuple[Setting, ...]
    address: Setting | None
    netmask: Setting | None
    prefix: Setting | None
    onboot: Setting | None
    onparent: Setting | None
    arp: Setting | None
    gateway: Setting | None
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFile:
    """/etc/sysconfig/network."""

    settings: tuple[Setting, ...]
    hostname: Setting | None
    gateway: Setting | None
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsEntry:
    address: str
    names: tuple[str, ...]
    at: At


# -- kernel -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sysctl:
    """One value; ``key`` has dots, or slashes where a part has a dot (``net/ipv4/conf/eth0.10/rp_filter``).

    ``number``: the leading integer, which is what the kernel takes; None when there is none.
    ``ignore_error``: written with a leading ``-``.
    """

    key: str
    value: str
    number: int | None
    at: At
    ignore_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Uname:
    sysname: str
    node: str
    release: str
    machine: str
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One row of lsmod or /proc/modules."""

    name: str
    size: int
    used_by: tuple[str, ...]
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleLine:
    """One line of modprobe.conf or modules.conf; ``verb``: alias, options, install, blacklist ..."""

    verb: str
    words: tuple[str, ...]
    at: At


# -- software and boot ------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """``version`` without release where the query tells them apart."""

    name: str
    version: str
    release: str
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """``started``: RFC 3339 UTC, None where ps did not say."""

    pid: int
    ppid: int | None
    user: str | None
    started: str | None
    command: str
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class RcLink:
    """One entry of /etc/rc.d/rcN.d. ``number`` as written, two digits by convention only."""

    runlevel: str
    kind: str
    number: int
    service: str
    name: str
    target: str | None
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class InitHeader:
    """What the comments of an init script tell chkconfig.

    ``levels`` is ``""`` for a dash. Start and stop are None where there is no chkconfig line.
    """

    service: str
    levels: str | None
    start: int | None
    stop: int | None
    provides: tuple[str, ...]
    required_start: tuple[str, ...]
    required_stop: tuple[str, ...]
    default_start: str | None
    description: str | None
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptCommand:
    """A command of rc.local or a start script that the rules understand.

    ``kind``: ``address`` (ifconfig or ip addr add), ``sysctl`` (sysctl -w or echo > /proc/sys),
    ``route``, ``ipvsadm`` or ``module``. Fields that do not belong to the kind are None.
    """

    kind: str
    text: str
    at: At
    interface: str | None = None
    address: str | None = None
    prefix: int | None = None
    key: str | None = None
    value: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    commands: tuple[ScriptCommand, ...]
    at: At
    file: File | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """From /etc/redhat-release and its like. ``id``: centos, rhel, debian ...; ``version``: ``4.5``."""

    id: str
    version: str
    text: str
    at: At
