"""The one way to a screen: what would act on it, or hide in it, is shown instead."""

from __future__ import annotations

import unicodedata

from rich.text import Text

LIMIT = 2000


def visible(text: str, *, limit: int = LIMIT) -> str:
    """One line that any terminal shows as it stands here, and nothing else.

    ESC becomes ``␛``, other C0 controls their pictures, C1 controls and bytes that are no text ``\\x9b``; bidi
    and format characters, blanks other than the space, and characters without a form of their own become
    ``⟨U+202E⟩``; a tab becomes four spaces. Of a text longer than ``limit`` characters the rest is counted.
    """
    more = len(text) - limit
    if more > 0:
        text = text[:limit]
    if not (text.isascii() and text.isprintable()):
        if text and unicodedata.category(text[0])[0] == "M":
            text = _DOTTED_CIRCLE + text  # a mark has to stand on something, and not on our own words
        text = text.translate(_FORMS)
    return f"{text}…⟨{more} more characters⟩" if more > 0 else text


def safe(text: str, style: str = "", *, limit: int = LIMIT) -> Text:
    """The same for rich, which takes ``[...]`` in a string for markup and passes controls through in any case."""
    return Text(visible(text, limit=limit), style)


def shows_itself(character: str) -> bool:
    """Whether a character is seen where it stands, does nothing else, and is not mistaken for a space."""
    if character == " ":
        return True
    return unicodedata.category(character) not in _UNSEEN and not _is_ignorable(ord(character))


class _Forms(dict[int, str]):
    """For str.translate: each character asked for once."""

    def __missing__(self, code: int) -> str:
        form = self[code] = _form(code)
        return form


_FORMS = _Forms()
_DOTTED_CIRCLE = "\u25cc"
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})


def _form(code: int) -> str:
    if code == ord("\t"):
        return "    "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code <= 0x9F:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    character = chr(code)
    return character if shows_itself(character) else f"⟨U+{code:04X}⟩"


def _is_ignorable(code: int) -> bool:
    """Letters and marks that have no form: fillers, joiners, variation selectors (Default_Ignorable_Code_Point)."""
    return code in _FILLERS or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF


_FILLERS = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0}
)
