"""Health checks for a target without ldirectord: a unit and a timer for each pool, around curl and ipvsadm."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.derive.addresses import to_ip
from auditor.migrate.design import Design
from auditor.migrate.ldirectord import SECRET, Fate, NewCf, is_plain
from auditor.migrate.tell import Told, changed, decide, lost
from auditor.migrate.templates import fill, verbatim
from auditor.model.facts import RealServer, Setting, Virtual
from auditor.parse.ldirectord_options import OPTIONS

PROGRAM = "usr/local/libexec/lvs-health"
UNITS = "etc/systemd/system"
POOLS = "etc/lvs/pools"

_DEFAULTS = {
    "checkcommand": "/bin/true",
    "checkcount": "1",
    "checkinterval": "10",
    "checktimeout": "5",
    "cleanstop": "yes",
    "failurecount": "1",
    "fallbackcommand": "",
    "httpmethod": "GET",
    "maintenancedir": "",
    "negotiatetimeout": "30",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """``name``: as an instance of the units; ``id``: as a resource of the CIB.

    ``lines``: its description for the program, in bash. ``patience``: seconds that its start or a round may take,
    which ask all real servers at once. ``weaker``: it is checked less than ldirectord did.
    """

    id: str
    name: str
    virtual: Virtual
    lines: tuple[str, ...]
    interval: int
    patience: int
    weaker: bool

    @property
    def conf(self) -> str:
        return f"{POOLS}/{self.name}.conf"

    @property
    def timer(self) -> str:
        return f"{UNITS}/lvs-health@{self.name}.timer"


def pools(design: Design) -> tuple[Pool, ...]:
    """One for each service of ldirectord.cf, in its order."""
    return _pools(design.cf) if design.cf is not None else ()


def _pools(cf: NewCf) -> tuple[Pool, ...]:
    return tuple(_pool(cf, virtual) for virtual in cf.virtuals)


def unit(pool: Pool) -> str:
    return f"lvs-pool@{pool.name}"


def write_health(design: Design) -> Iterator[tuple[str, str, str]]:
    """Path, text and mode of each file of a director."""
    found = pools(design)
    if not found:
        return
    yield PROGRAM, verbatim("lvs-health.sh"), "0644"
    patience = max(pool.patience for pool in found)
    for name in ("lvs-pool@.service", "lvs-health@.service"):
        yield f"{UNITS}/{name}", fill(f"{name}.j2", patience=patience), "0644"
    for pool in found:
        yield pool.conf, "\n".join(pool.lines) + "\n", "0600"
        yield pool.timer, fill("lvs-health@.timer.j2", pool=pool, interval=pool.interval), "0644"


def _pool(cf: NewCf, virtual: Virtual) -> Pool:
    name = _name(virtual)
    check, weaker = _check(cf, virtual)
    return Pool(
        id=f"pool-{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')}",
        name=name,
        virtual=virtual,
        lines=(
            *_service(virtual),
            f"scheduler={virtual.scheduler}",
            f"options=({_options(cf, virtual)})",
            f"quiescent={'yes' if virtual.quiescent else 'no'}",
            *check,
            *(
                f"{key}={_value(cf, virtual, key)}"
                for key in ("checkcount", "checktimeout", "cleanstop", "failurecount", "negotiatetimeout")
            ),
            *_fallback(virtual),
            *_commands(cf, virtual),
            *(text for real in virtual.reals if (text := real_text(real)) is not None),
        ),
        interval=int(_value(cf, virtual, "checkinterval")),
        patience=_patience(cf, virtual),
        weaker=weaker,
    )


def _patience(cf: NewCf, virtual: Virtual) -> int:
    """What the slowest check may take, and half a minute for all else."""
    check = int(_value(cf, virtual, "checktimeout"))
    match how(virtual)[0]:
        case "ping":
            check *= int(_value(cf, virtual, "checkcount"))
        case "negotiate" | "combined":
            check = max(check, int(_value(cf, virtual, "negotiatetimeout")))
    return check + 30


def _name(virtual: Virtual) -> str:
    if virtual.mark is not None:
        return f"fwm{'6' if virtual.family == 6 else ''}_{virtual.mark}"
    return re.sub(r"[^A-Za-z0-9._]", "_", f"{virtual.protocol}_{virtual.address}_{virtual.port}")


def _value(cf: NewCf, virtual: Virtual, key: str) -> str:
    """What the service says, else the whole file, else ldirectord's default."""
    for setting in reversed(virtual.settings):
        if setting.key == key:
            checked = OPTIONS[key].check(setting.value)
            if not checked.refused:
                return checked.value
    value = cf.settings.get(key, _DEFAULTS[key])
    return str(int(value)) if value.isdecimal() else value


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _service(virtual: Virtual) -> Iterator[str]:
    if virtual.mark is not None:
        yield f"service=(-f {virtual.mark}{' -6' if virtual.family == 6 else ''})"
        yield f"mark=yes service_address={virtual.mark} service_port=0"
        return
    yield service_text(virtual)
    yield f"service_address={_quoted(str(virtual.address))} service_port={virtual.port}"


