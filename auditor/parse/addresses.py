"""Addresses as the resolver of these hosts reads them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

_FORM = re.compile(r"(?:0[xX][0-9A-Fa-f]{1,20}|[0-9]{1,20})(?:\.(?:0[xX][0-9A-Fa-f]{1,20}|[0-9]{1,20})){0,3}")

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
USUAL = re.compile(rf"{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE}")
"""What nearly all addresses look like; what costs little to see, and is written as everybody writes it."""


def old_address(text: str) -> str | None:
    """``10.0.0.1`` for ``10.1``, ``012.0.0.1`` and ``0xa000001``, as inet_aton(3); None for what is no address.

    One to four numbers with dots, the last one filling what is left; octal and hexadecimal too.
    """
    if USUAL.fullmatch(text):
        return text
    if not _FORM.fullmatch(text):
        return None
    try:
        *head, last = (
            int(part, 16 if part[:2] in {"0x", "0X"} else 8 if part[0] == "0" else 10)
            for part in text.split(".")
        )
    except ValueError:
        return None
    if any(number > 255 for number in head) or last >= 256 ** (4 - len(head)):
        return None
    return str(IPv4Address(sum(number << (24 - 8 * index) for index, number in enumerate(head)) + last))
