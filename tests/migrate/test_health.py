"""The generated health checks at work: real servers on loopback that really speak HTTP, and a table that is kept.

The kernel of a test machine need not have IPVS, so ``ipvsadm.py`` stands in for it; all else is what runs on
the new director.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from auditor.derive import derive_clusters
from auditor.migrate.design import design_cluster
from auditor.migrate.health import PROGRAM, write_health
from tests.hosts.runbook import LDIRECTORD_RIGHT
from tests.hosts.snapshots import snapshot
from tests.migrate.worlds import LDIRECTORD, altered
from tests.oracles.modern import judged, under


@dataclass
class Web:
    """What a real server says: path to body; ``host``: the only name it answers to."""

    pages: dict[str, bytes]
    host: str | None = None
    status: int = 200
    seen: list[str] = field(default_factory=list)


@contextmanager
def serving(address: str, port: int, web: Web) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.seen.append(f"{self.command} {self.path} {self.headers['Host']}")
            known = web.host is None or self.headers["Host"] == web.host
            body = web.pages.get(self.path) if known else None
            self.send_response(404 if body is None else web.status)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body or b"")

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((address, port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Director:
    """The files of the first director, with its program and its table at hand."""

    def __init__(self, cf: str, folder: Path) -> None:
        files = health_files(cf)
        self.folder = folder
        (folder / "pools").mkdir()
        for path, text in files.items():
            if path.startswith("etc/lvs/pools/"):
                (folder / "pools" / Path(path).name).write_text(text)
        (folder / "lvs-health").write_text(files[PROGRAM])
        self.pools = sorted(path.stem for path in (folder / "pools").iterdir())
        stand_in = folder / "ipvsadm"
        stand_in.write_text(
            f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("ipvsadm.py")} "$@"\n'
        )
        stand_in.chmod(0o755)

    def run(self, verb: str) -> str:
        """All pools, one after the other; what was said."""
        return "".join(self._run(verb, pool) for pool in self.pools)

    def _run(self, verb: str, pool: str) -> str:
        ran = subprocess.run(
            ["bash", self.folder / "lvs-health", verb, pool],
            env={
                **os.environ,
                "LVS_POOLS": str(self.folder / "pools"),
                "LVS_STATE": str(self.folder / "state"),
                "LVS_IPVSADM": str(self.folder / "ipvsadm"),
                "LVS_TABLE": str(self.folder / "table.json"),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert ran.stderr == ""
        return ran.stdout

    def table(self) -> dict[str, Any]:
        path = self.folder / "table.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def weights(self) -> dict[str, int]:
        """Of the one service: destination to weight."""
        (service,) = self.table().values()
        return {real.rpartition(":")[0]: values[1] for real, values in service["reals"].items()}


def health_files(cf: str) -> dict[str, str]:
    """What the first director of the runbook's cluster gets with this ldirectord.cf, by the newest release."""
    world = snapshot("right")
    world = replace(world, hosts=world.hosts[:1])
    for path, old, new in (
        (LDIRECTORD, LDIRECTORD_RIGHT, cf),
        ("packages", "heartbeat-ldirectord 2.1.2 3.el4.centos", "ldirectord 4.12.0 2"),
    ):
        world = altered(world, path, old, new, ("ld1",))
    (cluster,) = derive_clusters(world)
    return {path: text for path, text, _ in write_health(design_cluster(world, cluster, "el9", "pacemaker"))}


@pytest.fixture
def director(tmp_path: Path) -> Callable[[str], Director]:
    return lambda cf: Director(cf, tmp_path)


@pytest.fixture
def port() -> int:
    """One that is free on all of 127.0.0.0/8, which Linux has whole."""
    with serving("0.0.0.0", 0, Web({})) as number:
        return number


def pool(port: int, *lines: str, quiescent: str = "no", service: str = "http") -> str:
    reals = "".join(f"    real=127.0.0.{last}:{port} gate {weight}\n" for last, weight in ((11, 7), (12, 9)))
    body = "".join(f"    {line}\n" for line in lines)
    return f"quiescent={quiescent}\nvirtual=127.0.0.100:{port}\n    service={service}\n{reals}{body}"


OK = {"/checknode.lvs": b"ok\n"}
ASK = ('request="checknode.lvs"', 'receive="^ok$"')