def service_text(virtual: Virtual) -> str:
    if virtual.mark is not None:
        return f"service=(-f {virtual.mark}"
    flag = "-u" if virtual.protocol == "udp" else "-t"
    return f"service=({flag} {_quoted(f'{_bracketed(str(virtual.address))}:{virtual.port}')})"


def _options(cf: NewCf, virtual: Virtual) -> str:
    words = ["-p", str(virtual.persistent)] if virtual.persistent else []
    words += ["-M", virtual.netmask] if virtual.persistent and virtual.netmask else []
    words += ["-o"] if virtual.ops else []
    flags = [setting.value for setting in virtual.settings if setting.key == "schedflags"]
    words += ["-b", flags[-1].split()[0]] if flags and re.fullmatch(r"[a-z0-9,-]+\s*", flags[-1]) else []
    return shlex.join(words)


def _quoted(text: str) -> str:
    return shlex.quote(text)


def how(virtual: Virtual) -> tuple[str, bool]:
    """The program's way of checking, and whether it is less than ldirectord did."""
    by_web = virtual.service in {"http", "https"}
    match virtual.checktype:
        case "on" | "off" | "ping" | "external":
            return virtual.checktype, False
        case "external-perl":
            return "external", True
        case "connect":
            return "ping" if virtual.protocol == "udp" else "connect", False
        case "combined" if by_web:
            return "combined", False
        case "combined":
            return "connect", True
        case _ if virtual.service == "none":
            return "on", False
        case _ if by_web:
            return "negotiate", False
    return "ping" if virtual.protocol == "udp" else "connect", True


def _check(cf: NewCf, virtual: Virtual) -> tuple[list[str], bool]:
    way, weaker = how(virtual)
    lines = [f"checktype={way}"]
    if way == "combined":
        digits = [re.search(r"[0-9]+", one.value) for one in virtual.settings if one.key == "checktype"]
        lines.append(f"connects={int(digits[-1][0]) if digits and digits[-1] else 1}")
    if way in {"negotiate", "combined"}:
        lines.append(f"scheme={virtual.service}")
        asked = {
            "request": virtual.request or "/",
            "receive": virtual.receive,
            "virtualhost": virtual.virtualhost,
        }
        lines += [f"{key}={_quoted(text)}" for key, text in asked.items() if text and is_plain(text)]
        lines.append(f"httpmethod={_value(cf, virtual, 'httpmethod')}")
    if virtual.checkport is not None:
        lines.append(f"checkport={virtual.checkport}")
    if way == "external":
        lines.append(f"checkcommand=({_words(_value(cf, virtual, 'checkcommand'))})")
    return lines, weaker


