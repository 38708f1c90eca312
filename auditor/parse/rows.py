"""Formats in which every line is a row of its own kind and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from auditor.model.facts import Document, Reading
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line, read_lines

_SILENT = frozenset({"BLANK", "COMMENT", "TITLE"})


def read_rows(
    name: str, document: Document, rows: Mapping[str, Callable[[Line], Any]], *, grammar: str | None = None
) -> Reading[tuple[Any, ...]]:
    """Each line becomes what the function of its tag makes of it; None, and tags without one, mean Unparsed.

    The value is the facts themselves, in order. ``grammar``: where it is not called like the format.
    """
    draft = Draft(name, document)
    for line in read_lines(grammar or name, document):
        make = rows.get(line.tag)
        fact = make(line) if make is not None else None
        if fact is not None:
            draft.facts.append(fact)
        elif line.tag not in _SILENT:
            draft.leave(line)
    return draft.finish(tuple(draft.facts))
