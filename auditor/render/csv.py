"""Rows for spreadsheets, in which no cell is ever taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from auditor.render.visible import visible

# What spreadsheets begin a formula with, in full width too; blanks in front of it do not help.
_FORMULA = frozenset("=+-@|%\uff1d\uff0b\uff0d\uff20")


def write_rows(header: Sequence[str], rows: Iterable[Sequence[str | None]], out: TextIO) -> None:
    """RFC 4180, every cell in quotes and on one line; an apostrophe keeps formulas from being any."""
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([guard(cell) for cell in row] for row in rows)


def guard(cell: str | None) -> str:
    text = visible(cell or "")
    return f"'{text}" if text.lstrip()[:1] in _FORMULA else text
