"""The artifacts of one host, each read once: a fact, None where it is not there, Unknown where it cannot be told."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from auditor import parse
from auditor.model.facts import File, RcLink, Sysctl
from auditor.model.place import At, Prose, Unknown
from auditor.parse.ldirectord import ldirectord_release, quiescent_by_default, read_ldirectord
from auditor.parse.ldirectord_options import RELEASES
from auditor.parse.text import read_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditor.model.facts import (
        Authkeys,
        Document,
        Firewall,
        HaCf,
        Haresources,
        HostsEntry,
        Ifcfg,
        InitHeader,
        Interface,
        IpvsCounters,
        IpvsTable,
        IpvsTimeouts,
        Keepalived,
        LdirectordCf,
        Module,
        ModuleLine,
        NetworkFile,
        Package,
        Process,
        Reading,
        Release,
        Route,
        Script,
        Setting,
        Socket,
        SyncDaemon,
        Uname,
    )
    from auditor.model.snapshot import Artifact, HostSnapshot

T = TypeVar("T")

HA_D = "/etc/ha.d"
KEEPALIVED = "/etc/keepalived/keepalived.conf"
NETWORK_SCRIPTS = "/etc/sysconfig/network-scripts"
# A line that is not understood could hide what a rule looks for, except among the commands of a script. The files
# of /etc/ha.d are told apart later: what their daemons refuse is known all the same.
_PARTLY = frozenset({"rc.local", "authkeys", "ha.cf", "haresources"})
_RELEASES = ("/etc/redhat-release", "/etc/centos-release", "/etc/debian_version", "/etc/os-release")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One host's facts, source by source.

    ``ifcfgs``: None on a host that has no network-scripts. ``sysctl_files``: assignments in the order in which
    boot applies them. ``systemd``: it boots by systemd. ``init_headers``: those of /etc/chkconfig.d already put
    over the scripts' own.
    ``policy_routing``: more than the kernel's three rules choose a table.
    """

    snapshot: HostSnapshot
    uname: Uname | Unknown
    release: Release | None | Unknown
    packages: tuple[Package, ...] | Unknown
    authkeys: Reading[Authkeys] | None | Unknown
    authkeys_file: File | None | Unknown
    ha_cf: Reading[HaCf] | None | Unknown
    ha_cf_file: File | None | Unknown
    haresources: Reading[Haresources] | None | Unknown
    haresources_file: File | None | Unknown
    ldirectord: Reading[LdirectordCf] | None | Unknown
    ldirectord_file: File | None | Unknown
    keepalived: Keepalived | None | Unknown
    ifcfgs: tuple[Ifcfg, ...] | None | Unknown
    network: NetworkFile | None | Unknown
    hosts: tuple[HostsEntry, ...] | None | Unknown
    hostname: Document | None | Unknown
    interfaces: tuple[Interface, ...] | Unknown
    routes: tuple[Route, ...] | Unknown
    policy_routing: bool | Unknown
    sysctls: Mapping[str, Sysctl] | Unknown
    sysctl_files: tuple[Sysctl, ...] | Unknown
    rc_local: Script | None | Unknown
    iptables_rules: Firewall | None | Unknown
    iptables_config: tuple[Setting, ...] | None | Unknown
    systemd: bool | Unknown
    runlevel: Setting | None | Unknown
    links: tuple[RcLink, ...] | None | Unknown
    init_headers: tuple[InitHeader, ...] | None | Unknown
    ipvs: IpvsTable | None | Unknown
    ipvs_timeouts: IpvsTimeouts | None | Unknown
    sync_daemons: tuple[SyncDaemon, ...] | None | Unknown
    counters: tuple[IpvsCounters, ...] | None | Unknown
    modules: tuple[Module, ...] | Unknown
    module_lines: tuple[ModuleLine, ...] | Unknown
    processes: tuple[Process, ...] | Unknown
    listening: tuple[Socket, ...] | Unknown
    arptables: bool | Unknown


