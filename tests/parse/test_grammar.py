"""Lines through a grammar: tags, words, places, faults."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.parse.grammar import Line, find_fault, read_lines
from auditor.parse.text import read_document
from auditor.resources import GRAMMARS


def _lines(name: str, text: str) -> list[Line]:
    return list(read_lines(name, read_document(text.encode(), source="/etc/x", host="ld1")))


def test_every_line_is_tagged_in_order_blank_and_comment_too() -> None:
    lines = _lines("authkeys", "# keys\n\nauth 1\n1 sha1 abc\nwhat\n")
    assert [(line.number, line.tag) for line in lines] == [
        (1, "COMMENT"),
        (2, "BLANK"),
        (3, "SELECTION"),
        (4, "KEY"),
        (5, "OTHER"),
    ]


def test_words_know_their_places() -> None:
    (line,) = _lines("authkeys", "  1 sha1  abc rest")
    assert (line["number"], line["method"], line["key"], line["tail"]) == ("1", "sha1", "abc", " rest")
    at = line.at("key")
    assert (at.host, at.source, at.line, at.column, at.end_column) == ("ld1", "/etc/x", 1, 11, 14)
    assert line.text[slice(*line.span("key"))] == "abc"
    assert (line.at().column, line.at().end_column) == (3, 19)
    assert line.get("key") == "abc"
    assert line.get("no-such-word") is None


def test_a_run_of_lines_comes_line_by_line() -> None:
    """Longer than the lexer takes at one go, and with every sign that Python itself would part lines at."""
    options = [f"\treal=10.0.{n // 250}.{n % 250}:80 gate \x0b\x0c\x85\u2028\r" for n in range(450)]
    lines = _lines("ldirectord", "\n".join(["virtual=10.9.9.9:80", *options, "# end"]))
    assert [line.tag for line in lines] == ["VIRTUAL", *["OPTION"] * 450, "COMMENT"]
    assert [line.number for line in lines] == list(range(1, 453))
    assert [line.text for line in lines[1:-1]] == options
    assert {line["key"] for line in lines[1:-1]} == {"real"}
    document = lines[0].document
    assert all(document.text[line.start :].startswith(line.text) for line in lines)


def test_an_absent_word_is_empty_and_stands_where_the_line_stands() -> None:
    (line,) = _lines("authkeys", "1 crc")
    assert line["key"] == ""
    assert line.get("key") is None
    assert line.at("key") == line.at()


def test_a_joined_line_counts_once_at_its_first_physical_line() -> None:
    first, second = _lines("haresources", "ld1 a \\\n  bb \\\n c\nld2 d\n")
    assert (first.number, second.number) == (1, 4)
    start = first.text.index("bb")
    at = first.within(start, start + 2)
    assert (at.line, at.column, at.end_column) == (2, 3, 5)
    across = first.within(0, len(first.text))
    assert (across.line, across.column, across.end_column) == (1, 1, 8)


def test_the_structure_of_rules_decides_where_a_line_may_stand() -> None:
    tags = [line.tag for line in _lines("ldirectord", "    real=1\nvirtual=1:80\n    real=1\n\n    real=1\n")]
    assert tags == ["OTHER", "VIRTUAL", "OPTION", "BLANK", "OTHER"]


def test_carriage_returns_and_a_missing_last_newline_are_kept_visible() -> None:
    first, second = _lines("authkeys", "auth 1\r\n1 crc")
    assert first.text == "auth 1\r"
    assert second.text == "1 crc"
    assert second.start == 8


@pytest.mark.parametrize(
    ("rule", "text", "column", "expected"),
    [
        ("selection", "auth x", 6, ("NUMBER",)),
        ("selection", "author 1", 5, ("NUMBER",)),
        ("key", "sha1 x", 1, ("NUMBER",)),
        ("key", "12", 3, ("METHOD",)),
    ],
)
def test_a_fault_names_the_column_and_what_was_expected(
    rule: str, text: str, column: int, expected: tuple[str, ...]
) -> None:
    (line,) = _lines("authkeys", text)
    fault = find_fault("authkeys", rule, line)
    assert fault is not None
    assert (fault.at.column, fault.expected) == (column, expected)
    assert fault.message.en
    assert fault.message.zh


def test_a_line_that_the_rule_takes_has_no_fault() -> None:
    (line,) = _lines("authkeys", "1 sha1 abc")
    assert find_fault("authkeys", "key", line) is None


@pytest.mark.parametrize("path", sorted(GRAMMARS.glob("*.lark")), ids=lambda path: path.name)
def test_every_grammar_says_what_it_reads_and_takes_an_empty_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    head = re.match(r"(?://[^\n]*\n)+", text)
    assert head is not None
    assert re.search(r"(?:^// |\. )Manual: \S", head[0], re.MULTILINE)
    assert re.search(r"(?:^// |\. )Semantics: \S", head[0], re.MULTILINE)
    assert "\\s" not in text.replace("[\\s\\S]", "")
    assert [line.text for line in read_lines(path.stem, read_document(b"\n", source="x"))] == [""]


def test_looking_at_the_table_of_readers_loads_no_grammar() -> None:
    code = "import sys, auditor.parse; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
