"""Small texts and what a reader makes of them, for tests that show both on one screen."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from auditor.model.facts import Reading
from auditor.parse import read
from auditor.parse.text import read_document


def reading(name: str, text: str, source: str = "x") -> Reading[Any]:
    return read(name, read_document(dedent(text).encode(), source=source, host="ld1"))


def value(name: str, text: str, source: str = "x") -> Any:
    """The value of a text in which every line is understood."""
    found = reading(name, text, source)
    assert found.unparsed == ()
    return found.value


def left(name: str, text: str) -> list[int]:
    """The numbers of the lines that are not understood."""
    return [one.at.line or 0 for one in reading(name, text).unparsed]
