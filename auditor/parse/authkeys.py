"""Reads /etc/ha.d/authkeys as heartbeat does."""

from __future__ import annotations

from auditor.model.facts import AuthKey, Authkeys, AuthSelection, Document, Reading
from auditor.model.place import Diagnostic, Prose, Unparsed
from auditor.parse.grammar import Line, find_fault, read_lines
from auditor.parse.text import whole

_LIMIT = 16
_METHODS = frozenset({"crc", "md5", "sha1"})


def read_authkeys(document: Document) -> Reading[Authkeys]:
    """Selections and keys in order, as ``AuthSelection`` and ``AuthKey``; the key in force is ``selected``.

    Semantics of heartbeat 2.0 .. 3.0.6: the selection is compared while reading, so it must stand first.
    """
    facts: list[AuthSelection | AuthKey] = []
    unparsed: list[Unparsed] = []
    diagnostics: list[Diagnostic] = []
    selection: AuthSelection | None = None
    selected: AuthKey | None = None
    for line in read_lines("authkeys", document):
        match line.tag:
            case "SELECTION":
                selection = AuthSelection(number=whole(line["number"]), at=line.at("number"))
                facts.append(selection)
            case "KEY":
                key = AuthKey(
                    number=whole(line["number"]),
                    method=line["method"],
                    key=line.get("key"),
                    at=line.at("number"),
                )
                facts.append(key)
                diagnostics.extend(_check_key(line, key))
                if selection is not None and selection.number == key.number:
                    selected = key
            case "OTHER":
                unparsed.append(line.unparsed())
                fault = find_fault("authkeys", "selection" if line["other"].startswith("a") else "key", line)
                if fault is not None:
                    diagnostics.append(
                        Diagnostic(severity="error", code="bad-line", message=fault.message, at=fault.at)
                    )
    refused = any(one.severity == "error" for one in diagnostics)
    return Reading(
        format="authkeys",
        at=document.at,
        encoding=document.encoding,
        facts=tuple(facts),
        unparsed=tuple(unparsed),
        diagnostics=tuple(diagnostics),
        value=Authkeys(
            selection=selection,
            keys=tuple(fact for fact in facts if isinstance(fact, AuthKey)),
            selected=selected,
            accepted=selected is not None and not refused,
            at=document.at,
        ),
    )


def _check_key(line: Line, key: AuthKey) -> list[Diagnostic]:
    if key.number >= _LIMIT:
        message = Prose(
            en=f"key number {key.number}: only 0 to 15 exist",
            zh=f"密钥编号 {key.number} 无效, 只能是 0 到 15",
        )
        return [Diagnostic(severity="error", code="key-number", message=message, at=line.at("number"))]
    if key.method not in _METHODS:
        message = Prose(
            en=f"method {key.method!r} is unknown: crc, md5 or sha1, in lower case, are wanted",
            zh=f"未知的认证方法 {key.method!r}: 只能是小写的 crc、md5 或 sha1",
        )
        return [Diagnostic(severity="error", code="method", message=message, at=line.at("method"))]
    return []
