"""A snapshot comes back as it was written, or is refused with a place and a next step."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from auditor.collect.store import SnapshotError, Store, host_id, load_snapshot
from auditor.model.inventory import Inventory, Target
from auditor.model.place import At
from auditor.model.snapshot import Artifact, HostError, HostSnapshot, Ssh
from auditor.resources import REPORTS

NOW = "2026-11-22T10:00:00Z"


def inventory(*names: str) -> Inventory:
    at = At(host="", source="hosts.txt", line=1)
    return Inventory(
        source="hosts.txt", targets=tuple(Target(name=name, at=at, address="10.0.0.1") for name in names)
    )


def file(path: str, content: bytes = b"x\n", **values: Any) -> Artifact:
    return Artifact(
        **{
            "id": path,
            "probe": "hosts",
            "kind": "file",
            "state": "read",
            "path": path,
            "content": content,
            **values,
        }
    )


def host(name: str, *artifacts: Artifact, **values: Any) -> HostSnapshot:
    facts = {"id": host_id(name), "name": name, "address": "10.0.0.1", "status": "ok", **values}
    return HostSnapshot(**facts, artifacts={artifact.id: artifact for artifact in artifacts})


FULL = host(
    "ld1",
    file("/etc/hosts", b"127.0.0.1 localhost\n", mode="0644", owner="root", group="root", mtime=NOW, size=20),
    file("/etc/sysconfig/network-scripts/ifcfg-lo:0 (copy)\n%", bytes(range(256)), redactions=1),
    file("/etc/sysctl.d/.." + "é" * 200, b""),
    file("/etc/rc.local", b"#!/bin/sh\n", kind="link", target="rc.d/rc.local"),
    file("/etc/rc.d/rc3.d/S75heartbeat", b"", kind="link", target="../init.d/heartbeat"),
    file("/etc/inittab", b"", state="absent"),
    file("/etc/ha.d/authkeys", b"", state="unreadable", why="Permission denied"),
    Artifact(id="ip-addr", probe="ip-addr", kind="command", state="read", argv=("ip", "addr"), exit_status=0,
             content=b"1: lo"),
    status="partial",
    user="root",
    port=2222,
    jump=("bastion",),
    roles=frozenset({"director", "real"}),
    cluster="web",
    os="el4",
    encoding="gb18030",
    ssh=Ssh(server="s", kex="k", host_key="h", cipher="c", mac="m", fingerprint="f", legacy=("ssh-rsa",)),
    errors=(HostError(host="ld1", stage="collect", code="unreadable", message="m"),),
)  # fmt: skip


@pytest.fixture
def written(tmp_path: Path) -> Path:
    store = Store(tmp_path / "snapshot")
    store.begin(inventory("ld1", "Web 07"), NOW)
    store.write(FULL)
    store.write(host("Web 07", file("/etc/hosts")))
    store.finish(NOW)
    store.close()
    return tmp_path / "snapshot"


def test_what_was_written_comes_back(written: Path) -> None:
    snapshot = load_snapshot(written)
    assert (snapshot.started, snapshot.finished, [one.name for one in snapshot.hosts]) == (
        NOW,
        NOW,
        ["ld1", "Web 07"],
    )
    back = snapshot.hosts[0]
    for artifact in back.artifacts.values():
        sent = FULL.artifacts[artifact.id]
        assert (artifact.content, artifact.state, artifact.target, artifact.mode) == (
            sent.content, sent.state, sent.target, sent.mode,
        )  # fmt: skip
    assert list(back.artifacts) == list(FULL.artifacts)
    assert (back.ssh, back.errors, back.roles, back.jump) == (FULL.ssh, FULL.errors, FULL.roles, FULL.jump)


def test_a_person_can_look_into_it_and_nobody_else(written: Path) -> None:
    assert (written / "hosts/ld1/files/etc/hosts").read_bytes() == b"127.0.0.1 localhost\n"
    assert (written / "hosts/ld1/commands/ip-addr.txt").read_bytes() == b"1: lo"
    assert not (written / "hosts/ld1/files/etc/inittab").exists()
    for path in [written, *written.rglob("*")]:
        status = path.lstat()
        assert stat.S_IMODE(status.st_mode) == (0o700 if path.is_dir() else 0o600), path
        assert all(sign.isascii() and sign.isprintable() for sign in path.name)


def test_both_files_are_as_the_schema_says(written: Path) -> None:
    schema = json.loads((REPORTS / "schema/snapshot.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads((written / "snapshot.json").read_text()))
    parts = {"$ref": "#/$defs/host", "$defs": schema["$defs"]}
    Draft202012Validator(parts).validate(json.loads((written / "hosts/ld1/host.json").read_text()))


def test_host_ids_are_plain_different_and_stable() -> None:
    names = [
        "ld1",
        "LD1",
        "ld1.",
        "../ld1",
        "10.0.0.1",
        "2001:db8::1",
        ".",
        "..",
        "",
        "x" * 300,
        "机器",
        "a/b",
        "a-b",
        ".a",
    ]
    ids = [host_id(name) for name in names]
    assert len({name.lower() for name in ids}) == len(names)
    assert (ids[0], ids[4], host_id("ld1")) == ("ld1", "10.0.0.1", "ld1")
    assert host_id(ids[1]) != ids[1]
    assert all(len(name) < 80 and name[0].isalnum() and "/" not in name for name in ids)


def test_a_host_that_was_never_visited_is_missing_out_loud(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    store.begin(inventory("ld1", "ld2"), NOW)
    store.write(host("ld1"))
    snapshot = load_snapshot(tmp_path / "s")
    assert snapshot.finished is None
    assert [(one.status, [error.code for error in one.errors]) for one in snapshot.hosts] == [
        ("ok", []),
        ("unreachable", ["not_collected"]),
    ]


def test_resume_skips_whole_hosts_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "s"
    names = ("whole", "secret", "partial", "down", "torn", "new")
    store = Store(path)
    store.begin(inventory(*names[:5]), NOW)
    store.write(host("whole", file("/etc/hosts")))
    store.write(host("secret", file("/etc/hosts", redactions=1)))
    store.write(host("partial", status="partial"))
    store.write(host("torn", file("/etc/hosts")))
    (path / "hosts/torn/files/etc/hosts").write_bytes(b"")
    store.close()
    again = Store(path, resume=True)
    assert again.begin(inventory(*names), "2030-01-01T00:00:00Z") == {"whole"}
    assert sorted(entry.name for entry in (path / "hosts").iterdir()) == ["whole"]
    assert load_snapshot(path).started == NOW


def test_a_folder_is_used_once_and_by_one(written: Path, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"there is a snapshot already.*--resume"):
        Store(written)
    with pytest.raises(SnapshotError, match="nothing to resume"):
        Store(tmp_path / "new", resume=True)
    first = Store(tmp_path / "busy")
    with pytest.raises(SnapshotError, match="another run is writing"):
        Store(tmp_path / "busy")
    first.close()
    Store(tmp_path / "busy").close()


def test_a_host_that_cannot_be_written_leaves_nothing_half_written(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    store.begin(inventory("ld1"), NOW)
    store.write(host("ld1", file("/etc/hosts", b"old")))
    clash = (file("/etc/hosts"), file("/etc//hosts"))
    with pytest.raises(SnapshotError, match="cannot be written"):
        store.write(host("ld1", *clash))
    assert [entry.name for entry in (tmp_path / "s/hosts").iterdir()] == ["ld1"]
    assert load_snapshot(tmp_path / "s").hosts[0].artifacts["/etc/hosts"].content == b"old"


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    code = f"""
import sys; sys.path.insert(0, {str(Path.cwd())!r})
from tests.collect.test_store import *
path = Path({str(tmp_path)!r})
store = Store(path / "s"); store.begin(inventory("ld1", "ld2"), NOW); store.write(host("ld1", file("/etc/hosts")))
try:
    store.write(host("ld2", file("/etc/hosts", b"x" * (1 << 20))))