def test_who_answers_is_in_and_who_does_not_is_out(director: Callable[[str], Director], port: int) -> None:
    web = Web(dict(OK))
    with serving("127.0.0.11", port, Web(dict(OK))), serving("127.0.0.12", port, web):
        here = director(pool(port, *ASK, "scheduler=wrr", "persistent=600"))
        assert "in: 127.0.0.12" in here.run("start")
        ((key, service),) = here.table().items()
        assert (key, service["scheduler"], service["extra"]) == (f"-t 127.0.0.100:{port}", "wrr", "-p 600")
        assert here.weights() == {"127.0.0.11": 7, "127.0.0.12": 9}
        web.pages["/checknode.lvs"] = b"no\n"
        here.run("check")
        assert here.weights() == {"127.0.0.11": 7}
        web.pages["/checknode.lvs"] = b"ok\n"
        here.run("check")
        assert here.weights() == {"127.0.0.11": 7, "127.0.0.12": 9}
        assert here.run("check") == ""
    here.run("stop")
    assert here.table() == {}


def test_quiescent_leaves_them_with_weight_0(director: Callable[[str], Director], port: int) -> None:
    with serving("127.0.0.11", port, Web(dict(OK))):
        here = director(pool(port, *ASK, quiescent="yes"))
        with serving("127.0.0.12", port, Web(dict(OK))):
            here.run("start")
        assert here.weights() == {"127.0.0.11": 7, "127.0.0.12": 9}
        here.run("check")
        assert here.weights() == {"127.0.0.11": 7, "127.0.0.12": 0}


@pytest.mark.parametrize(
    ("receive", "body", "up"),
    [
        ("^ok$", b"ok\n", True),
        ("^ok$", b"ok", True),
        ("^ok$", b"broken\nok\n", False),
        ("ok", b"broken", True),
        ("OK", b"ok", False),
        ("a.b", b"a\nb", False),
        ("it's [0-9]+ \\w+", b"it's 42 $(reboot) `x`", False),
        ("it's [0-9]+ \\S+", b"it's 42 $(reboot) `x`", True),
        ("-e", b"a -e b", True),
        ("", b"", True),
        ("^$", b"", True),
        ("\u662f", "\u662f".encode(), True),
    ],
)
def test_receive_is_perls_expression(
    receive: str, body: bytes, up: bool, director: Callable[[str], Director], port: int
) -> None:
    lines = ['request="/c"', *([f'receive="{receive}"'] if receive else [])]
    with serving("127.0.0.11", port, Web({"/c": body})):
        here = director(pool(port, *lines))
        here.run("start")
    assert ("127.0.0.11" in here.weights()) is up


@pytest.mark.parametrize(("status", "up"), [(200, True), (204, True), (403, False), (500, False)])
def test_only_2xx_counts(status: int, up: bool, director: Callable[[str], Director], port: int) -> None:
    with serving("127.0.0.11", port, Web({"/": b"" if status == 204 else b"x"}, status=status)):
        here = director(pool(port))
        here.run("start")
    assert ("127.0.0.11" in here.weights()) is up


def test_virtualhost_method_and_own_request(director: Callable[[str], Director], port: int) -> None:
    one, two = (
        Web({"/c": b"ok"}, host="www.example.com"),
        Web({"/own?a=[1]": b"mine"}, host="www.example.com"),
    )
    cf = pool(port, 'request="/c"', 'receive="ok"', 'virtualhost="www.example.com"').replace(
        "gate 9", 'gate 9 "/own?a=[1]", "mine"'
    )
    with serving("127.0.0.11", port, one), serving("127.0.0.12", port, two):
        here = director(cf)
        here.run("start")
        assert here.weights() == {"127.0.0.11": 7, "127.0.0.12": 9}
    assert one.seen == ["GET /c www.example.com"]
    assert two.seen == ["GET /own?a=[1] www.example.com"]


def test_head_reads_no_body(director: Callable[[str], Director], port: int) -> None:
    web = Web({"/c": b"ok"})
    with serving("127.0.0.11", port, web):
        here = director(pool(port, 'request="/c"', "httpmethod=HEAD"))
        here.run("start")
        assert here.weights() == {"127.0.0.11": 7}
    assert web.seen[0].startswith("HEAD /c")


def test_fallback_comes_with_the_last_and_goes_with_the_first(
    director: Callable[[str], Director], port: int
) -> None:
    here = director(pool(port, *ASK, f"fallback=127.0.0.1:{port}"))
    here.run("start")
    assert here.weights() == {"127.0.0.1": 1}
    with serving("127.0.0.12", port, Web(dict(OK))):
        here.run("check")
        assert here.weights() == {"127.0.0.12": 9}
    here.run("check")
    assert here.weights() == {"127.0.0.1": 1}


def test_failurecount_waits_for_so_many_in_a_row(director: Callable[[str], Director], port: int) -> None:
    here = director(pool(port, *ASK, "failurecount=3"))
    with serving("127.0.0.11", port, Web(dict(OK))):
        here.run("start")
    seen = []
    for _ in range(3):
        here.run("check")
        seen.append("127.0.0.11" in here.weights())
    assert seen == [True, True, False]
    with serving("127.0.0.11", port, Web(dict(OK))):
        here.run("check")
        assert here.weights() == {"127.0.0.11": 7}
    here.run("check")
    assert here.weights() == {"127.0.0.11": 7}


