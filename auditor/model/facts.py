"""Facts that one file or one output states. Every record knows its place.

The lines of a format come as ``Reading.facts``, one record a meaningful line, in order; what they mean
together is ``Reading.value``. Facts that need more than one source live in ``cluster``.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from auditor.model.place import At, Diagnostic, Unparsed
from auditor.model.record import record

T = TypeVar("T")


@record
class Document:
    """Decoded text on its way into a grammar. ``at`` names host and source."""

    at: At
    text: str
    encoding: str


@record
class Reading(Generic[T]):
    """All of one document: every meaningful line as a fact, the whole as a value."""

    format: str
    at: At
    encoding: str
    facts: tuple[object, ...]
    unparsed: tuple[Unparsed, ...]
    diagnostics: tuple[Diagnostic, ...]
    value: T


@record
class Setting:
    """``key = value`` or ``directive value`` as written.

    ``at`` spans the value, or the key when there is none. Shell quotes, where the format has them, are
    taken off. ``section``: the header above it, if any.
    """

    key: str
    value: str
    at: At
    section: str | None = None


@record
class Heading:
    """A line of an output that only names what stands below it."""

    text: str
    at: At


@record
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


@record
class AuthSelection:
    number: int
    at: At


@record
class AuthKey:
    """``key`` is the redaction marker, equal for equal keys of one run; None for crc.

    ``sample``: documentation prints this very key, so that everybody has it.
    """

    number: int
    method: str
    key: str | None
    at: At
    sample: bool = False


@record
class Authkeys:
    """``accepted``: heartbeat takes the file. Mode and owner are judged apart (``file``)."""

    selection: AuthSelection | None
    keys: tuple[AuthKey, ...]
    selected: AuthKey | None
    accepted: bool
    at: At
    file: File | None = None


# -- ha.cf ------------------------------------------------------------------


@record
class Directive:
    """One ha.cf line: name and words as heartbeat splits them. ``at`` spans the name."""

    name: str
    words: tuple[str, ...]
    word_ats: tuple[At, ...]
    at: At


@record
class Node:
    """A cluster member as ha.cf or haresources names it; ``name`` lower-cased as heartbeat compares it."""

    name: str
    written: str
    at: At


@record
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


@record
class Ping:
    """A ping node; ``name`` is the group's for ping_group, else the address."""

    name: str
    addresses: tuple[str, ...]
    at: At


@record
class Respawn:
    """``program``: last part of ``path``."""

    user: str
    path: str
    program: str
    at: At


@record
class Duration:
    """Milliseconds; ``at`` is None where the daemon's default applies."""

    ms: int
    at: At | None


@record
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


@record
class Resource:
    """``script`` and ``args`` as ResourceManager splits ``written``; a bare address means IPaddr."""

    script: str
    args: tuple[str, ...]
    written: str
    at: At


@record
class ResourceAddress:
    """The address of an IPaddr or IPaddr2 resource; what is not written is None."""

    address: str
    prefix: int | None
    interface: str | None
    label: str | None
    broadcast: str | None
    at: At


@record
class Group:
    """One logical line: preferred node, then resources left to right."""

    node: Node
    resources: tuple[Resource, ...]
    addresses: tuple[ResourceAddress, ...]
    at: At


@record
class Haresources:
    groups: tuple[Group, ...]
    addresses: tuple[ResourceAddress, ...]
    accepted: bool
    at: At
    file: File | None = None


# -- ldirectord.cf ----------------------------------------------------------


@record
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


@record
class Fallback:
    address: str
    port: int | None
    forwarding: str
    at: At


@record
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


@record
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


# -- keepalived.conf --------------------------------------------------------


@record
class KeepalivedCheck:
    """``kind``: TCP_CHECK, HTTP_GET, MISC_CHECK ... ``port``: None where the real server's own is checked."""

    kind: str
    port: int | None
    settings: tuple[Setting, ...]
    at: At


@record
class KeepalivedReal:
    """A real_server or sorry_server. ``inhibit``: weight 0 instead of removal when it fails."""

    address: str
    port: int | None
    forwarding: str | None
    weight: int
    inhibit: bool
    checks: tuple[KeepalivedCheck, ...]
    at: At


@record
class KeepalivedVirtual:
    """One virtual_server: of an address, a mark, or a group whose name is ``group``.

    ``name``, ``protocol`` and ``forwarding`` as ipvsadm's side names them (``Virtual``, ``IpvsService``).
    ``persistent``: seconds. ``fallback``: the sorry_server. ``settings``: all lines inside.
    """

    name: str
    address: str | None
    port: int | None
    mark: int | None
    group: str | None
    protocol: str
    scheduler: str | None
    forwarding: str | None
    persistent: int | None
    netmask: str | None
    virtualhost: str | None
    ops: bool
    reals: tuple[KeepalivedReal, ...]
    fallback: KeepalivedReal | None
    settings: tuple[Setting, ...]
    at: At


@record
class KeepalivedGroup:
    """A virtual_server_group; ``members`` as written: ``10.0.0.1-4 80``, ``fwmark 1``."""

    name: str
    members: tuple[str, ...]
    at: At


