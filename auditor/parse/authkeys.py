"""Reads /etc/ha.d/authkeys as heartbeat does."""

from __future__ import annotations

from auditor.model.facts import AuthKey, Authkeys, AuthSelection, Document, Reading
from auditor.model.place import At, Diagnostic, Prose, Unparsed
from auditor.parse.grammar import Line, find_fault, read_lines
from auditor.parse.text import has_mark, place, whole

SAMPLE_KEYS = frozenset(
    {"HI!", "Hello!", "sha1_any_password", "md5_any_password", "key-for-sha1-any-text-you-want"}
)
"""Keys that heartbeat's own example, the runbook and well-known instructions print."""

SAMPLE_KIND = "sample-authkey"
"""What a redaction marker calls such a key: that it is one is no secret, and cannot be told afterwards."""

_LIMIT = 16
_METHODS = {"crc": False, "md5": True, "sha1": True}
"""Whether a method wants a key."""


def read_authkeys(document: Document) -> Reading[Authkeys]:
    """Selections and keys in order, as ``AuthSelection`` and ``AuthKey``; the key in force is ``selected``.

    Semantics of heartbeat 2.0 .. 3.0.6: the selection is compared while reading, so it must stand before
    its key; of two keys with one number the last is used. No message repeats a key.
    """
    facts: list[AuthSelection | AuthKey] = []
    unparsed: list[Unparsed] = []
    notes: list[Diagnostic] = []
    selection: AuthSelection | None = None
    valid: dict[int, AuthKey] = {}
    chosen: int | None = None
    if has_mark(document):
        notes.append(
            _error(
                "byte-order-mark",
                place(document, 1, 1, 1),
                "a byte order mark stands before the first line, which heartbeat refuses",
                "文件以字节顺序标记 (BOM) 开头, heartbeat 会拒绝",
            )
        )
    for line in read_lines("authkeys", document):
        match line.tag:
            case "SELECTION":
                selection = AuthSelection(number=_number(line), at=line.at("number"))
                facts.append(selection)
            case "KEY":
                key = AuthKey(
                    number=_number(line),
                    method=line["method"],
                    key=line.get("key"),
                    at=line.at("number"),
                    sample=is_sample(line.get("key") or ""),
                )
                facts.append(key)
                faults = _check_key(line, key)
                notes += faults
                if all(note.severity != "error" for note in faults):
                    valid[key.number] = key
                    if selection is not None and selection.number == key.number:
                        chosen = key.number
            case "OTHER":
                unparsed.append(line.unparsed())
                notes.append(_bad_line(line))
    selected = None if chosen is None else valid[chosen]
    if selected is None:
        notes.append(_nothing_selected(document, selection, valid))
    return Reading(
        format="authkeys",
        at=document.at,
        encoding=document.encoding,
        facts=tuple(facts),
        unparsed=tuple(unparsed),
        diagnostics=tuple(notes),
        value=Authkeys(
            selection=selection,
            keys=tuple(fact for fact in facts if isinstance(fact, AuthKey)),
            selected=selected,
            accepted=not any(note.severity == "error" for note in notes),
            at=document.at,
        ),
    )


def is_sample(key: str) -> bool:
    """Of a key as it stands in the file or of the marker in its place."""
    return key.strip("\"'") in SAMPLE_KEYS or key.startswith(f"«redacted:{SAMPLE_KIND}:")


def _number(line: Line) -> int:
    digits = line["number"]
    return -whole(digits[1:]) if digits.startswith("-") else whole(digits.removeprefix("+"))


def _check_key(line: Line, key: AuthKey) -> list[Diagnostic]:
    if not 0 <= key.number < _LIMIT:
        return [
            _error(
                "key-number",
                line.at("number"),
                f"key number {key.number} is refused: 0 to 15 is wanted",
                f"密钥编号 {key.number} 被拒绝: 只能是 0 到 15",
            )
        ]
    if key.method not in _METHODS:
        return [
            _error(
                "method",
                line.at("method"),
                f'method "{key.method[:20]}" is refused: crc, md5 or sha1, in small letters, is wanted',
                f"认证方法 “{key.method[:20]}” 被拒绝: 只能是小写的 crc、md5 或 sha1",
            )
        ]
    if _METHODS[key.method] and key.key is None:
        return [
            _error(
                "no-key",
                line.at("method"),
                f"{key.method} is refused without a key",
                f"{key.method} 缺少密钥, 被拒绝",
            )
        ]
    if not _METHODS[key.method] and key.key is not None:
        return [
            _error(
                "key-for-crc",
                line.at("key"),
                "crc takes no key: anything behind it, even a comment, is refused",
                "crc 不带密钥: 其后的任何内容, 包括注释, 都会被拒绝",
            )
        ]
    if key.key is not None and key.key.startswith("#"):
        return [
            _warning(
                "comment-as-key",
                line.at("key"),
                "no comment can stand here: its first word is the key",
                "此处不能写注释: 注释的第一个词就成了密钥",
            )
        ]
    if line["tail"].strip():
        return [
            _warning(
                "key-cut",
                line.at("key"),
                "the key ends at the first blank; what follows is ignored",
                "密钥在第一个空白处结束, 其后的内容被忽略",
            )
        ]
    return []


def _bad_line(line: Line) -> Diagnostic:
    rule = "selection" if line.text.lstrip(" \t\r\f\v").startswith("a") else "key"
    fault = find_fault("authkeys", rule, line)
    if rule == "selection":
        en, zh = "auth and the number of a key are wanted", "应为 auth 加密钥编号"
    else:
        en, zh = (
            "a number, a method and a key are wanted, or auth and a number",
            "应为 编号 方法 密钥, 或 auth 编号",
        )
    return _error(
        "bad-line", fault.at if fault else line.at(), f"the line is refused: {en}", f"此行被拒绝: {zh}"
    )


def _nothing_selected(
    document: Document, selection: AuthSelection | None, valid: dict[int, AuthKey]
) -> Diagnostic:
    if selection is None or selection.number < 0:
        return _error(
            "no-selection",
            selection.at if selection else document.at,
            "no auth line chooses a key: heartbeat refuses the file",
            "没有 auth 行指定密钥: heartbeat 拒绝此文件",
        )
    if selection.number in valid:
        return _error(
            "selection-late",
            selection.at,
            f"auth {selection.number} stands behind key {selection.number}: it must stand before it",
            f"auth {selection.number} 写在密钥 {selection.number} 之后: 必须写在它之前",
        )
    return _error(
        "no-such-key",
        selection.at,
        f"auth {selection.number} chooses a key that no accepted line gives",
        f"auth {selection.number} 指定的密钥没有有效的定义",
    )


def _error(code: str, at: At, en: str, zh: str) -> Diagnostic:
    return Diagnostic(severity="error", code=code, message=Prose(en=en, zh=zh), at=at)


def _warning(code: str, at: At, en: str, zh: str) -> Diagnostic:
    return Diagnostic(severity="warning", code=code, message=Prose(en=en, zh=zh), at=at)
