"""known_hosts against ssh-keygen, which knows what OpenSSH finds in them."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.remote.known_hosts import find, fingerprint, known_name, matches, remember

RAW = b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))
KEY = f"ssh-ed25519 {base64.b64encode(RAW).decode()}"


@pytest.mark.parametrize(
    "host", ["ld1", "LD1", "web07.example.com", "10.0.0.5", "[10.0.0.5]:2222", "nobody", "rs1"]
)
@pytest.mark.parametrize("hashed", [False, True])
def test_it_finds_what_openssh_finds(
    host: str, hashed: bool, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    keygen = require_tool("ssh-keygen")
    path = tmp_path / "known_hosts"
    path.write_text(f"# comment\n\nld1,ld2 {KEY}\n[10.0.0.5]:2222 {KEY} a comment\nweb07.example.com {KEY}\n")
    if hashed:
        subprocess.run([keygen, "-q", "-H", "-f", path], check=True, capture_output=True)
    theirs = (
        subprocess.run([keygen, "-F", host.lower(), "-f", path], capture_output=True, check=False).returncode
        == 0
    )
    name = host if host.startswith("[") else known_name(host, 22)
    assert (RAW in find([path], [name.lower()]).keys) == theirs


@pytest.mark.parametrize(
    ("patterns", "name", "wanted"),
    [
        ("*.example.com", "web1.example.com", True),
        ("*.example.com,!bad.example.com", "bad.example.com", False),
        ("rs?", "rs1", True),
        ("rs?", "rs10", False),
        ("[10.0.0.5]:22*", "[10.0.0.5]:2222", True),
        ("[10.0.0.5]:2222", "1:2222", False),
        ("!ld1", "ld2", False),
    ],
)
def test_patterns(patterns: str, name: str, wanted: bool) -> None:
    assert matches(patterns, name) is wanted


def test_marked_lines(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(
        f"@revoked * {KEY}\n@cert-authority *.example.com {KEY}\nld1 {KEY}\nnonsense\n@odd ld1 {KEY}\n"
    )
    known = find([path], ["ld1"])
    assert (known.keys, known.revoked, known.authority) == ({RAW}, {RAW}, False)
    assert find([path], ["a.example.com"]).authority


def test_what_is_remembered_is_found(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "known_hosts"
    remember(path, ["[::1]:2222"], RAW)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    remember(path, ["ld1"], RAW)
    assert path.stat().st_mode & 0o777 == 0o600
    assert find([path], [known_name("::1", 2222)]).keys == find([path], ["ld1"]).keys == {RAW}


def test_fingerprints_as_ssh_keygen_prints_them(tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    path = tmp_path / "key.pub"
    path.write_text(f"{KEY}\n")
    said = subprocess.run(
        [require_tool("ssh-keygen"), "-l", "-f", path], capture_output=True, text=True, check=True
    )
    assert fingerprint(RAW) == said.stdout.split()[1]


@pytest.mark.usefixtures("linear")
def test_a_long_file_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(
        "".join(f"host{number},10.1.{number // 250}.{number % 250} {KEY}\n" for number in range(100_000))
    )
    for number in range(0, 100_000, 100):
        assert find([path], [f"host{number}"]).keys
