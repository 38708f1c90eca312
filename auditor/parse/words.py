"""Lines that are commands: their words, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.model.place import At
    from auditor.parse.grammar import Line

_QUOTING = re.compile(r"""\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'|["']""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PLAIN = re.compile(r"[^ \t\r]+")


@dataclass(slots=True, eq=False)
class Word:
    """``text``: without quotes and escapes; ``line.text[start:end]`` is how it is written."""

    text: str
    line: Line
    start: int
    end: int

    @property
    def at(self) -> At:
        return self.line.within(self.start, self.end)

    @property
    def quoted(self) -> bool:
        """Written with a quote in front, and thus a value whatever it looks like."""
        return self.line.text[self.start : self.start + 1] in {'"', "'"}


def unquote(written: str) -> str:
    """A word without its quotes; a backslash gives the next character, except inside single quotes."""
    if '"' in written or "'" in written or "\\" in written:
        return _QUOTING.sub(_content, written)
    return written


def _content(match: re.Match[str]) -> str:
    if match[3] is not None:
        return match[3]
    return _ESCAPE.sub(r"\1", match[2]) if match[2] is not None else match[1] or ""


def plain_words(line: Line, group: str) -> list[Word]:
    """The words of a group that only blanks part."""
    return [
        Word(match[0], line, match.start(), match.end())
        for match in _PLAIN.finditer(line.text, *line.span(group))
    ]