def read_evidence(snapshot: HostSnapshot) -> Evidence:
    """Read what rules need. Facts of a host that could not be visited are all Unknown."""
    look = _Look(snapshot)
    packages = look.output("packages", "packages")
    haresources = look.file(f"{HA_D}/haresources", "haresources")
    cf_path = _ldirectord_path(look, haresources)
    processes, links = _value(look.output("ps", "ps")), _links(look)
    return Evidence(
        snapshot=snapshot,
        uname=_value(look.output("uname", "uname")),
        release=_release(look),
        packages=_value(packages),
        authkeys=look.file(f"{HA_D}/authkeys", "authkeys"),
        authkeys_file=look.lies(f"{HA_D}/authkeys"),
        ha_cf=look.file(f"{HA_D}/ha.cf", "ha.cf"),
        ha_cf_file=look.lies(f"{HA_D}/ha.cf"),
        haresources=haresources,
        haresources_file=look.lies(f"{HA_D}/haresources"),
        ldirectord=cf_path if isinstance(cf_path, Unknown) else _ldirectord(look, cf_path, packages),
        ldirectord_file=cf_path if isinstance(cf_path, Unknown) else look.lies(cf_path),
        keepalived=None if _is_example(packages, processes, links) else _keepalived(look),
        ifcfgs=_ifcfgs(look),
        network=_value_or_none(look.file("/etc/sysconfig/network", "network")),
        hosts=_value_or_none(look.file("/etc/hosts", "hosts")),
        hostname=look.document("/etc/hostname"),
        interfaces=_value(look.output("ip-addr", "ip-addr")),
        routes=_value(look.output("ip-route", "ip-route")),
        policy_routing=_policy_routing(look),
        sysctls=_sysctls(look),
        sysctl_files=_sysctl_files(look),
        rc_local=_rc_local(look),
        iptables_rules=_value_or_none(look.file("/etc/sysconfig/iptables", "iptables")),
        iptables_config=_value_or_none(look.file("/etc/sysconfig/iptables-config", "sysconfig")),
        systemd=_is_systemd(look),
        runlevel=_value_or_none(look.file("/etc/inittab", "inittab")),
        links=links,
        init_headers=_init_headers(look),
        ipvs=_ipvs(look),
        ipvs_timeouts=look.ipvs("ipvsadm-timeout"),
        sync_daemons=look.ipvs("ipvsadm-daemon"),
        counters=look.ipvs("ipvsadm-stats"),
        modules=_value(look.output("modules", "modules")),
        module_lines=_module_lines(look),
        processes=processes,
        listening=_listening(look),
        arptables=_arptables(look),
    )


def known(fact: T | None | Unknown) -> T | None:
    """The record, for those who treat what is not there and what could not be looked at alike."""
    return None if isinstance(fact, Unknown) else fact


def program_of(process: Process) -> str:
    """The name of the program, by its path or by what it calls itself: ``heartbeat: master control``."""
    return posixpath.basename(process.command.split(" ", 1)[0]).rstrip(":")


def understood(reading: Reading[T]) -> Reading[T] | Unknown:
    """The reading, if it has no line that nobody understands."""
    if not reading.unparsed:
        return reading
    line = reading.unparsed[0]
    return unknown(line.at, f"{line.at} is not understood", f"无法理解 {line.at}")


def unknown(at: At, en: str, zh: str) -> Unknown:
    return Unknown(why=Prose(en=en, zh=zh), at=at)


