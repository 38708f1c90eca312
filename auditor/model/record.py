"""What makes a class a record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """A frozen dataclass of slots and keywords, but frozen for the type checker alone.

    A class that is frozen when it runs takes nearly three times as long to make, and reading makes little else:
    a place for every word of every line.
    """
    return dataclass(unsafe_hash=True, slots=True, kw_only=True)(cls)
