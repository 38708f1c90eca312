"""However it is installed, the program finds its data, and site-packages gains one name."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = (
    "from auditor.resources import DEMO, GRAMMARS, REPORTS, RULES; from auditor.judge.rules import load_rules;"
    "from auditor.parse import read; from auditor.parse.text import read_document;"
    "assert load_rules(RULES) and (REPORTS / 'schema' / 'report.json').is_file();"
    "assert (DEMO / 'snapshot.json').is_file();"
    "assert read('authkeys', read_document(b'auth 1', source='x')); print(GRAMMARS)"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel and an sdist; the wheel is made from the sdist, as for users."""
    folder = tmp_path_factory.mktemp("dist")
    uv = shutil.which("uv") or str(ROOT / ".cache" / "uv" / "bin" / "uv")
    subprocess.run([uv, "build", "--quiet", "--out-dir", folder, ROOT], check=True, capture_output=True)
    return folder


def run_installed(site: Path, tmp_path: Path) -> str:
    """The program in a Python whose site-packages is ``site``, with our dependencies behind it."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(site)!r}]; {PROGRAM}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_wheel(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    names = {entry.name for entry in site.iterdir()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"auditor"}
    assert not list((site / "auditor" / "data").rglob("*.py"))
    (entry_points,) = site.glob("*.dist-info/entry_points.txt")
    assert "lvsaudit = auditor.cli:run" in entry_points.read_text()
    assert run_installed(site, tmp_path) == str(site / "auditor" / "data" / "grammars")


def test_sdist(built: Path, tmp_path: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (top,) = (entry for entry in tmp_path.iterdir() if entry.is_dir())
    assert run_installed(top, tmp_path) == str(top / "grammars")


def test_editable(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == str(ROOT / "grammars")
