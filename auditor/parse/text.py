"""Bytes to text, and places in it."""

from __future__ import annotations

import codecs

from auditor.model.facts import Document
from auditor.model.place import At

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_GUESSES = ("utf-8", "gb18030")

BLANKS = " \t\r\f\v"
"""What these daemons take for blank within a line. Python's own idea of it is far wider."""


def read_document(content: bytes, *, source: str, host: str = "", encoding: str | None = None) -> Document:
    """Decode one file or one output; never fails.

    A byte order mark decides; then ``encoding`` if the bytes fit it, UTF-8, GB18030, and at last latin-1,
    which fits anything. The mark is not in the text, but ``encoding`` says that it stood there
    (``utf-8-sig``, ``utf-16``: see ``has_mark``), so ``text.encode(document.encoding)`` gives the bytes back.
    Carriage returns and NULs stay: some daemons stumble over them.
    """
    at = At(host=host, source=source)
    wanted = [name for mark, name in _MARKS if content.startswith(mark)]
    for name in (*wanted, *([encoding] if encoding else ()), *_GUESSES):
        try:
            return Document(at=at, text=content.decode(name), encoding=name)
        except (UnicodeError, LookupError):
            continue
    return Document(at=at, text=content.decode("latin-1"), encoding="latin-1")


def has_mark(document: Document) -> bool:
    """A byte order mark stood before the text; these daemons take it for part of the first word."""
    return document.encoding in {"utf-8-sig", "utf-16"}


def place(document: Document, line: int, column: int | None = None, end_column: int | None = None) -> At:
    """A place in the document; all numbers count from 1, ``end_column`` is one past the last character."""
    return At(
        host=document.at.host,
        source=document.at.source,
        line=line,
        column=column,
        end_column=end_column,
    )


def whole(digits: str) -> int:
    """The number that decimal digits write; from 2**63 - 1 on always that.

    Python's ``int`` refuses more than some thousand digits, which a hostile file may well hold.
    """
    if len(digits) < 19:
        return int(digits)
    return min(int(digits), _LARGEST) if len(digits) < 99 else _LARGEST


_LARGEST = 2**63 - 1
