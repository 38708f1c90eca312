"""Hosts and clusters as the rules see them: facts of all sources of all hosts, put together by ``derive``.

Every field that could not be looked at is an ``Unknown``; a field that allows ``None`` says what None means.
"""

from __future__ import annotations

from auditor.model.facts import (
    Address,
    Authkeys,
    File,
    HaCf,
    Haresources,
    HostsEntry,
    Interface,
    IpvsService,
    IpvsTable,
    IpvsTimeouts,
    Keepalived,
    LdirectordCf,
    Package,
    Process,
    RcLink,
    Release,
    Route,
    Setting,
    SyncDaemon,
    Sysctl,
    Uname,
)
from auditor.model.place import At, Diagnostic, Prose, Unknown
from auditor.model.record import record


@record
class Problem:
    """One thing that derive found wrong, ready to be a finding.

    ``subject``: semantic location, without line numbers. ``ats``: the places it rests on.
    """

    code: str
    subject: str
    message: Prose
    ats: tuple[At, ...]
    expected: str | None = None
    found: str | None = None


@record
class Comparison:
    """How a file of several hosts compares, by meaning. ``kind`` is ``identical`` when all is well."""

    kind: str
    explanation: Prose
    ats: tuple[At, ...]


@record
class Packages:
    """The packages that matter; None: not installed."""

    heartbeat: Package | None
    ldirectord: Package | None
    ipvsadm: Package | None
    names: frozenset[str]
    at: At


@record
class Pool:
    """A virtual service of ldirectord.cf, and what its health check is worth.

    ``quiescent_set``: some line says so, here or globally. ``checked``: a dead real server is noticed.
    ``text``: how the expected answer is judged: ``tight``, ``loose``, or None where no text is looked for.
    ``check`` and ``text_reason``: the same in words.
    """

    name: str
    quiescent: bool
    quiescent_set: bool
    persistent: int | None
    checked: bool
    check: Prose
    receive: str | None
    text: str | None
    text_reason: Prose
    at: At


@record
class CheckNeed:
    """A Perl module that the check of a virtual service needs, and the ``packages`` any of which brings it."""

    pool: str
    service: str
    module: str
    packages: tuple[str, ...]
    installed: bool | Unknown
    ats: tuple[At, ...]


@record
class Spare:
    """The fallback of a virtual service: as written, None without one.

    ``listening``: something answers where its packets arrive; False without one. ``reason``: that in words.
    """

    pool: str
    fallback: str | None
    listening: bool | Unknown
    reason: Prose
    ats: tuple[At, ...]


@record
class DaemonFile:
    """A file that a running daemon read when it was started. ``current``: it has read it as it is now."""

    daemon: str
    path: str
    started: str | None
    changed: str
    current: bool | Unknown
    ats: tuple[At, ...]


@record
class Flow:
    """A real server of the live table, and the connections it got since it was put there."""

    service: str
    real: str
    weight: int
    connections: int
    ats: tuple[At, ...]


@record
class Nic:
    """An interface that ARP can arrive on, with the values in force as this kernel combines them with ``all``."""

    name: str
    arp_ignore: int | Unknown
    arp_announce: int | Unknown
    arp_filter: int | Unknown
    rp_filter: int | Unknown
    ats: tuple[At, ...]


@record
class ArpStance:
    """What one host does with ARP for one VIP that it carries without owning it.

    ``kind``: silent, answers, announces, or unreachable (arp_ignore 8 silences the host's own address too).
    ``placement``: ``lo``, ``dummy0`` or the interface that ARP arrives on; ``nic``: the interface looked at.
    """

    vip: str
    nic: str
    placement: str
    arp_ignore: int | Unknown
    arp_announce: int | Unknown
    kind: str | Unknown
    reason: Prose
    ats: tuple[At, ...]


@record
class Parameter:
    """What the kernel is told at boot: in force now, and what the files give.

    ``name``: ``eth0 arp_ignore`` as the kernel combines it, the key of another parameter, or ``module NAME``.
    ``kept``: boot gives what is in force, of an ARP guard before the first VIP comes up. ``text``: that in words.
    """

    name: str
    running: str
    boot: str | Unknown
    kept: bool | Unknown
    text: Prose
    ats: tuple[At, ...]


@record
class Placement:
    """A VIP on a loopback or dummy interface. ``origin``: running, or the file that configures it for boot.

    ``prefix``: effective length; ``full``: 32 or 128, the only right one. ``vip``: a VIP of the cluster.
    """

    address: str
    interface: str
    prefix: int
    full: int
    origin: str
    reason: Prose | None
    vip: bool
    at: At


