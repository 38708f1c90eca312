"""Lines that are commands: their words, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.model.place import At
    from auditor.parse.grammar import Line

_QUOTING = re.compile(r"""\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'|["']""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


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

    def ending(self, value: str) -> At:
        """The place of a value that is this word, or ends it."""
        return self.at if value == self.text else self.line.within(self.end - len(value), self.end)

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


def plain_words(line: Line, group: str) -> list[str]:
    """The words of a group that only blanks part."""
    text = line[group].replace("\t", " ").replace("\r", " ")
    return [word for word in text.split(" ") if word]


def word_place(line: Line, words: Sequence[str], index: int, value: str) -> At:
    """The place of a value that is ``words[index]`` or ends it; each word begins where it is next found."""
    end = 0
    for word in words[: index + 1]:
        end = line.text.index(word, end) + len(word)
    return line.within(end - len(value), end)
