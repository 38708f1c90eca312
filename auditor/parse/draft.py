"""A reading in the making."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from auditor.model.facts import Document, Reading
from auditor.model.place import At, Diagnostic, Prose, Unparsed
from auditor.parse.grammar import Line, read_lines
from auditor.parse.text import has_mark, place

T = TypeVar("T")


@dataclass(slots=True)
class Draft:
    """What a reader has gathered so far, each list in the order of the document."""

    format: str
    document: Document
    facts: list[object] = field(default_factory=list)
    unparsed: list[Unparsed] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)

    def leave(self, line: Line) -> None:
        """The line is not understood."""
        self.unparsed.append(line.unparsed())

    def say(self, severity: str, code: str, at: At, en: str, zh: str) -> None:
        self.notes.append(Diagnostic(severity=severity, code=code, message=Prose(en=en, zh=zh), at=at))

    def file_lines(self, grammar: str) -> Iterator[Line]:
        """The lines of a configuration file. A byte order mark spoils the first one for the program that reads it."""
        lines = read_lines(grammar, self.document)
        if has_mark(self.document):
            self.say(
                "warning",
                "byte-order-mark",
                place(self.document, 1, 1, 1),
                "a byte order mark stands before the first line and becomes part of its first word",
                "文件以字节顺序标记 (BOM) 开头, 它会成为第一行首个词的一部分",
            )
            first = next(lines, None)
            if first is not None and first.tag in {"BLANK", "COMMENT"}:
                lines = chain([first], lines)
            elif first is not None:
                self.leave(first)
        return lines

    def finish(self, value: T) -> Reading[T]:
        return Reading(
            format=self.format,
            at=self.document.at,
            encoding=self.document.encoding,
            facts=tuple(self.facts),
            unparsed=tuple(self.unparsed),
            diagnostics=tuple(self.notes),
            value=value,
        )
