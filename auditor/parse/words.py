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
    """The words of a group that only blanks part: each begins where it is next found."""
    words = []
    end, last = line.span(group)
    for text in _PLAIN.findall(line.text, end, last):
        start = line.text.index(text, end)
        end = start + len(text)
        words.append(Word(text, line, start, end))
    return words