@record
class VrrpInstance:
    """``sync_interface``: where its sync daemon of IPVS speaks. ``addresses``: the excluded ones last."""

    name: str
    state: str | None
    interface: str | None
    router_id: int | None
    priority: int | None
    preempt: bool
    sync_interface: str | None
    addresses: tuple[ResourceAddress, ...]
    settings: tuple[Setting, ...]
    at: At


@record
class Keepalived:
    """``includes``: files that were not read. ``conditional``: lines for some hosts. ``strange``: statements outside
    of all blocks that keepalived does not know.
    """

    virtuals: tuple[KeepalivedVirtual, ...]
    groups: tuple[KeepalivedGroup, ...]
    instances: tuple[VrrpInstance, ...]
    includes: tuple[Setting, ...]
    conditional: tuple[At, ...]
    strange: tuple[Setting, ...]
    at: At


# -- IPVS -------------------------------------------------------------------


@record
class IpvsReal:
    """``forwarding``: gate, masq, ipip, local, bypass, or fullnat of patched kernels.

    ``port`` is None where a name stands for it. What the source does not tell is None: a saved table has no
    connections, and only ``--tun-info`` and commands tell of tunnels.
    """

    address: str
    port: int | None
    forwarding: str
    weight: int
    active: int | None
    inactive: int | None
    at: At
    upper: int | None = None
    lower: int | None = None
    tunnel: str | None = None


@record
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


@record
class IpvsTable:
    """``version`` and ``size`` are None where the listing has no such line."""

    version: str | None
    size: int | None
    services: tuple[IpvsService, ...]
    at: At


@record
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


@record
class IpvsLimits:
    """One row of ``--thresholds``; 0: no limit. ``name``: the service's, ``real``: ``address:port``."""

    name: str
    real: str
    upper: int
    lower: int
    active: int
    inactive: int
    at: At


@record
class IpvsPersistence:
    """One row of ``--persistent-conn``; ``persistent``: templates of clients that are held to this server."""

    name: str
    real: str
    weight: int
    persistent: int
    active: int
    inactive: int
    at: At


@record
class IpvsTimeouts:
    """Seconds; 0 in a command leaves the value as it is."""

    tcp: int
    tcpfin: int
    udp: int
    at: At


@record
class SyncDaemon:
    """``role``: master or backup."""

    role: str
    interface: str
    syncid: int
    at: At


@record
class IpvsCommand:
    """One command of ipvsadm. ``verb``: add-service, add-server, set ..., the long option that it is.

    ``protocol`` and ``name`` tell the service, as in ``IpvsService``; ``service``, ``real``, ``timeouts`` and
    ``daemon`` what it adds, changes or takes away. ``words``: as written, without the program's name.
    """

    verb: str
    words: tuple[str, ...]
    at: At
    protocol: str | None = None
    name: str | None = None
    service: IpvsService | None = None
    real: IpvsReal | None = None
    timeouts: IpvsTimeouts | None = None
    daemon: SyncDaemon | None = None


@record
class IpvsRules:
    """The table that a file of commands makes. ``accepted``: ipvsadm refuses none of them."""

    services: tuple[IpvsService, ...]
    timeouts: IpvsTimeouts | None
    daemons: tuple[SyncDaemon, ...]
    accepted: bool
    at: At


@record
class IpvsConnection:
    """One entry of the connection table. ``protocol``: tcp, udp, sctp or ip, which templates of marks have.

    ``expires``: seconds. A client port of 0 marks a persistence template. ``origin``: local or sync, None where
    the listing does not tell. Ports are None where names stand for them.
    """

    protocol: str
    state: str
    expires: int
    client: str
    client_port: int | None
    virtual: str
    virtual_port: int | None
    real: str
    real_port: int | None
    at: At
    origin: str | None = None
    pe: str | None = None
    pe_data: str | None = None


@record
class IpvsTotals:
    """Counters of the whole table since the module was loaded; ``cpu``: of one processor alone."""

    connections: int
    in_packets: int
    out_packets: int
    in_bytes: int
    out_bytes: int
    at: At
    cpu: int | None = None


@record
class IpvsRates:
    """The same a second, now. ``name`` and ``real`` as in ``IpvsCounters``; None for the whole table."""

    connections: int
    in_packets: int
    out_packets: int
    in_bytes: int
    out_bytes: int
    approximate: bool
    at: At
    name: str | None = None
    real: str | None = None


@record
class IpvsStats:
    """/proc/net/ip_vs_stats. ``cpus`` only where they are told apart."""

    totals: IpvsTotals | None
    rates: IpvsRates | None
    cpus: tuple[IpvsTotals, ...]
    at: At


# -- network ----------------------------------------------------------------


@record
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


@record
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


@record
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


@record
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


@record
class NetworkFile:
    """/etc/sysconfig/network."""

    settings: tuple[Setting, ...]
    hostname: Setting | None
    gateway: Setting | None
    at: At


@record
class HostsEntry:
    address: str
    names: tuple[str, ...]
    at: At


