"""How converters say what became of a value: file and place are added where their words are gathered."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.migrate.words import why
from auditor.model.place import At, Prose


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The fate of one value of a fact. ``path``: below the host's folder, or below the output for ``cluster/``.

    ``index``: which word of the fact it is, where it has several; ``at``: its own place where it has one.
    """

    fate: str
    value: str
    path: str | None = None
    text: str | None = None
    why: Prose | None = None
    index: int | None = None
    at: At | None = None


def kept(value: str, path: str, text: str, index: int | None = None, at: At | None = None) -> Told:
    return Told(fate="kept", value=value, path=path, text=text, index=index, at=at)


def changed(
    value: str,
    path: str,
    text: str,
    key: str,
    index: int | None = None,
    at: At | None = None,
    **values: object,
) -> Told:
    return Told(fate="changed", value=value, path=path, text=text, why=why(key, **values), index=index, at=at)


def lost(value: str, key: str, index: int | None = None, at: At | None = None, **values: object) -> Told:
    return Told(fate="lost", value=value, why=why(key, **values), index=index, at=at)


def decide(
    value: str,
    key: str,
    index: int | None = None,
    at: At | None = None,
    *,
    path: str | None = None,
    text: str | None = None,
    **values: object,
) -> Told:
    return Told(
        fate="decide",
        value=value,
        path=path if text else None,
        text=text,
        why=why(key, **values),
        index=index,
        at=at,
    )
