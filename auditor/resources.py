"""Where grammars, rules and reports lie: the one module that knows.

An installed package carries them in ``auditor/data``; a checkout has them at
its top.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOT = _PACKAGE / "data" if (_PACKAGE / "data").is_dir() else _PACKAGE.parent

GRAMMARS = _ROOT / "grammars"
RULES = _ROOT / "rules"
REPORTS = _ROOT / "reports"
DEMO = _PACKAGE / "demo"