class _Look:
    """Looks into one host's artifacts; what is missing comes back as None or Unknown, with the reason."""

    def __init__(self, snapshot: HostSnapshot) -> None:
        self.snapshot = snapshot
        self.visited = snapshot.status in {"ok", "partial"}

    def at(self, source: str) -> At:
        return At(host=self.snapshot.name, source=source)

    def artifact(self, name: str) -> Artifact | None | Unknown:
        """The artifact when its content is whole; None: looked, not there."""
        if not self.visited:
            return unknown(
                self.at(name),
                f"{self.snapshot.name} was not read: {self.snapshot.status}",
                f"未能读取 {self.snapshot.name}: {self.snapshot.status}",
            )
        artifact = self.snapshot.artifacts.get(name)
        if artifact is None:
            return unknown(self.at(name), f"{name} was not collected", f"未采集 {name}")
        if artifact.state == "absent":
            return None
        if artifact.state != "read":
            reason = f": {artifact.why}" if artifact.why else ""
            return unknown(
                self.at(artifact.source),
                f"{artifact.source} is {artifact.state}{reason}",
                f"{artifact.source} 状态为 {artifact.state}{reason}",
            )
        return artifact

    def document(self, name: str) -> Document | None | Unknown:
        artifact = self.artifact(name)
        if artifact is None or isinstance(artifact, Unknown):
            return artifact
        return read_document(
            artifact.content,
            source=artifact.source,
            host=self.snapshot.name,
            encoding=self.snapshot.encoding,
        )

    def file(
        self, path: str, reader: str | Callable[[Document], Reading[Any]]
    ) -> Reading[Any] | None | Unknown:
        document = self.document(path)
        if document is None or isinstance(document, Unknown):
            return document
        if not isinstance(reader, str):
            return reader(document)
        reading = parse.read(reader, document)
        return reading if reader in _PARTLY else understood(reading)

    def output(self, probe: str, format_name: str) -> Reading[Any] | Unknown:
        """The reading of a command's output; Unknown when it failed or said something we do not understand."""
        artifact = self.artifact(probe)
        if isinstance(artifact, Unknown):
            return artifact
        if artifact is None or artifact.exit_status not in {0, None}:
            status = "is not there" if artifact is None else f"ended with status {artifact.exit_status}"
            ended = "不存在" if artifact is None else f"退出状态 {artifact.exit_status}"
            return unknown(self.at(probe), f"{probe} {status}", f"{probe} {ended}")
        reading = self.file(probe, format_name)
        assert reading is not None
        if isinstance(reading, Unknown):
            return reading
        if reading.value is None:
            return unknown(
                self.at(artifact.source), f"{probe} does not say what it should", f"{probe} 的输出不完整"
            )
        return reading

    def ipvs(self, probe: str) -> Any:
        """A listing of ipvsadm; None when the kernel has no IPVS, in which case nothing was run."""
        if self.artifact("proc-ip-vs") is None:
            return None
        return _value(self.output(probe, probe))

    def lies(self, path: str) -> File | None | Unknown:
        """How a file lies there, known even where its content may not be read."""
        if not self.visited or path not in self.snapshot.artifacts:
            missing = self.artifact(path)
            assert isinstance(missing, Unknown)
            return missing
        artifact = self.snapshot.artifacts[path]
        if artifact.state == "absent":
            return None
        if artifact.mode is None or artifact.owner is None or artifact.mtime is None:
            return unknown(
                self.at(path), f"mode and owner of {path} are not known", f"{path} 的权限和属主未知"
            )
        return File(
            path=path,
            mode=artifact.mode,
            owner=artifact.owner,
            group=artifact.group or "",
            mtime=artifact.mtime,
            size=artifact.size or 0,
            at=self.at(path),
        )

    def under(self, folder: str, probe: str) -> list[Artifact] | None | Unknown:
        """All artifacts of a folder that was listed whole, by path."""
        listing = self.artifact(folder)
        if listing is None or isinstance(listing, Unknown):
            return listing
        return sorted(
            (
                artifact
                for artifact in self.snapshot.artifacts.values()
                if artifact.probe == probe and artifact.path and posixpath.dirname(artifact.path) == folder
            ),
            key=lambda artifact: artifact.path or "",
        )


def _value(reading: Reading[T] | Unknown) -> T | Unknown:
    return reading if isinstance(reading, Unknown) else reading.value


