"""Texts through Lark grammars: every line becomes a tagged line that knows the places of its words."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from lark import Lark, Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import PatternRE

from auditor.model.place import Prose, Unparsed
from auditor.parse.text import place
from auditor.resources import GRAMMARS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark.lexer import TerminalDef

    from auditor.model.facts import Document
    from auditor.model.place import At


@dataclass(slots=True, eq=False)
class Line:
    """One logical line. ``tag``: the terminal that matched; ``text``: as it stands, without the last newline.

    ``number`` is its first physical line, ``start`` the offset of its first character in the document's text.
    ``line["word"]`` is what the named group of the terminal holds, ``""`` where the group took no part.
    """

    tag: str
    text: str
    number: int
    start: int
    document: Document
    _match: re.Match[str]
    _breaks: tuple[int, ...]

    def __getitem__(self, word: str) -> str:
        return self._match[word] or ""

    def get(self, word: str) -> str | None:
        """The same, but None where the group took no part or the terminal has no such group."""
        return self._match.groupdict().get(word)

    def span(self, word: str) -> tuple[int, int]:
        """The word is ``text[start:end]``; both are negative where the group took no part."""
        start, end = self._match.span(word)
        return start - self.start, end - self.start

    def at(self, word: str | None = None) -> At:
        """The place of a word; of all that stands on the first line without a word, or where it is absent."""
        start, end = (-1, -1) if word is None else self.span(word)
        if start < 0:
            first = self.text.split("\n", 1)[0]
            bare = first.strip(" \t\r\f\v")
            start = first.index(bare)
            end = start + len(bare)
        return self.within(start, end)

    def within(self, start: int, end: int) -> At:
        """The place of ``text[start:end]``; for a span over several physical lines, its part on the first."""
        if not self._breaks:
            return place(self.document, self.number, start + 1, end + 1)
        above = bisect_left(self._breaks, start)
        begin = self._breaks[above - 1] + 1 if above else 0
        last = min(end, self._breaks[above]) if above < len(self._breaks) else end
        return place(self.document, self.number + above, start - begin + 1, last - begin + 1)

    def unparsed(self) -> Unparsed:
        return Unparsed(text=self.text, at=self.at())


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where a bad line stops making sense. ``expected``: names of the terminals that would fit there."""

    at: At
    found: str
    expected: tuple[str, ...]

    @property
    def message(self) -> Prose:
        wanted = ["blank" if name == "SP" else name.lower().replace("_", " ") for name in self.expected]
        if not self.found:
            return Prose(
                en=f"the line ends where {' or '.join(wanted)} is expected",
                zh=f"该行在此结束, 缺少 {' 或 '.join(wanted)}",
            )
        return Prose(
            en=f"{self.found!r}: {' or '.join(wanted)} expected",
            zh=f"{self.found!r}: 此处应为 {' 或 '.join(wanted)}",
        )


def read_lines(name: str, document: Document) -> Iterator[Line]:
    """Every line of the document in order, blank lines and comments too, tagged by ``grammars/NAME.lark``.

    Nothing is raised for any text, provided the grammar takes ``OTHER`` wherever a line may begin. The lines of
    a terminal ``NAME_RUN`` come one by one as ``NAME``.
    """
    text = document.text if document.text.endswith("\n") or not document.text else document.text + "\n"
    parser, patterns = _parser(name, "start")
    for token in parser.parse(text).scan_values(lambda value: isinstance(value, Token)):
        number, pattern = token.line or 1, patterns[token.type]
        tag = token.type.removesuffix(_RUN)
        for match in pattern.finditer(text, token.start_pos or 0, token.end_pos or 0):
            whole = match[0][:-1]
            breaks = tuple(index for index, sign in enumerate(whole) if sign == "\n") if "\n" in whole else ()
            yield Line(tag, whole, number, match.start(), document, match, breaks)
            number += 1


_RUN = "_RUN"
"""``REAL_RUN: REAL~1..200`` is a run of lines that the lexer takes at one go: its cost is by the token."""


def find_fault(name: str, rule: str, line: Line) -> Fault | None:
    """Re-read a line with the rule made of the same words: where it goes wrong and what was expected.

    None when the rule takes the line.
    """
    parser, _ = _parser(name, rule)
    try:
        parser.parse(line.text + "\n")
    except UnexpectedInput as error:
        start = min(error.pos_in_stream or 0, len(line.text))
        names = error.accepts or error.expected if isinstance(error, UnexpectedToken) else set()
        if isinstance(error, UnexpectedCharacters):
            names = error.allowed or set()
        found = _WORD.match(line.text, start)
        end = found.end() if found else start
        words = set(names) - {"$END", "SP", "EOL"} or {"SP"}
        at = line.within(start, max(end, min(start + 1, len(line.text))))
        return Fault(at=at, found=line.text[start:end], expected=tuple(sorted(words)))
    return None


_WORD = re.compile(r"[^ \t\r\n]+")


@cache
def _parser(name: str, start: str) -> tuple[Lark, dict[str, re.Pattern[str]]]:
    """Built when first asked for, once per process; with the expression of each terminal, its groups named.

    Lark joins all terminals to one expression, in which a group's name could stand only once: the parser's
    own copies have no names.
    """
    patterns: dict[str, re.Pattern[str]] = {}

    def take_names(terminal: TerminalDef) -> None:
        expression = terminal.pattern.to_regexp()
        # Of a run the expression of one line.
        patterns[terminal.name] = re.compile(expression.removesuffix("{1,200}"))
        if isinstance(terminal.pattern, PatternRE):
            bare = re.sub(r"\(\?P<\w+>", "(?:", terminal.pattern.value)
            terminal.pattern = PatternRE(bare, terminal.pattern.flags)

    parser = Lark(
        (GRAMMARS / f"{name}.lark").read_text(encoding="utf-8"),
        parser="lalr",
        lexer="contextual",
        start=start,
        keep_all_tokens=True,
        maybe_placeholders=False,
        propagate_positions=False,
        import_paths=[str(GRAMMARS)],
        edit_terminals=take_names,
    )
    return parser, patterns
