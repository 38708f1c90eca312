"""No byte that the tool writes anywhere has a secret in it, however it is written there."""

from __future__ import annotations

import base64
import contextlib
import io
import logging
import os
import re
import tempfile
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from auditor.cli import exits, main
from auditor.cli.scan import load
from auditor.collect.probes import PROBES
from auditor.collect.recorded import answer
from auditor.model.snapshot import Artifact, HostSnapshot
from auditor.parse import READERS
from auditor.remote.replay import ADDRESS, USER, Replay
from auditor.resources import DEMO

_CANARY = "c4n4ry!Zq7wXk9"
"""Every planted secret. A sign that URLs quote is in it."""

_FIELDS = {
    "authkeys": "auth 1\n1 sha1 {}\n2 md5 {} and {}\n#3 sha1 {}\n4 sha1 #{}\n{}\n",
    "ldirectord": (
        'virtual=10.9.9.9:80\n\tlogin="{}"\n\tpasswd = "{}"\n\tdatabase="{}"\n\tsecret="{}" # secret={}\n'
        '#\tpasswd="{}"\n\tpasswd={}\n passwd="{}"\n\trequest="http://u:{}@x/"\n'
        '\tcheckcommand="/bin/x --password {}"\n\tvirtualhost="token={}"\n'
        '\treal=10.0.0.2:80 gate 1 "/?password={}", "secret: {}"\nemailalert="a?password={}"\n'
    ),
    "ha.cf": (
        "stonith_host * apcmaster 10.0.0.9 {} {}\n#stonith_host ld1 x {}\nstonith x {}\n"
        "respawn root /x --token={}\n"
    ),
    "haresources": "ld1 db::password={} mount::--password={}\n",
    "keepalived": (
        'vrrp_instance a {{\n  authentication {{\n    auth_pass {}\n    auth_pass "{}"\n  # auth_pass {}\n'
        "  }}\n}}\n"
    ),
    "ifcfg": "WIRELESS_PASSWORD={}\nKEY_PASSPHRASE='{}'\n",
    "rc.local": (
        "mysql -u root -p{}\nsnmpget -v 2c -c {} h\nwget http://u:{}@h/\nipmitool -H h -P {} power\nrocommunity {}\n"
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n{}\n-----END RSA PRIVATE KEY-----\n密码：{}\n口令 = {}\n"
    ),
    "ps": "  9  1 root Wed Nov  4 10:00:00 2026 /bin/x --password {} http://u:{}@h/\n",
}
"""Every field that is there for a secret; more than once where it can be written in more than one way."""


def _planted(artifact: Artifact, format: str) -> bytes:
    """The text, its secret fields, and each of its lines with a password, a URL and a Chinese word behind it."""
    text = artifact.content.decode("utf-8", "replace")
    lines = [line for line in dict.fromkeys(text.split("\n")) if line][:30]
    more = [f"{line}{tail}" for line in lines for tail in (" password={}", " http://u:{}@h/", " 口令：{}")]
    fields = _FIELDS.get(format, "# token={}\n").replace("{{", "{").replace("}}", "}")
    return "\n".join([text.rstrip("\n"), fields, *more, ""]).replace("{}", _CANARY).encode()


def _with_secrets(host: HostSnapshot) -> HostSnapshot:
    formats = {probe.name: probe.format or probe.name for probe in PROBES}
    artifacts = {}
    for name, artifact in host.artifacts.items():
        format = formats.get(artifact.probe, artifact.probe)
        if artifact.kind in {"file", "command"} and artifact.state == "read":
            why = f"cannot log in: password={_CANARY}" if artifact.kind == "command" else None
            content = _planted(artifact, format)
            artifact = replace(artifact, content=content, why=why, size=len(content))
        artifacts[name] = artifact
    return replace(host, artifacts=artifacts)


def _written_forms() -> Iterator[bytes]:
    plain = _CANARY.encode()
    yield plain
    yield from (plain.hex().encode(), plain.hex().upper().encode(), plain.hex(" ").encode())
    yield urllib.parse.quote(_CANARY, safe="").encode()
    yield from (_CANARY.encode("utf-16-le"), _CANARY.encode("utf-16-be"))
    for shift in range(3):
        # Of a longer text in base64 the first and the last sign hang on the neighbours.
        coded = base64.b64encode(b"\0" * shift + plain)
        yield coded[4 if shift else 0 : len(coded.rstrip(b"=")) - 1]