def _value_or_none(reading: Reading[T] | None | Unknown) -> T | None | Unknown:
    return reading if reading is None or isinstance(reading, Unknown) else reading.value


def _release(look: _Look) -> Release | None | Unknown:
    for path in _RELEASES:
        reading = look.file(path, "release")
        if isinstance(reading, Unknown):
            return reading
        if reading is not None and reading.value is not None:
            release: Release = reading.value
            return release
    return None


def _ldirectord_path(look: _Look, haresources: Reading[Haresources] | None | Unknown) -> str | Unknown:
    """The file that heartbeat starts ldirectord with: its argument, sought as ldirectord seeks it."""
    if isinstance(haresources, Unknown):
        return haresources
    name = "ldirectord.cf"
    for group in haresources.value.groups if haresources is not None else ():
        for resource in group.resources:
            if posixpath.basename(resource.script) == "ldirectord" and resource.args:
                name = str(resource.args[0])
    if name.startswith("/"):
        return name
    paths = [f"{HA_D}/{name}", f"{HA_D}/conf/{name}"]
    there = (path for path in paths if look.visited and not isinstance(look.artifact(path), Unknown | None))
    return next(there, paths[0])


def _ldirectord(
    look: _Look, path: str, packages: Reading[tuple[Package, ...]] | Unknown
) -> Reading[LdirectordCf] | None | Unknown:
    """The file as the installed release reads it; where nobody knows which that is, what all of them agree on."""
    document = look.document(path)
    if document is None or isinstance(document, Unknown):
        return document
    package = _ldirectord_package(packages)
    if package is not None:
        default = quiescent_by_default(package.version)
        return read_ldirectord(document, ldirectord_release(package.version), quiescent=default)
    *older, newest = [read_ldirectord(document, release) for release in RELEASES]
    if all(_meaning(reading) == _meaning(newest) for reading in older):
        return newest
    return unknown(
        document.at,
        f"releases of ldirectord read {path} differently, and which one is installed is not known",
        f"不同版本的 ldirectord 对 {path} 的解读不同, 而已安装的版本未知",
    )


def _is_example(
    packages: Reading[tuple[Package, ...]] | Unknown,
    processes: tuple[Process, ...] | Unknown,
    links: tuple[RcLink, ...] | None | Unknown,
) -> bool:
    """keepalived.conf came with a package that nobody uses: it neither runs nor starts at boot.

    What systemd starts at boot is not read, so there every file may be in use.
    """
    if isinstance(packages, Unknown) or isinstance(processes, Unknown):
        return False
    if links is None or isinstance(links, Unknown):
        return False
    return (
        any(package.name == "keepalived" for package in packages.value)
        and not any(program_of(process) == "keepalived" for process in processes)
        and not any(link.kind == "S" and link.service == "keepalived" for link in links)
    )


def _keepalived(look: _Look) -> Keepalived | None | Unknown:
    """Nobody can tell what stands in which block of a file whose braces do not fit."""
    reading = look.file(KEEPALIVED, "keepalived")
    faults = () if reading is None or isinstance(reading, Unknown) else reading.diagnostics
    for fault in faults:
        if fault.severity == "error":
            return Unknown(why=fault.message, at=fault.at)
    return _value_or_none(reading)


def _meaning(reading: Reading[LdirectordCf]) -> tuple[object, ...]:
    faults = [note for note in reading.diagnostics if note.severity != "info"]
    return replace(reading.value, release=""), [(note.severity, note.code, note.at) for note in faults]


def _ldirectord_package(packages: Reading[tuple[Package, ...]] | Unknown) -> Package | None:
    """The package that ldirectord came in."""
    for name in ("ldirectord", "heartbeat-ldirectord"):
        for package in () if isinstance(packages, Unknown) else packages.value:
            if package.name == name:
                return package
    return None