@record
class Socket:
    """A TCP socket. ``state``: listen, established, syn-recv ...; ``address`` 0.0.0.0 or :: is any."""

    address: str
    port: int
    peer: str
    peer_port: int
    state: str
    at: At


# -- packet filters ---------------------------------------------------------


@record
class FilterTable:
    """The line that opens a table: filter, mangle, nat, raw ..."""

    name: str
    at: At


@record
class FilterChain:
    """``policy``: None for a chain of the user's own."""

    table: str
    name: str
    policy: str | None
    at: At


@record
class FilterRule:
    """One rule of iptables, ip6tables or arptables. ``family``: 4, 6 or arp.

    What the rule does not ask for is None, or empty. ``negated``: names of the fields that stand behind ``!``.
    ``ports``: destination ports as first and last. ``mark``: the mark that must be there; ``set_mark``: the one
    that is given. ``to``: where REDIRECT, DNAT, SNAT and TPROXY send. ``others``: words that narrow the rule, or
    tell what it does, in ways that no field holds. ``words``: the whole rule.
    """

    family: str
    table: str
    chain: str
    target: str | None
    words: tuple[str, ...]
    at: At
    protocol: str | None = None
    source: str | None = None
    destination: str | None = None
    in_interface: str | None = None
    out_interface: str | None = None
    ports: tuple[tuple[int, int], ...] = ()
    source_ports: tuple[tuple[int, int], ...] = ()
    states: frozenset[str] = frozenset()
    mark: int | None = None
    set_mark: int | None = None
    to: str | None = None
    negated: frozenset[str] = frozenset()
    others: tuple[str, ...] = ()


@record
class Firewall:
    chains: tuple[FilterChain, ...]
    rules: tuple[FilterRule, ...]
    at: At


# -- kernel -----------------------------------------------------------------


@record
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


@record
class Uname:
    sysname: str
    node: str
    release: str
    machine: str
    at: At


@record
class Module:
    """One row of lsmod or /proc/modules."""

    name: str
    size: int
    used_by: tuple[str, ...]
    at: At


@record
class ModuleLine:
    """One line of modprobe.conf or modules.conf; ``verb``: alias, options, install, blacklist ..."""

    verb: str
    words: tuple[str, ...]
    at: At


# -- software and boot ------------------------------------------------------


@record
class Package:
    """``version`` without release where the query tells them apart."""

    name: str
    version: str
    release: str
    at: At


@record
class Process:
    """``started``: RFC 3339 UTC, None where ps did not say."""

    pid: int
    ppid: int | None
    user: str | None
    started: str | None
    command: str
    at: At


@record
class RcLink:
    """One entry of /etc/rc.d/rcN.d. ``number`` as written, two digits by convention only."""

    runlevel: str
    kind: str
    number: int
    service: str
    name: str
    target: str | None
    at: At


@record
class ServiceLevels:
    """One line of ``chkconfig --list``. ``levels``: the runlevels in which it is on; None for one of xinetd's."""

    service: str
    levels: str | None
    on: bool
    at: At


@record
class ListedFile:
    """One entry of a listing of files. Mode (octal, four digits), owner and size only where ``ls -l`` tells them."""

    path: str
    at: At
    kind: str | None = None
    mode: str | None = None
    owner: str | None = None
    group: str | None = None
    size: int | None = None
    target: str | None = None


@record
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


@record
class ScriptCommand:
    """A command of rc.local or a start script that the rules understand.

    ``kind``: ``address`` and ``no-address`` (ifconfig, ip addr), ``link`` (up, down, ARP on and off), ``route``,
    ``sysctl`` (sysctl -w, or echo to /proc/sys), ``sysctl-load`` (sysctl -p), ``module``, ``service`` (an init script,
    service, chkconfig, systemctl), ``ipvsadm``, ``iptables`` or ``arptables``. Fields that do not belong to the kind
    are None. ``words``: behind the program's name, variables replaced. ``text``: as written.

    ``where``: what it stands in, outermost first: ``function start``, ``case start|restart``, ``if``, ``else``,
    ``for``, ``while``, ``&&``, ``||``, ``|``, ``after exit``. Empty: it runs whenever the script does.
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
    where: tuple[str, ...] = ()
    ipvs: IpvsCommand | None = None
    rule: FilterRule | None = None


@record
class ScriptLine:
    """One line of a script. ``others``: commands on it that are not understood, beside some that are."""

    text: str
    commands: tuple[ScriptCommand, ...]
    others: tuple[str, ...]
    at: At


@record
class Script:
    commands: tuple[ScriptCommand, ...]
    at: At
    file: File | None = None


@record
class Clock:
    """What a host takes the time for. ``epoch``: seconds since 1970; None in a zone whose distance is not known."""

    epoch: int | None
    zone: str | None
    at: At


@record
class LogLine:
    """``time`` as written. ``severity``: debug, info, notice, warning, error or critical, where the line has one."""

    time: str
    host: str | None
    program: str
    pid: int | None
    severity: str | None
    text: str
    at: At


@record
class Release:
    """From /etc/redhat-release and its like. ``id``: centos, rhel, debian ...; ``version``: ``4.5``."""

    id: str
    version: str
    text: str
    at: At