def test_connect_asks_for_no_page(director: Callable[[str], Director], port: int) -> None:
    with serving("127.0.0.11", port, Web({})):
        here = director(pool(port, "checktype=connect"))
        here.run("start")
        assert here.weights() == {"127.0.0.11": 7}


def test_checkport_is_asked_and_the_service_port_served(
    director: Callable[[str], Director], port: int
) -> None:
    with serving("127.0.0.11", 0, Web({})) as other:
        here = director(pool(port, "checktype=connect", f"checkport={other}"))
        here.run("start")
    (service,) = here.table().values()
    assert list(service["reals"]) == [f"127.0.0.11:{port}"]


def test_external_gets_four_words(director: Callable[[str], Director], port: int, tmp_path: Path) -> None:
    command = tmp_path / "probe"
    command.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\n[ "$3" = 127.0.0.12 ]\n')
    command.chmod(0o755)
    here = director(pool(port, "checktype=external", f"checkcommand={command}"))
    here.run("start")
    assert here.weights() == {"127.0.0.12": 9}
    asked = sorted((tmp_path / "asked").read_text().splitlines())
    assert asked == [f"127.0.0.100 {port} 127.0.0.{last} {port}" for last in (11, 12)]


def test_a_number_connects_so_often_before_it_asks(director: Callable[[str], Director], port: int) -> None:
    with serving("127.0.0.11", port, Web({"/checknode.lvs": b"no"})):
        here = director(pool(port, *ASK, "checktype=2"))
        here.run("start")
        here.run("check")
        assert here.weights() == {"127.0.0.11": 7}
        here.run("check")
        assert here.weights() == {}
        here.run("check")
        assert here.weights() == {"127.0.0.11": 7}


def test_what_was_in_the_table_before_is_gone(director: Callable[[str], Director], port: int) -> None:
    with serving("127.0.0.11", port, Web(dict(OK))):
        here = director(pool(port, *ASK))
        (here.folder / "table.json").write_text(
            json.dumps(
                {
                    f"-t 127.0.0.100:{port}": {
                        "scheduler": "rr",
                        "extra": "",
                        "reals": {f"10.9.9.9:{port}": ["-g", 5, "0", "0"]},
                    },
                    "-t 10.0.0.1:25": {"scheduler": "rr", "extra": "", "reals": {}},
                }
            )
        )
        here.run("start")
        table = here.table()
        assert list(table[f"-t 127.0.0.100:{port}"]["reals"]) == [f"127.0.0.11:{port}"]
        assert "-t 10.0.0.1:25" in table


def test_a_round_that_waited_while_the_pool_was_stopped_does_nothing(
    director: Callable[[str], Director], port: int
) -> None:
    here = director(pool(port, *ASK))
    here.run("start")
    here.run("stop")
    here.run("check")
    assert here.table() == {}


@pytest.mark.parametrize(
    ("cf", "key", "destination"),
    [
        ("virtual=7\n real=127.0.0.11:{port} masq 2\n service=http\n", "-f 7", "127.0.0.11:{port}"),
        (
            "virtual=127.0.0.100:81\n real=127.0.0.11:{port} masq 2\n service=http\n",
            "-t 127.0.0.100:81",
            "127.0.0.11:{port}",
        ),
        (
            "virtual=127.0.0.100:81\n real=127.0.0.11:{port} ipip 2 l:3 u:9\n service=http\n checkport={port}\n",
            "-t 127.0.0.100:81",
            "127.0.0.11:81",
        ),
        ("virtual6=[::1]:81\n real6=[::1]:{port} masq 2\n service=http\n", "-t [::1]:81", "[::1]:{port}"),
        ("virtual6=9\n real6=[::1]:{port} masq 2\n service=http\n", "-f 9 -6", "[::1]:{port}"),
    ],
)
def test_marks_nat_tunnels_and_ipv6(
    cf: str, key: str, destination: str, director: Callable[[str], Director], port: int
) -> None:
    address = "::1" if "6=" in cf else "127.0.0.11"
    server = serving6 if ":" in address else serving
    with server(address, port, Web({"/": b"x"})):
        here = director(cf.format(port=port).replace("\n ", "\n    "))
        here.run("start")
        here.run("check")
    table = here.table()
    assert list(table) == [key]
    assert list(table[key]["reals"]) == [destination.format(port=port)]
    if "u:9" in cf:
        assert table[key]["reals"]["127.0.0.11:81"][2:] == ["9", "3"]


