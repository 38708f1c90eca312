"""known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"), read in linear time and compared as raw blobs.

Of a line with @cert-authority only its presence is kept: certificates of hosts are not verified here.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the files say about one host: key blobs, those that nobody may show, and whether a CA vouches for it."""

    keys: frozenset[bytes]
    revoked: frozenset[bytes]
    authority: bool

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the keys, such as ``ssh-rsa``."""
        return tuple(sorted({key_kind(blob) for blob in self.keys}))


def known_name(host: str, port: int) -> str:
    """How files write a host: ``[host]:port`` for other ports than 22, in lower case."""
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"


def find(paths: Iterable[Path], names: Iterable[str]) -> Known:
    """All lines of all files for any of the names, as ``known_name`` writes them.

    A file that does not exist is empty; lines that mean nothing are passed over, as OpenSSH does. Raises OSError.
    """
    wanted = tuple(dict.fromkeys(names))
    lines = [line for path in paths for line in _file(path).find(wanted)]
    return Known(
        keys=frozenset(line.blob for line in lines if not line.marker),
        revoked=frozenset(line.blob for line in lines if line.marker == "@revoked"),
        authority=any(line.marker == "@cert-authority" for line in lines),
    )


def remember(path: Path, names: Sequence[str], blob: bytes) -> None:
    """Append one line for all names. Raises OSError."""
    line = f"{','.join(names)} {key_kind(blob)} {base64.b64encode(blob).decode()}\n".encode()
    with _appending:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            if file.seek(0, os.SEEK_END) and os.pread(descriptor, 1, file.tell() - 1) != b"\n":
                line = b"\n" + line
            file.write(line)


def matches(patterns: str, name: str) -> bool:
    """Any pattern of a comma list; one with ``!`` that fits forbids the whole list.

    ``*`` and ``?`` alone are special; brackets belong to the name. Case counts.
    """
    parts = patterns.split(",")
    if any(_fits(part[1:], name) for part in parts if part.startswith("!")):
        return False
    return any(_fits(part, name) for part in parts if not part.startswith("!"))


def fingerprint(blob: bytes) -> str:
    """``SHA256:...``, as ssh-keygen -l prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def key_kind(blob: bytes) -> str:
    """The name that a key blob begins with; "" where it has none."""
    length = int.from_bytes(blob[:4], "big")
    return blob[4 : 4 + length].decode("ascii", "replace") if length <= 64 else ""


# -- one file ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    marker: str
    blob: bytes


@dataclass(frozen=True, slots=True)
class _Lines:
    """``plain``: by exact name. ``hashed``: with salt and digest. ``patterns``: tried one after the other."""

    plain: dict[str, list[_Line]] = field(default_factory=dict)
    hashed: list[tuple[bytes, bytes, _Line]] = field(default_factory=list)
    patterns: list[tuple[str, _Line]] = field(default_factory=list)

    def find(self, names: Sequence[str]) -> list[_Line]:
        found = [line for name in names for line in self.plain.get(name, ())]
        for name in names:
            encoded = name.encode()
            found += [
                line
                for salt, digest, line in self.hashed
                if hmac.compare_digest(hmac.digest(salt, encoded, "sha1"), digest)
            ]
        found += [line for text, line in self.patterns if any(matches(text, name) for name in names)]
        return found


_appending = threading.Lock()
_reading = threading.Lock()
_MARKERS = frozenset({"@revoked", "@cert-authority"})


def _file(path: Path) -> _Lines:
    try:
        stat = path.stat()
        with _reading:
            return _read(path, stat.st_mtime_ns, stat.st_size)
    except FileNotFoundError:
        return _Lines()


@functools.lru_cache(maxsize=8)
def _read(path: Path, _mtime: int, _size: int) -> _Lines:
    lines = _Lines()
    for text in path.read_bytes().decode("utf-8", "replace").split("\n"):
        words = text.split(None, 4)
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        if len(words) < 3 or words[0].startswith("#") or (marker and marker not in _MARKERS):
            continue
        blob = _decode(words[2])
        # A line of protocol 1 has a number in the second place; any other must name what the blob is.
        if blob is None or key_kind(blob) != words[1]:
            continue
        line = _Line(marker, blob)
        names = words[0]
        if names.startswith("|"):
            _, kind, salt, digest = (*names.split("|"), "", "", "")[:4]
            secret, expected = _decode(salt), _decode(digest)
            if kind == "1" and secret and expected:
                lines.hashed.append((secret, expected, line))
        elif any(sign in names for sign in "*?!"):
            lines.patterns.append((names.lower(), line))
        else:
            for name in names.lower().split(","):
                lines.plain.setdefault(name, []).append(line)
    return lines


def _decode(text: str) -> bytes | None:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None


def _fits(pattern: str, name: str) -> bool:
    """In time that no pattern can make worse than the product of both lengths."""
    at = here = 0
    star, resume = -1, 0
    while here < len(name):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, here
            at += 1
        elif at < len(pattern) and pattern[at] in {"?", name[here]}:
            at += 1
            here += 1
        elif star >= 0:
            resume += 1
            at, here = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")
