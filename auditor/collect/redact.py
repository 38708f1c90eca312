"""Secrets out of collected bytes, before anything is written."""

from __future__ import annotations

import codecs
import hashlib
import hmac
import secrets
from dataclasses import replace

from auditor.collect.probes import PROBES
from auditor.model.facts import Document
from auditor.model.snapshot import Artifact
from auditor.parse.secrets import Secret, secret_spans
from auditor.parse.text import read_document

_FORMATS = {probe.name: probe.format or probe.name for probe in PROBES}


class Redactor:
    """Hides the secrets of one run; equal secrets get equal marks.

    A mark is ``«redacted:KIND:lenN:TAG»``: N characters, TAG a number that counts the different secrets of the
    run. Which secret has which number is known in memory only, under the HMAC of a key that dies with the run.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._tags: dict[bytes, int] = {}
        # Hosts of a kind have most of their files in common: what is the same is searched once.
        self._searched: dict[bytes, tuple[Secret, ...]] = {}

    def redact(self, artifact: Artifact, *, encoding: str | None = None) -> Artifact:
        """The artifact with marks for secrets; every byte outside of them stays as it was."""
        format = _FORMATS.get(artifact.probe, artifact.probe)
        content, count = self._hide(format, artifact.content, artifact.source, encoding)
        why, in_why = self._hide(format, (artifact.why or "").encode(), artifact.source, "utf-8")
        return replace(
            artifact,
            content=content,
            why=why.decode() if artifact.why is not None else None,
            redactions=count + in_why,
        )

    def _hide(self, format: str, content: bytes, source: str, encoding: str | None) -> tuple[bytes, int]:
        if not content:
            return content, 0
        document = read_document(content, source=source, encoding=encoding)
        codec, mark = _codec(content, document.encoding)
        if mark + document.text.encode(codec) != content:
            # Some byte sequences of GB18030 have a twin; in latin-1 every byte is its own character.
            document = Document(at=document.at, text=content.decode("latin-1"), encoding="latin-1")
            codec, mark = "latin-1", b""
        text, pieces, end = document.text, [mark], 0
        spans = self._search(format, document, content)
        for secret in spans:
            hidden = text[secret.start : secret.end]
            tag = f"«redacted:{secret.kind}:len{len(hidden)}:{self._tag(hidden)}»"
            pieces += [text[end : secret.start].encode(codec), tag.encode(codec, "xmlcharrefreplace")]
            end = secret.end
        return b"".join([*pieces, text[end:].encode(codec)]), len(spans)

    def _search(self, format: str, document: Document, content: bytes) -> tuple[Secret, ...]:
        known = hashlib.sha256(f"{format} {document.encoding} ".encode() + content).digest()
        if known not in self._searched:
            self._searched[known] = secret_spans(format, document)
        return self._searched[known]

    def _tag(self, secret: str) -> int:
        known = hmac.digest(self._key, secret.encode("utf-8", "surrogatepass"), "sha256")
        return self._tags.setdefault(known, len(self._tags) + 1)


def _codec(content: bytes, encoding: str) -> tuple[str, bytes]:
    """The codec that adds no byte order mark, and the mark that stands in front."""
    if encoding == "utf-8-sig":
        return "utf-8", codecs.BOM_UTF8
    if encoding == "utf-16":
        little = content.startswith(codecs.BOM_UTF16_LE)
        return ("utf-16-le", codecs.BOM_UTF16_LE) if little else ("utf-16-be", codecs.BOM_UTF16_BE)
    return encoding, b""
