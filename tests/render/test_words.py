"""The reports' own words: in both languages, with the same gaps to fill, and none that nobody says."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from auditor.model.findings import SEVERITIES, STATES
from auditor.model.migration import FATES
from auditor.render.words import _WORDS, listed, phrase, say

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("auditor/render", "reports/html")
    for path in (ROOT / folder).iterdir()
    if path.suffix in {".py", ".html"} and path.name != "words.py"
]
FROM_THE_REPORT = {
    *SEVERITIES,
    *STATES,
    *FATES,
    *("ready", "not_ready", "cannot_tell", "why_ready", "why_not_ready", "why_cannot_tell"),
    *("ok", "partial", "unreachable", "auth_failed", "host_key_rejected", "timeout"),
    *("director", "real", "and_more"),
}


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(_WORDS))
def test_both_languages_say_it(key: str) -> None:
    prose = _WORDS[key]
    assert prose.en
    assert prose.zh
    assert gaps(prose.en) == gaps(prose.zh)


def test_nothing_is_said_by_nobody() -> None:
    said = {word for path in SOURCES for word in re.findall(r'"(\w+)"', path.read_text("utf-8"))}
    areas = {
        word
        for path in (ROOT / "auditor" / "derive").glob("*.py")
        for word in re.findall(r'"(\w+)"', path.read_text("utf-8"))
    }
    assert set(_WORDS) - said - {f"area_{area}" for area in areas} - FROM_THE_REPORT == set()


def test_lists() -> None:
    assert listed(["a", "b"], "en") == "a, b"
    assert listed("abcdef", "en") == "a, b, c, d and 2 more"
    assert listed("abcdef", "zh") == "a、b、c、d 等（另有 2 个）"


def test_phrases() -> None:
    assert say("and_places", "en", more=3) == "and 3 more places"
    assert phrase("and_places", more=3).zh == "另有 3 处"
