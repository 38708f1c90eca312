"""The ledger: every value of every file that was read, and what became of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from auditor.derive.addresses import to_ip
from auditor.derive.drift import virtual_key
from auditor.derive.evidence import known
from auditor.derive.keepalived import gap_of, services_of
from auditor.migrate import boot, corosync, firewall, health, kernel, ldirectord, network, pacemaker
from auditor.migrate.design import Design, NewHost, set_command
from auditor.migrate.sources import Source, read_sources
from auditor.migrate.tell import Told, changed, decide, lost
from auditor.migrate.words import why
from auditor.model.facts import Directive, Group, Ifcfg, LdirectordCf, Reading, Setting
from auditor.model.migration import NewFile, Row
from auditor.model.place import At, Unknown
from auditor.model.snapshot import Artifact

_CF = "etc/ha.d/ldirectord.cf"


def write_ledger(design: Design, files: Iterable[NewFile]) -> tuple[Row, ...]:
    """Rows in the order of hosts, files and lines; what runs and no file says, and what nobody said, last."""
    texts = {file.path: file.text for file in files}
    rows: list[Row] = []
    for host in design.hosts:
        for source in read_sources(host.evidence.snapshot, _release(host)):
            rows += _source_rows(design, host, source, texts)
        rows += (_row(host, told, told.at) for told in boot.tell_services(design, host))
        rows += (_row(host, told, told.at) for told in _tell_running(design, host))
        rows += (_row(host, told, told.at) for told in _tell_keepalived(design, host))
        rows += _invented(design, host, texts)
    rows += _invented_cluster(design)
    return tuple(rows)


def _release(host: NewHost) -> str:
    reading = known(host.evidence.ldirectord)
    return reading.value.release if reading is not None else ldirectord.NEWEST


def _source_rows(design: Design, host: NewHost, source: Source, texts: Mapping[str, str]) -> Iterator[Row]:
    at = At(host=host.name, source=source.artifact.source)
    if source.reading is None:
        yield _row(host, _tell_unread(source.artifact), at)
        return
    for fact in source.reading.facts:
        place = getattr(fact, "at", at)
        told = list(_tell(design, host, source, fact, texts))
        for one in told or [decide(source.written(fact), "nobody-knows")]:
            yield _row(host, one, one.at or _word_at(fact, one.index) or place)
    for line in source.reading.unparsed:
        if source.artifact.probe == "rc.local" and boot.is_stock(line.text):
            yield _row(host, lost(line.text.strip(), "script-stock"), line.at)
        else:
            yield _row(host, decide(line.text.strip(), "line-unknown"), line.at)


def _word_at(fact: object, index: int | None) -> At | None:
    if isinstance(fact, Directive) and index is not None and index < len(fact.word_ats):
        return fact.word_ats[index]
    return None


def _row(host: NewHost, told: Told, at: At | None) -> Row:
    path = told.path
    if path is not None and not path.startswith("cluster/"):
        path = f"{host.name}/{path}"
    return Row(
        fate=told.fate, host=host.name, value=told.value, why=told.why, at=at, path=path, text=told.text
    )


_EXPECTED = {
    "iptables-config": "iptables-config",
    "hostname": "hostname-file",
}


def _tell_unread(artifact: Artifact) -> Told:
    if artifact.state != "read":
        return decide("(the whole file)", "file-unread", state=artifact.state)
    return decide("(the whole file)", _EXPECTED.get(artifact.probe, "file-no-reader"))


def _tell(
    design: Design, host: NewHost, source: Source, fact: Any, texts: Mapping[str, str]
) -> Iterator[Told]:
    """What the converter of this format says of one fact."""
    reading = source.reading
    assert reading is not None
    match reading.format:
        case "authkeys" if design.pacemaker and host.director:
            yield from corosync.tell_authkeys(fact)
        case "ha.cf" if design.pacemaker and host.director:
            yield from corosync.tell_ha_cf(design, fact)
        case "authkeys" | "ha.cf" if host.director:
            yield from _words_lost(source, fact, "no-failover")
        case "haresources" if design.serves(host):
            yield from pacemaker.tell_haresources(design, fact)
        case "haresources":
            yield from _words_lost(source, fact, "no-failover")
        case "ldirectord":
            yield from _tell_ldirectord(design, host, reading, fact, texts)
        case "ifcfg" if isinstance(reading.value, Ifcfg):
            yield from network.tell_ifcfg(design, host, reading.value, fact)
        case "network":
            yield from network.tell_network(design, host, fact)
        case "hosts":
            yield from network.tell_hosts(design, host, fact)
        case "sysctl.conf":
            yield from kernel.tell_sysctl(host, fact)
        case "modprobe":
            yield from kernel.tell_modprobe(design, host, fact)
        case "rc.local":
            yield from boot.tell_rc_local(design, host, fact)
        case "inittab":
            yield from boot.tell_inittab(fact)
        case "iptables" | "arptables":
            yield firewall.tell_line(design, host, source.line(fact.at))
        case "keepalived" | "ipvsadm-rules":
            yield decide(source.written(fact), f"{reading.format}-line")
        case "release":
            yield lost(source.written(fact), "release")
        case "init-header":
            yield lost(source.written(fact), "init-header")


def _words_lost(source: Source, fact: Any, key: str) -> Iterator[Told]:
    """Each value of a fact on its own."""
    if isinstance(fact, Directive) and fact.words:
        for index, word in enumerate(fact.words):
            yield lost(f"{fact.name} {word}", key, index)
    elif isinstance(fact, Group):
        yield lost(fact.node.written, key, at=fact.node.at)
        for resource in fact.resources:
            for value in (resource.script, *(part for arg in resource.args for part in arg.split("/"))):
                yield lost(value, key, at=resource.at)
    else:
        yield lost(source.written(fact), key)


def _tell_ldirectord(
    design: Design, host: NewHost, reading: Reading[LdirectordCf], fact: Any, texts: Mapping[str, str]
) -> Iterator[Told]:
    """A line of the file that is followed has its fate; the same line in another copy shares it."""
    if not isinstance(fact, Setting):
        return
    value = f"{fact.key}={fact.value}"
    own = known(host.evidence.ldirectord)
    if design.cf is None or own is None or own.at.source != reading.at.source:
        yield decide(value, "other-ldirectord")
        return
    if not design.serves(host):
        yield lost(value, "no-failover")
        return
    mine = design.cf if host == design.leader else ldirectord.translate(host.evidence)
    fate = mine.fates.get(fact.at) if mine is not None else None
    if mine is None or fate is None:
        return
    leader = design.leader.name if design.leader is not None else "-"
    for told in _tell_fate(design, mine, fact, fate):
        there = told.path is None or (told.text or "") in texts.get(f"{host.name}/{told.path}", "")
        yield told if there else decide(value, "differs-from-leader", leader=leader)


def _tell_fate(design: Design, cf: ldirectord.NewCf, fact: Setting, fate: ldirectord.Fate) -> Iterator[Told]:
    value = f"{fact.key}={fact.value}"
    if not fate.texts:
        yield Told(fate=fate.fate, value=value, why=fate.why)
    elif not design.debian:
        yield from health.tell_setting(cf, fact, fate)
    for text in fate.texts if design.debian else ():
        yield Told(fate=fate.fate, value=value, why=fate.why, path=_CF, text=text)


def _tell_running(design: Design, host: NewHost) -> Iterator[Told]:
    """What runs and no file says."""
    evidence = host.evidence
    timeouts = known(evidence.ipvs_timeouts) if design.serves(host) else None
    if timeouts is not None:
        value = f"ipvsadm --set {timeouts.tcp} {timeouts.tcpfin} {timeouts.udp}"
        mine = (timeouts.tcp, timeouts.tcpfin, timeouts.udp)
        if mine == design.timeouts:
            text = "--set {} {} {}".format(*mine)
            yield changed(value, boot.TIMEOUTS, text, "timeouts-running", at=timeouts.at)
        elif mine == (900, 120, 300) and set_command(host) is None and design.timeouts is None:
            yield lost(value, "timeouts-default", at=timeouts.at)
        else:
            yield decide(value, "timeouts-differ", at=timeouts.at)
    for daemon in known(evidence.sync_daemons) or () if design.serves(host) else ():
        value = f"{daemon.role} sync daemon (mcast={daemon.interface}, syncid={daemon.syncid})"
        sync = design.sync
        if sync is not None and (daemon.interface, daemon.syncid) == (sync.interface, sync.syncid):
            path = f"{boot.UNITS}/{design.sync_unit}.service"
            text = f"--mcast-interface {daemon.interface} --syncid {daemon.syncid}"
            yield changed(value, path, text, "sync-running", at=daemon.at)
        else:
            yield decide(value, "sync-differs", at=daemon.at)
    for key, (value, by) in kernel.new_sysctls(host).items():
        if by is None:
            sysctls = known(evidence.sysctls) or {}
            yield changed(
                f"{key} = {value}", kernel.SYSCTL, f"{key} = {value}", "guard-running", at=sysctls[key].at
            )
    for name in kernel.missing_guards(host):
        value = f"net.ipv4.conf.all.{name}"
        yield decide(value, "guard-missing", at=At(host=host.name, source="/etc/sysctl.conf"))
    for nic in host.nics:
        for address in nic.addresses if nic.found else ():
            text = network.address_text(design, nic, address)
            found = next(
                (
                    one
                    for interface in known(evidence.interfaces) or ()
                    for one in interface.addresses
                    if str(to_ip(one.address)) == address.address
                ),
                None,
            )
            yield changed(
                f"{address.address}/{address.prefix} on {nic.name}",
                network.nic_path(design, nic),
                text,
                "address-running",
                at=found.at if found else None,
            )
    if host == design.leader:
        yield from _tell_unowned(design)
    if isinstance(evidence.interfaces, Unknown) and host.director:
        yield decide("(addresses)", "addresses-unknown", at=evidence.interfaces.at)
    yield from firewall.tell_iptables(design, host)


def _tell_unowned(design: Design) -> Iterator[Told]:
    """Services on an address that no resource of any group brings up."""
    owned = {part.address for part in design.parts if part.kind == "vip"}
    for virtual in design.cf.virtuals if design.cf is not None else ():
        address = to_ip(virtual.address)
        if address is not None and str(address) not in owned:
            yield decide(f"virtual={virtual.name}", "vip-unowned", at=virtual.at)


def _tell_keepalived(design: Design, host: NewHost) -> Iterator[Told]:
    """Services of keepalived.conf beside its lines: whether the new cluster has them too."""
    file = host.evidence.keepalived
    if file is None or isinstance(file, Unknown):
        return
    served = {virtual_key(virtual) for virtual in design.cf.virtuals} if design.cf is not None else set()
    for service in services_of(file):
        if isinstance(service, Unknown):
            continue
        at = service.virtual.at
        name = f"fwmark {service.mark}" if service.address is None else f"{service.address} {service.port}"
        key = "keepalived-served" if service.key in served else "keepalived-unserved"
        yield decide(f"virtual_server {name} {service.virtual.protocol}", key, at=at)
    gap = gap_of(file)
    if gap is not None:
        yield decide("(more services)", "keepalived-more", at=gap.at)


# -- what nobody said -------------------------------------------------------


def _invented(design: Design, host: NewHost, texts: Mapping[str, str]) -> Iterator[Row]:
    def row(path: str, text: str, key: str, **values: object) -> Row:
        return Row(
            fate="invented",
            host=host.name,
            value="",
            why=why(key, **values),
            path=f"{host.name}/{path}",
            text=text,
        )

    modules = kernel.new_modules(design, host)
    said = {module for module, key in modules.items() if key in {"module-script", "module-watchdog"}}
    for module, key in modules.items():
        if module not in said:
            yield row(kernel.MODULES, module, key)
    for nic in host.nics if design.debian and design.serves(host) else ():
        yield row(network.nic_path(design, nic), network.KEEP, "keep-addresses")
    for text in network.hosts_added(design, host):
        yield row(network.HOSTS, text, "hosts-added")
    if design.serves(host):
        forwarding = "net.ipv4.ip_forward = 1"
        if kernel.needs_forwarding(design) and "net.ipv4.ip_forward" not in kernel.new_sysctls(host):
            yield row(kernel.SYSCTL, forwarding, "forwarding")
        if design.debian and design.cf is not None:
            for text, reason in design.cf.added:
                yield Row(
                    fate="invented",
                    host=host.name,
                    value="",
                    why=reason,
                    path=f"{host.name}/{_CF}",
                    text=text,
                )
        if not design.debian:
            yield from (row(path, text, key) for path, text, key in health.added(design))
        if design.sync is not None and design.sync.interface is None:
            path = f"{boot.UNITS}/{design.sync_unit}.service"
            text = f"--mcast-interface {boot.sync_interface(design)}"
            yield row(path, text, "sync-interface")
    for line in boot.preset_lines(design, host):
        if not any(word in line for word in ("pacemaker", "ldirectord", "ipvsadm")):
            yield row(boot.PRESET, line, "preset")
    for path in sorted(texts):
        if path.startswith(f"{host.name}/") and posixpath.basename(path) in firewall.NAMES:
            yield from (
                row(firewall.path(design), text, "firewall-opening") for text in firewall.openings(design)
            )


def _invented_cluster(design: Design) -> Iterator[Row]:
    if not design.pacemaker:
        return

    def row(path: str, text: str, key: str) -> Row:
        host = design.leader.name if design.leader else ""
        full = path if path.startswith("cluster/") else f"{host}/{path}"
        return Row(fate="invented", host=host, value="", why=why(key), path=full, text=text)

    yield row(pacemaker.CIB, 'name="stonith-enabled" value="false"', "fencing")
    if design.leader is not None:
        yield row(corosync.CONF, "crypto_cipher: aes256", "crypto")
        yield row(corosync.CONF, f"cluster_name: {corosync.cluster_name(design)}", "cluster-name")
        if len(design.members) == 2:
            yield row(corosync.CONF, "two_node: 1", "two-node")
        ha_cf = known(design.leader.evidence.ha_cf)
        if ha_cf is None or ha_cf.value.deadtime.at is None:
            yield row(corosync.CONF, f"token: {design.token}", "deadtime-default")
        if ha_cf is None or ha_cf.value.auto_failback is None:
            yield row(pacemaker.CIB, pacemaker.stickiness_text(design), "failback-legacy")
    for part in design.parts:
        if part.kind == "balancer" and part.resource is None and design.debian:
            yield row(pacemaker.CIB, 'type="ldirectord"', "balancer-added")
        if part.kind == "vip" and not part.is_six:
            yield row(
                pacemaker.CIB, f'id="{part.id}-lvs_support" name="lvs_support" value="true"', "lvs-support"
            )
    if design.preferred is None:
        yield row(pacemaker.CIB, pacemaker.stickiness_text(design), "no-preferred")
