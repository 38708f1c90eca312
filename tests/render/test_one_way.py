"""One way to a screen: rich never gets a string of which it could make something."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

AUDITOR = Path(__file__).parents[2] / "auditor"
MODULES = sorted(AUDITOR.rglob("*.py"))
QUIET = {"markup": False, "highlight": False, "emoji": False}


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]


def imports_rich(path: Path) -> bool:
    tree = ast.parse(path.read_text("utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return any(name.split(".")[0] == "rich" for name in names)


def complaints(path: Path) -> list[str]:
    """Consoles that are not quiet, and things printed through one that may be plain strings."""
    found = []
    for call in calls(path):
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name == "Console":
            said = {word.arg: getattr(word.value, "value", None) for word in call.keywords}
            if not QUIET.items() <= said.items():
                found.append(f"{path.name}:{call.lineno}: Console without {QUIET}")
        if isinstance(call.func, ast.Attribute) and name in {"print", "log", "rule", "status", "out"}:
            for argument in call.args:
                inner = argument.func if isinstance(argument, ast.Call) else None
                text = isinstance(argument, ast.Constant | ast.JoinedStr | ast.BinOp)
                made = isinstance(inner, ast.Name) and inner.id == "safe"
                part = isinstance(argument, ast.Name) and argument.id == "part"  # typed Text or Table
                if text or not (made or part):
                    found.append(f"{path.name}:{call.lineno}: prints {ast.unparse(argument)}")
        if name in {"Text", "from_markup"} and isinstance(call.func, ast.Attribute):
            found.append(f"{path.name}:{call.lineno}: markup")
    return found


@pytest.mark.parametrize("path", [path for path in MODULES if imports_rich(path)], ids=lambda path: path.name)
def test_rich_gets_no_string(path: Path) -> None:
    assert path.parent.name == "render", "only auditor.render speaks to rich"
    assert complaints(path) == []


def test_what_would_be_caught(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("console = Console(file=out)\nconsole.print(f'{host}')\nconsole.print(name)\n")
    assert len(complaints(bad)) == 3


def test_templates_never_turn_escaping_off() -> None:
    for template in (AUDITOR.parent / "reports" / "html").iterdir():
        text = template.read_text("utf-8")
        assert "|safe" not in text.replace(" ", ""), template.name
        assert "autoescape" not in text, template.name
    assert "Markup(" not in (AUDITOR / "render" / "html.py").read_text("utf-8")