def _assert_clean(what: str, content: bytes) -> None:
    for form in _written_forms():
        place = content.find(form)
        assert place < 0, (what, form, content[max(0, place - 200) : place + 60])


def _formats(verb: str) -> list[str]:
    """As the command's own help has them."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), pytest.raises(SystemExit):
        main([verb, "--help"])
    choices = re.search(r"--format \{([a-z,\s]+)\}", shown.getvalue())
    assert choices is not None
    return re.findall("[a-z]+", choices[1])


def test_the_search_finds_what_it_looks_for() -> None:
    for form in (
        *_written_forms(),
        *(base64.b64encode(b"x" * n + _CANARY.encode() + b"yz") for n in range(6)),
    ):
        with pytest.raises(AssertionError):
            _assert_clean("", b"before" + form + b"behind")


# The client that falls over a bug leaves the recorded servers where they stand.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_no_secret_is_written_anywhere(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    hosts = [_with_secrets(host) for host in load(DEMO).hosts]
    seen = {artifact.probe for host in hosts for artifact in host.artifacts.values() if artifact.content}
    assert {"authkeys", "ha.cf", "haresources", "ldirectord", "ifcfg", "rc.local", "ps", "sysctl"} <= seen
    keys = tmp_path / "keys"
    keys.mkdir()

    def run(*words: str | Path, status: set[int] | None = None) -> None:
        ended = main([str(word) for word in words])
        shown = capsys.readouterr()
        assert status is None or ended in status, (words, shown.err)
        _assert_clean(f"output of {words[0]}", (shown.out + shown.err).encode("utf-8", "surrogateescape"))

    with Replay({host.name: partial(answer, host) for host in hosts}) as replay:
        (keys / "identity").write_text(replay.identity)
        (keys / "identity").chmod(0o600)
        (keys / "known_hosts").write_text(replay.known_hosts)
        (tmp_path / "hosts.txt").write_text(
            "".join(f"{host} addr={ADDRESS} port={port} user={USER}\n" for host, port in replay.ports.items())
        )
        connection = (
            *("hosts.txt", "--identity", keys / "identity", "--known-hosts", keys / "known_hosts"),
            *("--ssh-config", os.devnull),
        )
        run("collect", *connection, "-o", "snapshot", status={exits.OK, exits.INCOMPLETE})
        run("check", "snapshot", "-o", "out", status={exits.FINDINGS})
        # A bug in the very place that has all secrets at hand: its log says where, and nothing else.
        with monkeypatch.context() as broken:

            def stumble(format: str, document: object) -> None:
                raise ValueError(f"{format}: {document}")

            broken.setattr("auditor.collect.redact.secret_spans", stumble)
            run("scan", *connection, "-o", "broken", status={exits.BUG})
    assert b"in stumble" in b"".join(log.read_bytes() for log in tmp_path.glob("lvsaudit-*.log"))
    stored = b"".join(path.read_bytes() for path in Path("snapshot").rglob("*") if path.is_file())
    planted = b"".join(one.content for host in hosts for one in host.artifacts.values())
    assert stored.count("«redacted:".encode()) >= planted.count(_CANARY.encode())
    for name in _formats("report"):
        run("report", Path("out") / "report.json", "-f", name)
    for lang in ("en", "zh"):
        run("report", Path("out") / "report.json", "--lang", lang)
    for name in _formats("inventory"):
        run("inventory", "snapshot", "-f", name, status={exits.OK, exits.INCOMPLETE})
    for name in _formats("diff"):
        run("diff", DEMO, "snapshot", "-f", name, status={exits.FINDINGS})
    for target in ("debian-12", "el9"):
        run("migrate", "snapshot", "--to", target, "-o", target, status={exits.FINDINGS, exits.INCOMPLETE})
        assert any(Path(target).rglob("LEDGER.md"))
    source = tmp_path / "source"
    source.mkdir()
    for artifact in hosts[0].artifacts.values():
        format = next((p.format for p in PROBES if p.name == artifact.probe), None)
        if artifact.content and format in READERS:
            (source / "file").write_bytes(artifact.content)
            run("read", source / "file", "--format", format)
            run("read", source / "file", "--format", format, "-f", "json")
    _assert_clean("log", caplog.text.encode())
    for path in tmp_path.rglob("*"):
        if path.is_file() and source not in path.parents:
            _assert_clean(str(path), path.read_bytes())
            _assert_clean(str(path), str(path).encode())