except SnapshotError as error:
    print(error)
there = sorted(entry.name for entry in (path / "s/hosts").iterdir())
print(there, [one.status for one in load_snapshot(path / "s").hosts])
"""
    mount = f'mount -t tmpfs -o size=512k none {tmp_path} && exec .venv/bin/python -c "$0"'
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*namespace, "true"], capture_output=True).returncode
    ):
        pytest.skip("needs unshare and the right to use it")
    run = subprocess.run([*namespace, "sh", "-c", mount, code], capture_output=True, text=True)
    error, rest = run.stdout.splitlines()
    assert (
        "hosts/ld2: cannot be written: No space left on device. Make room, then go on with --resume" in error
    )
    assert rest == "['ld1'] ['ok', 'unreachable']"


def edit(path: Path, change: str, to: str) -> None:
    text = path.read_text()
    assert change in text
    path.write_text(text.replace(change, to, 1))


def replace_by_link(path: Path, target: str) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to(target)


HOST, HOSTS, INDEX = "hosts/ld1/host.json", "hosts/ld1/files/etc/hosts", "snapshot.json"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda root: (root / INDEX).unlink(), "there is no snapshot.json here"),
        (lambda root: (root / INDEX).write_text("[" * 100000), "snapshot.json: it is not JSON"),
        (lambda root: (root / INDEX).write_text("[]"), "snapshot.json: it is not a JSON object"),
        (lambda root: edit(root / INDEX, '"1.0"', '"2.0"'), "schema version '2.0'"),
        (lambda root: edit(root / INDEX, '"ld1"', '"../ld1"'), "snapshot.json: hosts[0].id"),
        (lambda root: edit(root / INDEX, '"ld1"', '"ld3"'), "under a folder that is not its own"),
        (lambda root: edit(root / HOST, '"partial"', '"perfect"'), "host.json: status: 'perfect'"),
        (lambda root: edit(root / HOST, '"errors"', '"surprise": 1, "errors"'), "'surprise' was unexpected"),
        (lambda root: edit(root / HOST, "files/etc/hosts", "files/../../../x"), "host.json: artifacts[0].stored"),
        (lambda root: edit(root / HOST, '"ld1"', '"ld2"'), "of another host than ld1"),
        (lambda root: (root / HOSTS).write_bytes(b"evil"), "its bytes are not those that were collected"),
        (lambda root: (root / HOSTS).unlink(), "files/etc/hosts: it is missing"),
        (lambda root: os.truncate(root / HOSTS, 1 << 40), "it is larger than"),
        (lambda root: replace_by_link(root / HOSTS, "/etc/hosts"), "a link leads elsewhere"),
        (lambda root: replace_by_link(root / HOSTS, "hosts"), "a link"),
        (lambda root: replace_by_link(root / "hosts/ld1/files", "/"), "a link leads elsewhere"),
        (lambda root: ((root / HOSTS).unlink(), os.mkfifo(root / HOSTS)), "it is not a plain file"),
    ],
)  # fmt: skip
def test_what_was_tampered_with_is_refused(written: Path, damage: Any, said: str) -> None:
    damage(written)
    with pytest.raises(SnapshotError) as error:
        load_snapshot(written)
    assert said in str(error.value)
    assert error.value.advice