def _ifcfgs(look: _Look) -> tuple[Ifcfg, ...] | None | Unknown:
    """Every ifcfg-* file, leftovers included; None where there is no such folder."""
    artifacts = look.under(NETWORK_SCRIPTS, "ifcfg")
    if artifacts is None or isinstance(artifacts, Unknown):
        return artifacts
    files: list[Ifcfg] = []
    for artifact in artifacts:
        reading = look.file(artifact.path or "", "ifcfg")
        if isinstance(reading, Unknown):
            return reading
        if reading is not None:
            files.append(reading.value)
    return tuple(files)


def _sysctls(look: _Look) -> Mapping[str, Sysctl] | Unknown:
    # grep ends with a status of its own where one of the many paths does not exist.
    reading = look.file("sysctl", "sysctl")
    if reading is None:
        return unknown(look.at("sysctl"), "sysctl values were not read", "未读取 sysctl 值")
    if isinstance(reading, Unknown):
        return reading
    return {sysctl.key: sysctl for sysctl in reading.value}


def _sysctl_files(look: _Look) -> tuple[Sysctl, ...] | Unknown:
    """sysctl.conf first, then the folder, as the init scripts do; systemd sorts all by file name."""
    systemd = _is_systemd(look)
    if isinstance(systemd, Unknown):
        return systemd
    paths: dict[str, str] = {}
    for folder in ("/usr/lib/sysctl.d", "/etc/sysctl.d"):
        artifacts = look.under(folder, "sysctl.d")
        if isinstance(artifacts, Unknown):
            return artifacts
        for artifact in artifacts or ():
            path = artifact.path or ""
            if not systemd or path.endswith(".conf"):
                paths[posixpath.basename(path)] = path
    ordered = [paths[name] for name in sorted(paths)]
    ordered.insert(len(ordered) if systemd else 0, "/etc/sysctl.conf")
    assignments: list[Sysctl] = []
    for path in ordered:
        reading = look.file(path, "sysctl.conf")
        if isinstance(reading, Unknown):
            return reading
        if reading is not None:
            assignments.extend(reading.value)
    return tuple(assignments)


def _is_systemd(look: _Look) -> bool | Unknown:
    release = look.artifact("/etc/os-release")
    return release if isinstance(release, Unknown) else release is not None


def _module_lines(look: _Look) -> tuple[ModuleLine, ...] | Unknown:
    """What modprobe is told, by the files of every kernel; each line's place says which file it is."""
    artifacts = look.under("/etc/modprobe.d", "modprobe")
    if isinstance(artifacts, Unknown):
        return artifacts
    paths = ["/etc/modules.conf", "/etc/modprobe.conf", *(one.path or "" for one in artifacts or ())]
    lines: list[ModuleLine] = []
    for path in paths:
        reading = look.file(path, "modprobe")
        if isinstance(reading, Unknown):
            return reading
        lines.extend(reading.value if reading is not None else ())
    return tuple(lines)


def _rc_local(look: _Look) -> Script | None | Unknown:
    """/etc/rc.d/rc.local; /etc/rc.local is a link to it, or the file itself."""
    for path in ("/etc/rc.d/rc.local", "/etc/rc.local"):
        artifact = look.snapshot.artifacts.get(path)
        if artifact is not None and artifact.kind == "link" and path == "/etc/rc.local":
            continue
        reading = look.file(path, "rc.local")
        if reading is not None:
            return _value(reading)
    return None


def _links(look: _Look) -> tuple[RcLink, ...] | None | Unknown:
    """The S and K links of all runlevels; None on a host that does not boot by them."""
    found: list[RcLink] = []
    for runlevel in "0123456":
        for folder in (f"/etc/rc.d/rc{runlevel}.d", f"/etc/rc{runlevel}.d"):
            artifacts = look.under(folder, "rc-links")
            if isinstance(artifacts, Unknown):
                return artifacts
            if artifacts is not None:
                found.extend(_link(look, runlevel, artifact) for artifact in artifacts if _is_link(artifact))
                break
        else:
            return None
    return tuple(found)


