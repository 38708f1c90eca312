"""ldirectord.cf for the new release: what the old one meant, said so that the new one means it too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from auditor.derive.evidence import Evidence, known
from auditor.migrate.words import why
from auditor.model.facts import (
    Document,
    Fallback,
    LdirectordCf,
    Package,
    Reading,
    RealServer,
    Setting,
    Virtual,
)
from auditor.model.place import At, Prose, Unknown
from auditor.parse.ldirectord import quiescent_by_default, read_ldirectord
from auditor.parse.ldirectord_options import GLOBALS, OPTIONS
from auditor.render.visible import shows_itself

NEWEST = "4.12"
SECRET = "PUT-THE-SECRET-HERE"  # noqa: S105
_MARK = "«redacted:"
_QUOTED = frozenset(
    {"callback", "database", "load", "logfile", "login", "passwd", "receive", "request", "secret"}
)
# The values of these are the host's own programs and addresses of people.
_OUTWARD = frozenset(
    {
        "callback",
        "checkcommand",
        "emailalert",
        "execute",
        "fallbackcommand",
        "maintenancedir",
        "monitorfile",
        "smtp",
    }
)
_IGNORED = frozenset({"at", "settings"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one line: see ``model.migration.Row``. ``texts``: the lines that stand for it."""

    fate: str
    texts: tuple[str, ...]
    why: Prose | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCf:
    """The new file. ``virtuals``: what it means to the newest release. ``added``: lines nobody wrote, and why.

    ``unlike``: services that the newest release reads otherwise than the old one whatever is written.
    ``secrets``: lines where a secret has to be put in.
    """

    text: str
    virtuals: tuple[Virtual, ...]
    fates: Mapping[At, Fate]
    added: tuple[tuple[str, Prose], ...]
    unlike: tuple[str, ...]
    secrets: tuple[str, ...]
    settings: Mapping[str, str]


@dataclass(slots=True)
class _Draft:
    lines: list[str] = field(default_factory=list)
    fates: dict[At, Fate] = field(default_factory=dict)
    added: list[tuple[str, Prose]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)

    def write(
        self, setting: Setting, texts: Sequence[str], fate: str, reason: Prose | None, indent: str
    ) -> None:
        self.lines += [indent + text for text in texts]
        self.fates[setting.at] = Fate(fate=fate, texts=tuple(texts), why=reason)

    def add(self, text: str, reason: Prose, indent: str = "") -> None:
        self.lines.append(indent + text)
        self.added.append((text, reason))


def translate(evidence: Evidence) -> NewCf | None:
    """The new file of one director; None where it has no old one that could be read."""
    reading = known(evidence.ldirectord)
    if reading is None:
        return None
    default = _default_quiescent(evidence.packages, reading.value)
    wanted = tuple(_meant(virtual, reading.value, default) for virtual in reading.value.virtuals)
    draft = _write(reading, wanted, default, frozenset())
    for _ in range(3):
        missing = frozenset(_differences(wanted, _read("\n".join(draft.lines))))
        if not missing:
            break
        draft = _write(reading, wanted, default, missing)
    text = "\n".join(draft.lines) + "\n"
    unlike = sorted({name for name, _ in _differences(wanted, _read(text))})
    return NewCf(
        text=text,
        virtuals=wanted,
        fates=draft.fates,
        added=tuple(draft.added),
        unlike=tuple(unlike),
        secrets=tuple(draft.secrets),
        settings=draft.settings,
    )


def is_plain(text: str) -> bool:
    """Nothing in it acts on whoever looks at the file."""
    return all(shows_itself(character) for character in text)


def _read(text: str) -> LdirectordCf:
    document = Document(at=At(host="", source="ldirectord.cf"), text=text + "\n", encoding="utf-8")
    return read_ldirectord(document, NEWEST).value


def _default_quiescent(packages: tuple[Package, ...] | Unknown, cf: LdirectordCf) -> bool | None:
    """Every ldirectord that came with heartbeat meant yes; None where a line says it or the version is not known."""
    if cf.quiescent is not None:
        return None
    for package in known(packages) or ():
        if package.name in {"ldirectord", "heartbeat-ldirectord"}:
            return quiescent_by_default(package.version)
    return None


def _meant(virtual: Virtual, cf: LdirectordCf, default: bool | None) -> Virtual:
    if default is None or any(setting.key == "quiescent" for setting in virtual.settings):
        return virtual
    return replace(virtual, quiescent=default)


# -- lines ------------------------------------------------------------------