def _words(command: str) -> str:
    return shlex.join(command.split()) if is_plain(command) else "/bin/false"


def _fallback(virtual: Virtual) -> Iterator[str]:
    fallback = virtual.fallback
    if fallback is not None and to_ip(fallback.address) is not None:
        yield fallback_text(virtual)


def fallback_text(virtual: Virtual) -> str:
    fallback = virtual.fallback
    assert fallback is not None
    return f"fallback=({_quoted(_bracketed(fallback.address))} {fallback.port or 0} {fallback.forwarding})"


def _commands(cf: NewCf, virtual: Virtual) -> Iterator[str]:
    command = _value(cf, virtual, "fallbackcommand").strip('"')
    if command:
        yield f"fallbackcommand=({_words(command)})"
    folder = cf.settings.get("maintenancedir", "")
    if folder and is_plain(folder):
        yield f"maintenancedir={_quoted(folder)}"


def real_text(real: RealServer) -> str | None:
    """None for a name: the kernel's table has addresses, and who resolves it is not known here."""
    if to_ip(real.address) is None or not is_plain(f"{real.request}{real.receive}"):
        return None
    words = [_bracketed(real.address), str(real.port or 0), real.forwarding, str(real.weight)]
    if real.upper is not None or real.lower is not None or real.request is not None:
        words += [str(real.upper or 0), str(real.lower or 0)]
    if real.request is not None:
        words += [real.request, real.receive or ""]
    return f"real {shlex.join(words)}"


# -- the ledger -------------------------------------------------------------

_LINE = {
    "checkport": "checkport={}",
    "httpmethod": "httpmethod={}",
    "checkcount": "checkcount={}",
    "checktimeout": "checktimeout={}",
    "cleanstop": "cleanstop={}",
    "failurecount": "failurecount={}",
    "negotiatetimeout": "negotiatetimeout={}",
}
_DAEMON = frozenset(
    {
        *("autoreload", "callback", "execute", "fork", "logfile", "readdquiescent", "supervised", "timeout"),
        *("monitorfile", "servicename", "comment"),
    }
)


def tell_setting(cf: NewCf, fact: Setting, fate: Fate) -> Iterator[Told]:
    """One line of a director's ldirectord.cf, said to the program that checks in its place."""
    value = f"{fact.key}={fact.value}"
    found = _pools(cf)
    if fact.section is None and fact.key not in {"virtual", "virtual6"}:
        yield _tell_global(cf, fact, value, found)
        return
    pool = next(
        (one for one in found if fact.at in {one.virtual.at, *(s.at for s in one.virtual.settings)}), None
    )
    if pool is None:
        return
    if SECRET in " ".join(fate.texts) or fact.key in {"login", "database", "passwd", "secret", "load"}:
        yield decide(value, "check-argument")
        return
    yield from _tell_of_pool(cf, pool, fact, value)


def _tell_of_pool(cf: NewCf, pool: Pool, fact: Setting, value: str) -> Iterator[Told]:
    virtual, conf = pool.virtual, pool.conf
    match fact.key:
        case "virtual" | "virtual6":
            yield changed(value, conf, service_text(virtual), "pool-file")
        case "real" | "real6":
            for real in virtual.reals:
                text = real_text(real) if real.at == fact.at else None
                if text is not None:
                    yield changed(value, conf, text, "pool-file")
                elif real.at == fact.at:
                    yield decide(value, "real-name")
        case "fallback" | "fallback6":
            if virtual.fallback is not None and to_ip(virtual.fallback.address) is not None:
                yield changed(value, conf, fallback_text(virtual), "pool-file")
            else:
                yield decide(value, "real-name")
        case "scheduler":
            yield changed(value, conf, f"scheduler={virtual.scheduler}", "pool-file")
        case "quiescent":
            yield changed(value, conf, f"quiescent={'yes' if virtual.quiescent else 'no'}", "pool-file")
        case "protocol":
            yield changed(value, conf, service_text(virtual), "pool-file")
        case "persistent" | "netmask" | "ops" | "schedflags":
            options = f"options=({_options(cf, virtual)})"
            if options == "options=()":
                yield lost(value, "no-effect")
            else:
                yield changed(value, conf, options, "pool-file")
        case "checktype" | "service":
            way = f"checktype={how(virtual)[0]}"
            if pool.weaker:
                yield decide(value, "check-weaker", path=conf, text=way)
            else:
                yield changed(value, conf, way, "pool-file")
        case "checkinterval":
            yield changed(value, pool.timer, f"OnUnitInactiveSec={pool.interval}s", "pool-timer")
        case _ if fact.key in _DAEMON:
            yield lost(value, "daemon-option")
        case _:
            yield _tell_rest(cf, pool, fact, value)


