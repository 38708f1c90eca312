from __future__ import annotations

from auditor.cli import run

run()
