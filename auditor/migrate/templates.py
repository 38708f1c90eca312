"""The templates of reports/migrate."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from auditor.resources import REPORTS


def fill(name: str, **values: object) -> str:
    """A template of reports/migrate with its values, which are escaped where it writes XML."""
    return _environment(".xml" in name).get_template(name).render(**values)


@cache
def _environment(autoescape: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(REPORTS / "migrate"),
        autoescape=autoescape,  # noqa: S701 -- configuration files are no markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def verbatim(name: str) -> str:
    """A file of reports/migrate as it stands."""
    return (REPORTS / "migrate" / name).read_text(encoding="utf-8")
