"""What CONTRIBUTING shows stands in the files it shows."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[1]


def test_every_line_of_the_diffs_is_real() -> None:
    text = (_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown: dict[str, list[str]] = {}
    for diff in re.findall(r"```diff\n(.*?)```", text, re.DOTALL):
        for line in diff.splitlines():
            if line.startswith("+++ b/"):
                lines = shown.setdefault(line.removeprefix("+++ b/"), [])
            else:
                lines.append(line.removeprefix("+"))
    assert len(shown) == 6
    for path, lines in shown.items():
        there = (_ROOT / path).read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if line not in there] == [], path
