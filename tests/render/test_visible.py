"""Nothing that a host says can act on a screen, or hide in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.render.visible import safe, shows_itself, visible
from tests.render.hostile import PAYLOADS

ANYTHING = st.text(
    st.one_of(
        st.characters(exclude_categories=()), st.sampled_from("\x1b\x9b\x9d\x07\u202e\u2028\n\r\t[]0;m")
    )
)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain text, 中文 and é", "plain text, 中文 and é"),
        ("\x1b[31m", "␛[31m"),
        ("\x00\x07\r\n\x7f", "␀␇␍␊␡"),
        ("\x9b31m", "\\x9b31m"),
        ("\udcff", "\\xff"),
        ("\ud800", "⟨U+D800⟩"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\u2028b", "a⟨U+2028⟩b"),
        ("real=\u00a010.0.0.1", "real=⟨U+00A0⟩10.0.0.1"),
        ("virtual6=[fe80::1]:80", "virtual6=[fe80::1]:80"),
        ("\tvirtual", "    virtual"),
        ("\u0301x", "◌\u0301x"),
        ("y" * 12, "yyyyyyyyyy…⟨2 more characters⟩"),
    ],
)
def test_what_is_shown(said: str, shown: str) -> None:
    assert visible(said, limit=10 if said[0] == "y" else 2000) == shown


@given(ANYTHING)
def test_every_sign_shows_itself(text: str) -> None:
    shown = visible(text)
    assert all(shows_itself(sign) for sign in shown)
    assert visible(shown) == shown or len(text) > 1990


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads(payload: str) -> None:
    assert all(shows_itself(sign) for sign in visible(payload))
    assert safe(payload).plain == visible(payload)
