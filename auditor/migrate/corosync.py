"""corosync.conf instead of ha.cf and authkeys."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.migrate.design import Design, is_interface, is_name
from auditor.migrate.pacemaker import CIB, ping_text, rule_text, stickiness_text
from auditor.migrate.tell import Told, changed, decide, kept, lost
from auditor.model.facts import AuthKey, AuthSelection, Directive

CONF = "etc/corosync/corosync.conf"
PORT = 5405


def write_corosync(design: Design) -> str:
    """corosync.conf, the same on every member."""
    lines = [
        "# The key is made on the first node by corosync-keygen and copied; it is in none of these files.",
        "totem {",
        "    version: 2",
        f"    cluster_name: {cluster_name(design)}",
        "    transport: knet",
        "    crypto_cipher: aes256",
        "    crypto_hash: sha256",
        f"    token: {design.token}",
        f"    consensus: {design.consensus}",
        f"    token_warning: {design.warning}",
    ]
    for link in design.links:
        lines += [
            "    interface {",
            f"        linknumber: {link.number}",
            f"        mcastport: {port(link.number)}",
            "    }",
        ]
    lines += ["}", "", "nodelist {"]
    for member in design.members:
        lines += ["    node {", f"        name: {member.node}", f"        nodeid: {member.number}"]
        lines += [f"        {ring_text(number, ring)}" for number, ring in enumerate(member.rings)]
        lines += ["    }"]
    lines += ["}", "", "quorum {", "    provider: corosync_votequorum"]
    if len(design.members) == 2:
        lines += ["    two_node: 1", "    wait_for_all: 1"]
    lines += [
        "}",
        "",
        "logging {",
        "    to_stderr: no",
        "    to_syslog: yes",
        f"    syslog_facility: {design.facility}",
        f"    to_logfile: {'no' if design.logfile is None else 'yes'}",
        *([f"    logfile: {design.logfile}"] if design.logfile is not None else []),
        "    timestamp: on",
        "}",
    ]
    return "\n".join(lines) + "\n"


def cluster_name(design: Design) -> str:
    """At most 15 characters, which the gfs2 and dlm tools can take too."""
    name = "".join(character if character.isalnum() else "-" for character in design.cluster)
    return (name.strip("-") or "lvs")[:15] if name.isascii() else "lvs"


def port(link: int) -> int:
    return PORT + link


def ring_text(number: int, ring: str) -> str:
    return f"ring{number}_addr: {ring}"


def tell_authkeys(fact: object) -> Iterator[Told]:
    match fact:
        case AuthSelection():
            yield lost(f"auth {fact.number}", "key-selection")
        case AuthKey():
            yield lost(str(fact.number), "key-selection")
            yield changed(fact.method, CONF, "crypto_hash: sha256", "crypto")
            if fact.key is not None:
                yield lost("(key)", "key")


def tell_ha_cf(design: Design, fact: object) -> Iterator[Told]:
    """Every word of a directive."""
    if not isinstance(fact, Directive):
        return
    told = list(_tell_directive(design, fact))
    if not fact.words and not told:
        yield decide(fact.name, "unknown-directive")
    yield from told
    said = {one.index for one in told}
    for index, word in enumerate(fact.words):
        if index not in said:
            yield _default(fact, word, index)


def _default(fact: Directive, word: str, index: int) -> Told:
    text = f"{fact.name} {word}"
    if fact.name in _TUNING:
        return lost(text, "tuning", index)
    return decide(text, "unknown-directive", index)


def _tell_directive(design: Design, fact: Directive) -> Iterator[Told]:
    words = fact.words
    first = f"{fact.name} {words[0]}" if words else fact.name
    match fact.name:
        case "node":
            for index, word in enumerate(words):
                if any(member.node == word.lower() for member in design.members):
                    yield kept(f"node {word}", CONF, f"name: {word.lower()}", index)
        case "mcast" | "bcast" | "ucast" | "udp" | "mcast6":
            yield from _tell_medium(design, fact)
        case "serial" | "baud":
            for index, word in enumerate(words):
                yield lost(f"{fact.name} {word}", "serial", index)
        case "udpport":
            yield changed(first, CONF, f"mcastport: {PORT}", "port", 0)
        case "deadtime":
            yield changed(first, CONF, f"token: {design.token}", "deadtime", 0, ms=design.deadtime)
        case "warntime":
            yield changed(first, CONF, f"token_warning: {design.warning}", "warntime", 0)
        case "keepalive":
            yield lost(first, "keepalive", 0)
        case "initdead" if len(design.members) == 2:
            yield changed(first, CONF, "wait_for_all: 1", "initdead", 0)
        case "initdead":
            yield lost(first, "initdead-gone", 0)
        case "deadping" if design.pings:
            yield changed(first, CIB, f'name="dampen" value="{design.dampen}s"', "deadping", 0)
        case "auto_failback" | "nice_failback":
            yield from _tell_failback(design, fact, first)
        case "ping" | "ping_group":
            for index, word in enumerate(words):
                if fact.name == "ping_group" and index == 0:
                    yield lost(f"ping_group {word}", "ping-group", index)
                elif word in design.pings and design.pacemaker:
                    key = "ping-acts" if design.ping_acts else "ping-idle"
                    yield changed(f"{fact.name} {word}", CIB, ping_text(design), key, index)
                elif not is_name(word):
                    yield decide(f"{fact.name} {word}", "value-refused", index)
        case "respawn" if design.ping_acts and words and words[-1].rpartition("/")[2] in {"ipfail", "pingd"}:
            for index, word in enumerate(words):
                if index == len(words) - 1:
                    yield changed(f"respawn {word}", CIB, rule_text(design), "ipfail", index)
                else:
                    yield lost(f"respawn {word}", "respawn-user", index)
        case "logfacility":
            text = f"syslog_facility: {design.facility}"
            if words and words[0].lower() == design.facility:
                yield kept(first, CONF, text, 0)
            else:
                yield changed(first, CONF, text, "facility", 0)
        case "logfile" if design.logfile is not None and words and words[0] == design.logfile:
            yield kept(first, CONF, f"logfile: {design.logfile}", 0)
        case "watchdog":
            yield decide(first, "watchdog", 0, path="etc/modules-load.d/lvs.conf", text="softdog")
        case "stonith" | "stonith_host":
            for index, word in enumerate(words):
                yield decide(f"{fact.name} {word}", "stonith", index)
        case "crm" | "pacemaker" if words and words[0].lower() in {"off", "no", "false", "n", "0"}:
            yield lost(first, "crm-off", 0)


def _tell_failback(design: Design, fact: Directive, first: str) -> Iterator[Told]:
    word = fact.words[0].lower() if fact.words else ""
    if not design.pacemaker or fact.name == "nice_failback":
        yield lost(first, "no-failback" if not design.pacemaker else "tuning", 0)
    elif word == "legacy":
        yield decide(first, "failback-legacy", 0, path=CIB, text=stickiness_text(design))
    else:
        key = "failback-on" if design.failback else "failback-off"
        yield changed(first, CIB, stickiness_text(design), key, 0)


def _tell_medium(design: Design, fact: Directive) -> Iterator[Told]:
    """``mcast dev group port ttl loop``, ``ucast dev peer``, ``bcast dev ...``."""
    links = {link.interface: link for link in design.links}
    for index, word in enumerate(fact.words):
        text = f"{fact.name} {word}"
        if index == 0 or fact.name in {"bcast", "udp"}:
            link = links.get(word)
            ring = next((member.rings[link.number] for member in design.members), "") if link else ""
            if link is None:
                yield decide(text, "link-address" if is_interface(word) else "link-unknown", index)
            elif ring and all(member.rings[link.number] != member.node for member in design.members):
                yield changed(text, CONF, ring_text(link.number, ring), "medium", index)
            else:
                placed = ring_text(link.number, ring) if ring else None
                yield decide(text, "link-address", index, path=CONF, text=placed)
        elif fact.name == "ucast":
            rings = [ring for member in design.members for ring in member.rings]
            if word in rings:
                number = next(m.rings.index(word) for m in design.members if word in m.rings)
                yield kept(text, CONF, ring_text(number, word), index)
            else:
                yield decide(text, "peer-unknown", index)
        elif index == 2:
            link = links.get(fact.words[0])
            if link is None:
                yield lost(text, "multicast", index)
            else:
                yield changed(text, CONF, f"mcastport: {port(link.number)}", "port", index)
        else:
            yield lost(text, "multicast", index)


_TUNING = frozenset(
    {
        *("apiauth", "autojoin", "baud", "cluster", "compression", "compression_threshold", "conn_logd_time"),
        *(
            "coredumps",
            "coreroot",
            "debug",
            "debugfile",
            "enable_config_writes",
            "env",
            "hbgenmethod",
            "hopfudge",
        ),
        *(
            "log_badpack",
            "logfile",
            "max_rexmit_delay",
            "memreserve",
            "msgfmt",
            "nice_failback",
            "normalpoll",
        ),
        *("realtime", "record_config_changes", "record_pengine_inputs", "rtprio", "traditional_compression"),
        *("use_apphbd", "use_logd", "uuidfrom", "deadping", "syslogmsgfmt"),
    }
)
"""Directives that tune heartbeat itself and have no counterpart."""