@contextmanager
def serving6(address: str, port: int, web: Web) -> Iterator[int]:
    import socket

    kept = ThreadingHTTPServer.address_family
    ThreadingHTTPServer.address_family = socket.AF_INET6
    try:
        with serving(address, port, web) as number:
            yield number
    finally:
        ThreadingHTTPServer.address_family = kept


ALL_KINDS = """\
checkinterval=1
checktimeout=2
negotiatetimeout=3
quiescent=no
virtual=127.0.0.100:{port}
    real=127.0.0.11:{port} gate 7
    real=127.0.0.12:{port} gate 9
    fallback=127.0.0.1:{port}
    service=http
    request="checknode.lvs"
    receive="^ok$"
    scheduler=wrr
virtual=127.0.0.101:{port}
    real=127.0.0.11:{port} gate 7
    real=127.0.0.12:{port} gate 9
    service=http
    request="/checknode.lvs"
    receive="ok"
    quiescent=yes
    persistent=300
    netmask=255.255.255.0
virtual=127.0.0.102:81
    real=127.0.0.11:{port} masq 2 l:3 u:9
    real=127.0.0.12:{port} masq 1
    checktype=connect
    scheduler=lc
virtual=8
    real=127.0.0.12:{port} gate 3
    checktype=external
    checkcommand={folder}/probe
virtual=127.0.0.103:{port}
    real=127.0.0.11:{port} gate 1
    checktype=off
    service=http
    fallback=127.0.0.2:{port}
virtual=127.0.0.104:{port}
    real=127.0.0.13:{port} gate 1
    checktype=on
    service=http
"""


def test_the_real_ldirectord_makes_the_same_table(port: int, tmp_path: Path) -> None:
    """The same file and the same real servers, side by side: up, one wrong, one gone, all gone, and back."""
    (tmp_path / "probe").write_text(f"#!/bin/sh\n[ -e {tmp_path}/external ]\n")
    (tmp_path / "probe").chmod(0o755)
    cf = ALL_KINDS.format(port=port, folder=tmp_path)
    here = Director(cf, tmp_path)
    (tmp_path / "real.cf").write_text(f'logfile="{tmp_path}/log"\n{cf}')
    script = (
        f"mount --bind {tmp_path}/ipvsadm /usr/sbin/ipvsadm; mount -t tmpfs tmpfs /run\n"
        f"exec perl /usr/sbin/ldirectord -d {tmp_path}/real.cf start"
    )
    theirs = tmp_path / "theirs.json"
    one, two = Web(dict(OK)), Web(dict(OK))
    with (tmp_path / "said").open("w") as said:
        daemon = subprocess.Popen(
            under(script, network=False),
            env={**os.environ, "LVS_TABLE": str(theirs)},
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        with serving("127.0.0.11", port, one):
            with serving("127.0.0.12", port, two):
                (tmp_path / "external").touch()
                here.run("start")
                agree(here, theirs, "all up")
                two.pages = {"/checknode.lvs": b"broken\nok\n"}
                here.run("check")
                agree(here, theirs, "one says something else")
            (tmp_path / "external").unlink()
            here.run("check")
            agree(here, theirs, "one gone")
        here.run("check")
        agree(here, theirs, "all gone")
        with serving("127.0.0.12", port, Web(dict(OK))):
            (tmp_path / "external").touch()
            here.run("check")
            agree(here, theirs, "one back")
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.wait()


def agree(here: Director, theirs: Path, phase: str) -> None:
    """The daemon comes to the table that ours has, and its next rounds leave it so."""
    mine = here.table()
    deadline = time.monotonic() + 120
    while (found := json.loads(theirs.read_text() or "{}") if theirs.exists() else {}) != mine:
        unlike = {
            key: (mine.get(key), found.get(key)) for key in mine | found if mine.get(key) != found.get(key)
        }
        assert time.monotonic() < deadline, (phase, unlike, (here.folder / "said").read_text()[-2000:])
        time.sleep(0.1)


def test_shellcheck_takes_the_program_and_the_pools(tmp_path: Path) -> None:
    cf = pool(80, 'request="/a b$(x)`y`"', 'receive="it\'s !\\"', "fallback=127.0.0.1:80", "persistent=5")
    here = Director(cf, tmp_path)
    text = (here.folder / "pools" / f"{here.pools[0]}.conf").read_text()
    (tmp_path / "pool.sh").write_text(
        f"#!/bin/bash\n# shellcheck disable=SC2034,SC2016,SC1003\nreal() {{ :; }}\n{text}"
    )
    (tmp_path / "bad.sh").write_text((tmp_path / "lvs-health").read_text() + "\necho $unquoted[1]\n")
    ran = judged(
        "shellcheck lvs-health pool.sh; echo good $?; shellcheck bad.sh >/dev/null; echo bad $?", tmp_path
    )
    assert "good 0" in ran.stdout, ran.stdout
    assert "bad 0" not in ran.stdout