def _write(
    reading: Reading[LdirectordCf],
    wanted: Sequence[Virtual],
    default: bool | None,
    missing: frozenset[tuple[str, str]],
) -> _Draft:
    """``missing``: services and fields that the newest release reads otherwise unless they are written out."""
    draft = _Draft()
    by_place = {virtual.at: virtual for virtual in wanted}
    heads = [
        fact
        for fact in reading.facts
        if isinstance(fact, Setting) and fact.section is None and fact.key in {"virtual", "virtual6"}
    ]
    for setting in reading.value.settings:
        _write_global(setting, draft, reading)
    if reading.value.quiescent is None and wanted:
        quiescent = wanted[0].quiescent if default is None else default
        text = f"quiescent={'yes' if quiescent else 'no'}"
        draft.add(text, why("quiescent-default" if default is not None else "quiescent-guess"))
        draft.settings["quiescent"] = "yes" if quiescent else "no"
    for head in heads:
        options = _options(reading, head)
        virtual = by_place.get(head.at)
        if virtual is None:
            for setting in (head, *options):
                draft.fates[setting.at] = Fate(fate="decide", texts=(), why=why("service-not-understood"))
            continue
        draft.lines.append("")
        key = "virtual6" if virtual.family == 6 else "virtual"
        _take(head, [f"{key}={virtual.name}"], draft, "")
        for setting in options:
            _write_option(setting, virtual, draft)
        for name, field_name in sorted(missing):
            if name == virtual.name and field_name in _WRITTEN_OUT:
                draft.add(
                    f"{field_name}={_WRITTEN_OUT[field_name](virtual)}", why("default-changed"), " " * 8
                )
    return draft


def _options(reading: Reading[LdirectordCf], head: Setting) -> list[Setting]:
    """The lines below one head: up to the next one."""
    found: list[Setting] = []
    inside = False
    for fact in reading.facts:
        if not isinstance(fact, Setting):
            continue
        if fact.section is None:
            inside = fact.at == head.at if fact.key in {"virtual", "virtual6"} else False
        elif inside:
            found.append(fact)
    return found


def _write_global(setting: Setting, draft: _Draft, reading: Reading[LdirectordCf]) -> None:
    option = GLOBALS.get(setting.key)
    if option is None or NEWEST not in option.releases:
        draft.fates[setting.at] = _gone(setting)
        return
    checked = option.check(setting.value)
    if checked.refused or not is_plain(setting.value):
        draft.fates[setting.at] = Fate(fate="decide", texts=(), why=why("value-refused"))
        return
    used = f'"{checked.value}"' if setting.key in _QUOTED else checked.value
    used = setting.value if checked.code is None else used
    draft.settings[setting.key] = checked.value
    _take(setting, [f"{setting.key}={used}"], draft, "")


def _write_option(setting: Setting, virtual: Virtual, draft: _Draft) -> None:
    indent = " " * 8
    if _MARK in setting.value:
        text = f'{setting.key}="{SECRET}"'
        draft.secrets.append(text)
        draft.write(setting, [text], "decide", why("secret"), indent)
    elif setting.key not in OPTIONS or NEWEST not in OPTIONS[setting.key].releases:
        draft.fates[setting.at] = _gone(setting)
    elif not is_plain(setting.value):
        draft.fates[setting.at] = Fate(fate="decide", texts=(), why=why("control-characters"))
    elif setting.key in {"real", "real6"}:
        reals = [real for real in virtual.reals if real.at == setting.at]
        if reals:
            _take(setting, [_real(setting.key, real, setting.value) for real in reals], draft, indent)
        else:
            draft.fates[setting.at] = Fate(fate="decide", texts=(), why=why("real-not-understood"))
    elif setting.key in {"fallback", "fallback6"}:
        fallback = virtual.fallback
        if fallback is not None and fallback.at == setting.at:
            _take(setting, [f"{setting.key}={_fallback(fallback)}"], draft, indent)
        else:
            draft.fates[setting.at] = Fate(fate="lost", texts=(), why=why("overridden"))
    else:
        _write_value(setting, virtual, draft, indent)


