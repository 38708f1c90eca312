"""report: a stored run shown again."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from auditor.cli.exits import Failure
from auditor.cli.streams import as_utf8, say
from auditor.cli.terms import load_catalogue


def report(options: argparse.Namespace) -> int:
    """Show it in the format wanted; the exit status is that of the run."""
    from auditor.render.console import last_line, render_console
    from auditor.render.json import ReportError, read_report, render_json

    try:
        stored = read_report(Path(options.report), load_catalogue(options.rules))
    except ReportError as error:
        raise Failure(str(error)) from None
    options.status = stored.verdict.exit_code
    if options.format != "console":
        as_utf8()
    if options.format == "json":
        render_json(stored, sys.stdout)
    elif options.format == "prometheus":
        from auditor.render.prometheus import render_prometheus

        render_prometheus(stored, sys.stdout)
    elif options.format == "console":
        render_console(stored, sys.stdout, lang=options.lang)
    else:
        module = import_module(f"auditor.render.{options.format}")
        getattr(module, f"render_{options.format}")(stored, sys.stdout, lang=options.lang)
    sys.stdout.flush()
    say(last_line(stored, options.lang, None))
    return stored.verdict.exit_code
