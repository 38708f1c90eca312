"""Bytes of twenty years of editors become text, and places in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.parse.text import has_mark, place, read_document, whole


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        (b"node ld1\n", "utf-8", "node ld1\n"),
        ("# 心跳\n".encode(), "utf-8", "# 心跳\n"),
        ("# 心跳\n".encode("gb18030"), "gb18030", "# 心跳\n"),
        ("# é \xa0 x".encode("latin-1"), "latin-1", "# é \xa0 x"),
        (b"\xef\xbb\xbfnode", "utf-8-sig", "node"),
        ("node\n".encode("utf-16"), "utf-16", "node\n"),
        (b"\x80", "latin-1", "\x80"),
        (b"a\r\nb\x00\x0bc", "utf-8", "a\r\nb\x00\x0bc"),
        (b"", "utf-8", ""),
    ],
)
def test_the_encoding_is_found_and_recorded(content: bytes, encoding: str, text: str) -> None:
    document = read_document(content, source="x")
    assert (document.encoding, document.text) == (encoding, text)
    assert document.text.encode(document.encoding) == content


def test_a_given_encoding_is_taken_where_the_bytes_fit_it() -> None:
    content = "éx".encode("latin-1")
    assert read_document(content, source="x").encoding == "gb18030"
    assert read_document(content, source="x", encoding="latin-1").text == "éx"
    assert read_document(content, source="x", encoding="ascii").encoding == "gb18030"
    assert read_document(b"x", source="x", encoding="no-such-codec").encoding == "utf-8"


def test_a_mark_is_known_of_although_it_is_not_in_the_text() -> None:
    assert has_mark(read_document(b"\xef\xbb\xbfx", source="x"))
    assert not has_mark(read_document(b"x", source="x"))


@given(st.binary(max_size=60))
def test_any_bytes_become_text(content: bytes) -> None:
    assert read_document(content, source="x").text is not None


def test_places_name_host_source_and_columns() -> None:
    document = read_document(b"x", source="/etc/ha.d/ha.cf", host="ld1")
    at = place(document, 3, 5, 9)
    assert str(at) == "ld1:/etc/ha.d/ha.cf:3"
    assert (at.column, at.end_column) == (5, 9)


@pytest.mark.parametrize(
    ("digits", "number"), [("0", 0), ("0080", 80), ("9" * 30, 2**63 - 1), ("9" * 100_000, 2**63 - 1)]
)
def test_numbers_of_any_length_are_read(digits: str, number: int) -> None:
    assert whole(digits) == number