@record
class VipBoot:
    """A VIP on a loopback or dummy interface: it runs there, and boot brings it up there."""

    vip: str
    running: bool
    configured: bool | Unknown
    ats: tuple[At, ...]


@record
class ReversePath:
    """An interface that requests for VIPs come in through.

    ``rp_filter``: in force, as this kernel combines it. ``way_back``: the interfaces of the default routes.
    ``dropped``: the kernel throws requests away whose answers would leave by another interface.
    """

    interface: str
    forwarding: str
    rp_filter: int | Unknown
    way_back: str | None
    dropped: bool | Unknown
    ats: tuple[At, ...]


@record
class Forecast:
    """A link of heartbeat, and the ``name`` that the next call of chkconfig that touches it gives to it.

    ``cause``: the service whose header decides.
    """

    link: RcLink
    name: str
    cause: str
    ats: tuple[At, ...]


@record
class Support:
    """Until which day the maker maintains a system, and whether that was over when the host was visited."""

    system: str
    ends: str
    over: bool
    at: At


@record
class Lookup:
    """What /etc/hosts of a director says of a node name of ha.cf. ``right``: it names that node's address."""

    name: str
    address: str | None
    loopback: bool
    right: bool | Unknown
    ats: tuple[At, ...]


@record
class SshFact:
    legacy: tuple[str, ...]
    server: str
    at: At


@record
class Host:
    """One host of HOSTS.

    ``roles``: what it is, given or found; ``roles_known``: no evidence is missing that could add one.
    ``moved``: a director of keepalived alone, with nothing of heartbeat, which no ha.cf names.
    ``keepalived_whole``: keepalived.conf is not there, or says all. ``vrrp_vips``: what VRRP is seen to move.
    ``read``: its snapshot is usable. ``refusals``: why the daemon would not start with the file; the
    file's absence is one.
    ``active``: holds a VIP of its cluster on an interface that answers ARP.
    ``ha_cf_warnings``, ``ldirectord_warnings``: what the daemon reads as something else than stands there.
    ``rival_links``: S links that start what heartbeat is to start.
    ``ipvs``: None when the kernel has no IPVS loaded. ``other_services``: those of it that keepalived did not make.
    """

    name: str
    address: str
    at: At
    status: str
    read: bool
    roles: frozenset[str]
    roles_known: bool
    role_reasons: tuple[Prose, ...]
    moved: bool | Unknown
    ssh: SshFact | Unknown
    uname: Uname | Unknown
    release: Release | None | Unknown
    support: Support | None | Unknown
    packages: Packages | Unknown
    authkeys: Authkeys | None | Unknown
    authkeys_file: File | None | Unknown
    authkeys_refusals: tuple[Diagnostic, ...] | Unknown
    ha_cf: HaCf | None | Unknown
    ha_cf_refusals: tuple[Diagnostic, ...] | Unknown
    ha_cf_warnings: tuple[Diagnostic | Unknown, ...] | Unknown
    heartbeat: Process | None | Unknown
    logd: Process | None | Unknown
    watchdog: Comparison | Unknown
    haresources: Haresources | None | Unknown
    haresources_refusals: tuple[Diagnostic, ...] | Unknown
    resource_problems: tuple[Problem, ...] | Unknown
    ldirectord: LdirectordCf | None | Unknown
    ldirectord_file: File | None | Unknown
    ldirectord_refusals: tuple[Diagnostic, ...] | Unknown
    ldirectord_warnings: tuple[Diagnostic | Unknown, ...] | Unknown
    keepalived: Keepalived | None | Unknown
    keepalived_whole: bool | Unknown
    keepalived_daemon: Process | None | Unknown
    vrrp_vips: frozenset[str]
    pools: tuple[Pool, ...] | Unknown
    check_needs: tuple[CheckNeed, ...] | Unknown
    spares: tuple[Spare, ...] | Unknown
    port_problems: tuple[Problem | Unknown, ...] | Unknown
    daemon_files: tuple[DaemonFile | Unknown, ...] | Unknown
    interfaces: tuple[Interface, ...] | Unknown
    addresses: tuple[Address, ...] | Unknown
    default_route: Route | None | Unknown
    default_routes: tuple[Route, ...] | Unknown
    gateways: tuple[Setting, ...] | Unknown
    hosts: tuple[HostsEntry, ...] | None | Unknown
    configured_hostname: Setting | None | Unknown
    lookups: tuple[Lookup, ...] | Unknown
    ipvs: IpvsTable | None | Unknown
    other_services: tuple[IpvsService, ...] | Unknown
    ipvs_timeouts: IpvsTimeouts | None | Unknown
    ipvs_boot: IpvsTimeouts | Unknown
    sync_daemons: tuple[SyncDaemon, ...] | None | Unknown
    ipvs_problems: tuple[Problem | Unknown, ...] | Unknown
    flows: tuple[Flow, ...] | Unknown
    backup_only: Sysctl | None | Unknown
    active: bool | Unknown
    carries_vip: bool | Unknown
    nics: tuple[Nic, ...] | Unknown
    stances: tuple[ArpStance, ...] | Unknown
    parameters: tuple[Parameter | Unknown, ...] | Unknown
    placements: tuple[Placement | Unknown, ...] | Unknown
    vip_boots: tuple[VipBoot | Unknown, ...] | Unknown
    alias_problems: tuple[Problem, ...] | Unknown
    false_guards: tuple[Problem | Unknown, ...] | Unknown
    reverse_paths: tuple[ReversePath | Unknown, ...] | Unknown
    sysv: bool | Unknown
    heartbeat_links: tuple[RcLink, ...] | Unknown
    enablement_problems: tuple[Problem, ...] | Unknown
    order_problems: tuple[Problem, ...] | Unknown
    forecasts: tuple[Forecast, ...] | Unknown
    rival_links: tuple[RcLink, ...] | Unknown
    expire_template: Sysctl | None | Unknown
    conntrack: Sysctl | None | Unknown
    conntrack_problems: tuple[Problem | Unknown, ...] | Unknown