def _init_headers(look: _Look) -> tuple[InitHeader, ...] | None | Unknown:
    """The header of every init script; None on a host that has none."""
    if look.artifact("init-headers") is None:
        return None
    skipped = look.snapshot.artifacts.get("init-headers")
    if look.visited and skipped is not None and skipped.state == "skipped":
        return None  # there is no /etc/init.d
    headers: tuple[InitHeader, ...] | Unknown = _value(look.output("init-headers", "init-header"))
    overrides = look.under("/etc/chkconfig.d", "chkconfig.d")
    if isinstance(headers, Unknown):
        return headers
    if isinstance(overrides, Unknown):
        return overrides
    by_name = {header.service: header for header in headers}
    for artifact in overrides or ():
        path = artifact.path or ""
        document = look.document(path)
        if isinstance(document, Unknown):
            return document
        if document is not None:
            text = f"==> {path} <==\n{document.text}"
            (header,) = parse.read("init-header", replace(document, text=text)).value
            by_name[header.service] = _override(by_name.get(header.service, header), header, look.at(path))
    return tuple(by_name.values())


def _override(own: InitHeader, over: InitHeader, at: At) -> InitHeader:
    return replace(
        own,
        levels=own.levels if over.levels is None else over.levels,
        start=own.start if over.start is None else over.start,
        stop=own.stop if over.stop is None else over.stop,
        required_start=over.required_start or own.required_start,
        required_stop=over.required_stop or own.required_stop,
        at=at,
    )


_LINK_NAME = re.compile(r"(?P<kind>[SK])(?P<number>[0-9]{1,3})(?P<service>.+)")


def _is_link(artifact: Artifact) -> bool:
    return _LINK_NAME.fullmatch(posixpath.basename(artifact.path or "")) is not None


def _link(look: _Look, runlevel: str, artifact: Artifact) -> RcLink:
    name = posixpath.basename(artifact.path or "")
    match = _LINK_NAME.fullmatch(name)
    assert match is not None
    return RcLink(
        runlevel=runlevel,
        kind=match["kind"],
        number=int(match["number"]),
        service=match["service"],
        name=name,
        target=artifact.target,
        at=look.at(artifact.path or ""),
    )


def _ipvs(look: _Look) -> IpvsTable | None | Unknown:
    """What ipvsadm lists; for a collector without root what /proc/net/ip_vs shows to everybody."""
    table = look.ipvs("ipvsadm")
    if not isinstance(table, Unknown):
        return table  # type: ignore[no-any-return]
    return _value(look.output("proc-ip-vs", "proc-ip-vs"))


_RULES_OF_THE_KERNEL = re.compile(r"(0:\s+from all lookup (local|255)|32766:.* main|32767:.* default)\s*")


def _listening(look: _Look) -> tuple[Socket, ...] | Unknown:
    # grep ends with a status of its own where nothing listens, or where there is no IPv6.
    reading = look.file("listening", "proc-net-tcp")
    if reading is None:
        return unknown(look.at("listening"), "listening sockets were not read", "未读取监听套接字")
    return _value(reading)


def _policy_routing(look: _Look) -> bool | Unknown:
    document = look.document("ip-rule")
    if isinstance(document, Unknown):
        return document
    if document is None:
        return False
    lines = (line.strip() for line in document.text.splitlines())
    return any(line and not _RULES_OF_THE_KERNEL.fullmatch(line) for line in lines)


def _arptables(look: _Look) -> bool | Unknown:
    """Whether the kernel filters ARP by rules, which could silence what the sysctls let speak."""
    artifact = look.snapshot.artifacts.get("arptables")
    if artifact is None or artifact.state in {"absent", "skipped", "failed"}:
        return False
    if artifact.state != "read":
        return unknown(look.at("arptables"), "arptables could not be read", "无法读取 arptables")
    return any(
        line.startswith((b"-A", b"-j", b"-s", b"-d", b"-i", b"-o")) for line in artifact.content.splitlines()
    )