def _tell_rest(cf: NewCf, pool: Pool, fact: Setting, value: str) -> Told:
    """Keys whose line is there where the check has a use for it."""
    words = {
        "request": f"request={_quoted(pool.virtual.request or '/')}",
        "receive": f"receive={_quoted(pool.virtual.receive or '')}",
        "virtualhost": f"virtualhost={_quoted(pool.virtual.virtualhost or '')}",
        "checkcommand": f"checkcommand=({_words(_value(cf, pool.virtual, 'checkcommand'))})",
        "fallbackcommand": f"fallbackcommand=({_words(_value(cf, pool.virtual, 'fallbackcommand').strip(chr(34)))})",
    }
    text = words.get(fact.key)
    if fact.key in _LINE and fact.key in _DEFAULTS:
        text = _LINE[fact.key].format(_value(cf, pool.virtual, fact.key))
    elif fact.key == "checkport":
        text = f"checkport={pool.virtual.checkport}"
    if text is None:
        return decide(value, "unknown-directive")
    if text not in pool.lines:
        return lost(value, "check-without")
    if fact.key in {"checkcommand", "fallbackcommand"}:
        return decide(value, "outward", path=pool.conf, text=text)
    return changed(value, pool.conf, text, "pool-file")


def _tell_global(cf: NewCf, fact: Setting, value: str, found: tuple[Pool, ...]) -> Told:
    """The file of the first pool that takes the value stands for all."""
    if fact.key in _DAEMON:
        return lost(value, "daemon-option")
    for pool in found:
        if any(setting.key == fact.key for setting in pool.virtual.settings):
            continue
        if fact.key == "checkinterval":
            return changed(value, pool.timer, f"OnUnitInactiveSec={pool.interval}s", "pool-timer")
        text = {
            "quiescent": f"quiescent={'yes' if pool.virtual.quiescent else 'no'}",
            "maintenancedir": f"maintenancedir={_quoted(cf.settings.get('maintenancedir', ''))}",
        }.get(fact.key)
        if fact.key in {"fallback", "fallback6"} and pool.virtual.fallback is not None:
            text = fallback_text(pool.virtual)
        elif fact.key in _LINE and fact.key in _DEFAULTS:
            text = _LINE[fact.key].format(_value(cf, pool.virtual, fact.key))
        if text is not None and text in pool.lines:
            return changed(value, pool.conf, text, "pool-file")
    return decide(value, "unknown-directive") if found else lost(value, "no-effect")


def added(design: Design) -> Iterator[tuple[str, str, str]]:
    """Path, text and reason of what no line of the old file says."""
    for pool in pools(design):
        if not any(setting.key == "checktype" for setting in pool.virtual.settings):
            yield (
                pool.conf,
                f"checktype={how(pool.virtual)[0]}",
                "check-weaker" if pool.weaker else "check-way",
            )
        if design.cf is not None and "quiescent" not in {setting.key for setting in pool.virtual.settings}:
            for text, _ in design.cf.added:
                if text.startswith("quiescent="):
                    yield pool.conf, text, "quiescent-default"