def _write_value(setting: Setting, virtual: Virtual, draft: _Draft, indent: str) -> None:
    checked = OPTIONS[setting.key].check(setting.value)
    if checked.refused and setting.key not in _WRITTEN_OUT:
        draft.fates[setting.at] = Fate(fate="decide", texts=(), why=why("value-refused"))
        return
    last = [one for one in virtual.settings if one.key == setting.key][-1]
    if last.at != setting.at:
        draft.fates[setting.at] = Fate(fate="lost", texts=(), why=why("overridden"))
        return
    if setting.key in _WRITTEN_OUT and (checked.code is not None or setting.key in _BY_RELEASE):
        value = _WRITTEN_OUT[setting.key](virtual)
    elif setting.key == "checkcommand" or checked.code is None:
        value = setting.value
    else:
        value = f'"{checked.value}"' if setting.key in _QUOTED else checked.value
    if not value:
        draft.fates[setting.at] = Fate(fate="lost", texts=(), why=why("no-effect"))
        return
    _take(setting, [f"{setting.key}={value}"], draft, indent)


def _take(setting: Setting, texts: Sequence[str], draft: _Draft, indent: str) -> None:
    """Kept where the same stands there but for blanks and quotes, else changed."""
    same = len(texts) == 1 and _squeezed(texts[0]) == _squeezed(f"{setting.key}={setting.value}")
    outward = setting.key in _OUTWARD
    reason = why("outward") if outward else None if same else why("said-plainly")
    fate = "decide" if outward else "kept" if same else "changed"
    draft.write(setting, texts, fate, reason, indent)


def _squeezed(text: str) -> str:
    return re.sub(r'["\s]+', " ", text.replace("= ", "=")).replace(" ", "")


def _gone(setting: Setting) -> Fate:
    reason = why("withdrawn", release=NEWEST)
    return Fate(
        fate="decide" if setting.key not in {"connecttimeout", "timeout"} else "lost", texts=(), why=reason
    )


def _joined(address: str, port: int | None) -> str:
    host = f"[{address}]" if ":" in address else address
    return host if port is None else f"{host}:{port}"


def _real(key: str, real: RealServer, raw: str) -> str:
    own = f' "{real.request}", "{real.receive}"' if real.request is not None else ""
    limits = f" l:{real.lower}" * (real.lower is not None) + f" u:{real.upper}" * (real.upper is not None)
    port = re.search(r":([A-Za-z][A-Za-z0-9_-]*)\s", raw)
    address = _joined(real.address, real.port)
    if port is not None and real.port is None:
        address += f":{port[1]}"
    return f"{key}={address} {real.forwarding} {real.weight}{own}{limits}"


def _fallback(fallback: Fallback) -> str:
    text = _joined(fallback.address, fallback.port)
    return text if fallback.forwarding == "gate" else f"{text} {fallback.forwarding}"


def _checktype(virtual: Virtual) -> str:
    if virtual.checktype != "combined":
        return virtual.checktype
    raw = [setting.value for setting in virtual.settings if setting.key == "checktype"]
    digits = re.search(r"[0-9]+", raw[-1]) if raw else None
    return str(int(digits[0])) if digits else "negotiate"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _or_empty(value: object) -> str:
    return "" if value is None else str(value)


_WRITTEN_OUT: Mapping[str, Callable[[Virtual], str]] = {
    "checktype": _checktype,
    "netmask": lambda virtual: _or_empty(virtual.netmask),
    "persistent": lambda virtual: _or_empty(virtual.persistent),
    "protocol": lambda virtual: virtual.protocol,
    "quiescent": lambda virtual: _yes(virtual.quiescent),
    "receive": lambda virtual: f'"{virtual.receive}"' if virtual.receive is not None else "",
    "request": lambda virtual: f'"{virtual.request}"' if virtual.request is not None else "",
    "scheduler": lambda virtual: virtual.scheduler,
    "service": lambda virtual: virtual.service,
}
"""Values that the record of a service has as its release uses them."""

_BY_RELEASE = frozenset({"checktype", "netmask", "protocol", "service"})
"""Of these the check alone does not tell what the release made of them."""


def _differences(wanted: Sequence[Virtual], read: LdirectordCf) -> Iterator[tuple[str, str]]:
    """Services and fields in which the newest release reads another thing than the old one did."""
    found = {(virtual.protocol, virtual.name): virtual for virtual in read.virtuals}
    for virtual in wanted:
        other = found.get((virtual.protocol, virtual.name))
        if other is None:
            yield virtual.name, "protocol"
            continue
        for one in fields(Virtual):
            if one.name not in _IGNORED and _bare(getattr(virtual, one.name)) != _bare(
                getattr(other, one.name)
            ):
                yield virtual.name, one.name


def _bare(value: object) -> object:
    nowhere = At(host="", source="")
    if isinstance(value, tuple):
        return tuple(_bare(one) for one in value)
    return replace(value, at=nowhere) if isinstance(value, RealServer | Fallback) else value
