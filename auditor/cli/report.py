"""report: a stored run shown again."""

from __future__ import annotations

import argparse
import sys
from io import TextIOWrapper
from pathlib import Path

from auditor.cli.exits import Failure


def report(options: argparse.Namespace) -> int:
    """Show it in the format wanted; the exit status is that of the run."""
    from auditor.judge.rules import load_rules
    from auditor.render.json import ReportError, read_report, render_json
    from auditor.resources import RULES

    try:
        stored = read_report(Path(options.report), load_rules(RULES))
    except ReportError as error:
        raise Failure(str(error)) from None
    if options.format != "console" and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # the formats say so, whatever the locale
    if options.format == "json":
        render_json(stored, sys.stdout)
    elif options.format == "html":
        from auditor.render.html import render_html

        render_html(stored, sys.stdout, lang=options.lang)
    else:
        from auditor.render.console import render_console

        render_console(stored, sys.stdout, lang=options.lang)
    return stored.verdict.exit_code