@record
class Vip:
    """A virtual address of the cluster.

    ``served``: some virtual service uses it.
    ``owners``: directors that have it on an interface that answers ARP; ``seen``: those of which that is known.
    ``answering``: every host that would answer an ARP request for it.
    ``table``: the owner's live IPVS table has a service on it (None: not served, or no single owner).
    """

    address: str
    served: bool
    seen: tuple[str, ...]
    owners: tuple[str, ...] | Unknown
    answering: tuple[str, ...] | Unknown
    table: bool | None | Unknown
    ats: tuple[At, ...]


@record
class Duty:
    """A DR or TUN real server has to carry a VIP of its pool. ``address``: where it does; None: nowhere."""

    real: str
    vip: str
    address: Address | None | Unknown
    ats: tuple[At, ...]


@record
class DualRole:
    """A real server that is a director as well.

    ``safe``: for a passive one: VIPs on lo, silent, empty table; for the active one: the table is its own.
    """

    host: str
    real: str
    safe: bool | Unknown
    reason: Prose
    ats: tuple[At, ...]


@record
class Member:
    """A node of ha.cf, a ``real=`` or a ``real_server``.

    ``kind``: node or real. ``host``: the host of HOSTS that it is, Unknown while some could not be asked;
    ``read``: and that could be looked at.
    """

    name: str
    kind: str
    host: str | None | Unknown
    read: bool | Unknown
    at: At


@record
class Move:
    """A VIP that leaves a dead node; ``to``: who takes it, None: nobody."""

    vip: str
    to: str | None


@record
class Failure:
    """What happens when a node dies.

    ``connections``: of those that are established: ``kept``, ``broken``, ``share`` (those it served itself),
    ``none``, or ``unknown``. ``twice``: VIPs that two directors would own when it is only cut off, or comes back.
    """

    node: str
    moves: tuple[Move, ...]
    connections: str
    twice: tuple[str, ...]
    text: Prose
    ats: tuple[At, ...]


@record
class Cluster:
    """``directors`` is Unknown when none was found but a host that could be one was not read.

    ``heartbeats``: the directors but those that have moved to keepalived.

    ``coverage_problems``: VIPs that are served, but that the group of ldirectord does not bring up before it, and
    those that VRRP moves as well.

    ``active``: the host that owns all owned VIPs; None when there is none or several.
    ``sync.kind``: fits, off, or wrong.
    """

    name: str
    at: At
    hosts: tuple[Host, ...]
    directors: tuple[Host, ...] | Unknown
    heartbeats: tuple[Host, ...] | Unknown
    reals: tuple[Host, ...] | Unknown
    active: str | None | Unknown
    vips: tuple[Vip | Unknown, ...] | Unknown
    duties: tuple[Duty | Unknown, ...] | Unknown
    dual_roles: tuple[DualRole | Unknown, ...] | Unknown
    members: tuple[Member | Unknown, ...] | Unknown
    media_problems: tuple[Problem | Unknown, ...] | Unknown
    coverage_problems: tuple[Problem | Unknown, ...] | Unknown
    authkeys: Comparison | Unknown
    haresources: Comparison | Unknown
    ldirectord: Comparison | Unknown
    sync: Comparison | Unknown
    ipvs_tcp_timeout: int | Unknown
    failures: tuple[Failure, ...] | Unknown
