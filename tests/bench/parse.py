"""Read texts of 10 to 200,000 real servers, beside other ways to do it.

    python -m tests.bench.parse [--reals 10 1000 20000 200000] [--rounds 5] [--formats ldirectord ipvsadm ...]

Every reading is a process of its own, warmed up on a small text, its garbage collected as seldom as lvsaudit has it,
and all ways take turns, round by round. What is printed are medians: CPU seconds of the reading, MB/s, what it added to
the process's peak memory, and the time as a multiple of the hand-written expressions. These (regex) and pyparsing give
bare tuples of text; the readers of lvsaudit give typed facts, every value checked as the daemon checks it and with its
place. What such facts alone cost shows "facts": the same expressions, which make a fact with a place of each real
server and check nothing more. ldirectord is the real one, its parser alone; it is not asked where its own square law
would take minutes.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from auditor.cli import collect_seldom
from tests.oracles.ldirectord import PROGRAM

_EACH = 20
"""Real servers of a virtual service."""

_PERL = Path(__file__).parents[1] / "oracles/ldirectord.pl"
_SLOWEST_PERL, _SLOWEST_PYPARSING = 1000, 20_000


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reals", type=int, nargs="+", default=[10, 1000, 20_000, 200_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--formats", nargs="+", default=list(_TEXTS), choices=list(_TEXTS))
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return _child(*options.child)
    print(f"{'':14}{'reals':>8}{'MB':>8}  {'':10}{'CPU s':>9}{'MB/s':>8}{'+MiB':>7}{'x regex':>9}")
    for format in options.formats:
        linear: dict[int, float] = {}
        for reals in options.reals:
            size = len(_text(format, reals)) / 1e6
            costs: dict[str, list[tuple[float, float]]] = {way: [] for way in _ways(format, reals)}
            for _ in range(options.rounds if reals <= 20_000 else min(options.rounds, 3)):
                for way, found in costs.items():
                    found.append(_measure(way, format, reals))
            regex = statistics.median(seconds for seconds, _ in costs["regex"])
            for way, found in costs.items():
                seconds = statistics.median(seconds for seconds, _ in found)
                memory = statistics.median(memory for _, memory in found)
                first = f"{format:14}{reals:8}{size:8.3f}" if way == "lvsaudit" else f"{'':30}"
                print(
                    f"{first}  {way:10}{seconds:9.4f}{size / seconds:8.2f}{memory:7.0f}{seconds / regex:9.1f}",
                    flush=True,
                )
                if way == "lvsaudit":
                    linear[reals] = seconds
        if {20_000, 200_000} <= linear.keys():
            print(f"{'':14}ten times the text takes {linear[200_000] / linear[20_000]:.1f} times as long\n")
    return 0


def _ways(format: str, reals: int) -> list[str]:
    ways = ["lvsaudit", "regex", "facts"]
    if reals <= _SLOWEST_PYPARSING:
        ways.append("pyparsing")
    if format == "ldirectord" and PROGRAM.exists() and reals <= _SLOWEST_PERL:
        ways.append("ldirectord")
    return ways


def _measure(way: str, format: str, reals: int) -> tuple[float, float]:
    """CPU seconds, and MiB added to the peak."""
    if way == "ldirectord":
        return max(_perl(reals) - _perl(0), 1e-4), 0
    command = [sys.executable, "-m", "tests.bench.parse", "--child", way, format, str(reals)]
    said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    if said["reals"] != reals:
        raise SystemExit(f"{way} found {said['reals']} of {reals} real servers in {format}")
    return said["seconds"], said["memory"]


def _perl(reals: int) -> float:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(_text("ldirectord", reals))
        Path(file.name).chmod(0o644)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = subprocess.run(
            ["perl", _PERL, PROGRAM, "600"], input=file.name.encode(), check=True, stdout=subprocess.PIPE
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = sum(len(virtual["reals"]) for virtual in json.loads(said.stdout)["virtuals"])
    if found != reals:
        raise SystemExit(f"ldirectord found {found} of {reals} real servers")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _child(way: str, format: str, reals: str) -> int:
    reader = {"lvsaudit": _lvsaudit, "regex": _regex, "facts": _facts, "pyparsing": _pyparsing}[way](format)
    text = _text(format, int(reals))
    collect_seldom()
    reader(_text(format, _EACH))
    before = _peak()
    start = time.process_time()
    found = reader(text)
    seconds = time.process_time() - start
    memory = _peak() - before
    print(json.dumps({"seconds": seconds, "memory": memory, "reals": found}))
    return 0


def _peak() -> float:
    """MiB. What getrusage tells begins with the peak of the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


# -- texts ------------------------------------------------------------------


def _text(format: str, reals: int) -> bytes:
    head, virtual, real, foot = _TEXTS[format]
    parts = [head]
    for number in range(0, reals, _EACH):
        count = min(_EACH, reals - number)
        high, low = divmod(number // _EACH, 250)
        parts.append(virtual.format(high=high, low=low))
        parts += [real.format(high=high, low=low, n=n + 2, weight=n % 9 + 1) for n in range(count)]
        parts.append(foot)
    return "".join(parts).encode()


_TEXTS = {
    "ldirectord": (
        "checktimeout=3\nquiescent=no\n\n",
        "virtual=10.{high}.{low}.1:80\n",
        "\treal=172.{high}.{low}.{n}:80 gate {weight}\n",
        '\tservice=http\n\trequest="check.html"\n\tscheduler=wrr\n\tprotocol=tcp\n\n',
    ),
    "ipvsadm": (
        "IP Virtual Server version 1.2.0 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"
        "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n",
        "TCP  10.{high}.{low}.1:80 wrr\n",
        "  -> 172.{high}.{low}.{n}:80               Route   {weight}      0          0         \n",
        "",
    ),
    "ipvsadm-rules": (
        "",
        "-A -t 10.{high}.{low}.1:80 -s wrr\n",
        "-a -t 10.{high}.{low}.1:80 -r 172.{high}.{low}.{n}:80 -g -w {weight}\n",
        "",
    ),
    "keepalived": (
        "",
        "virtual_server 10.{high}.{low}.1 80 {{\n    lb_algo wrr\n    lb_kind DR\n    protocol TCP\n",
        "    real_server 172.{high}.{low}.{n} 80 {{\n        weight {weight}\n    }}\n",
        "}}\n".replace("}}", "}"),
    ),
}
"""Head; then for each virtual service what begins it, a real server, and what ends it."""


# -- ways to read them ------------------------------------------------------


def _lvsaudit(format: str) -> Callable[[bytes], int]:
    from auditor import parse
    from auditor.parse.text import read_document

    counts: dict[str, Callable[[object], int]] = {
        "ldirectord": lambda value: sum(len(virtual.reals) for virtual in value.virtuals),  # type: ignore[attr-defined]
        "ipvsadm": lambda value: sum(len(service.reals) for service in value.services),  # type: ignore[attr-defined]
    }

    def read(content: bytes) -> int:
        reading = parse.read(format, read_document(content, source=format))
        if reading.unparsed:
            raise SystemExit(f"lvsaudit leaves {reading.unparsed[0]}")
        return counts[format](reading.value) if format in counts else _count(reading.value)

    return read


def _count(value: object) -> int:
    """Real servers of a value that holds services."""
    return sum(len(one.reals) for one in getattr(value, "services", None) or getattr(value, "virtuals", ()))


_LINES = {
    "ldirectord": (
        r"virtual=(\S+):(\d+)[ \t]*$",
        r"(?: {4}|\t)[ \t]*real=([0-9.]+):(\d+)[ \t]+(gate|masq|ipip)(?:[ \t]+(\d+))?[ \t]*$",
    ),
    "ipvsadm": (
        r"(TCP|UDP)[ ]+([0-9.]+):(\d+)[ ]+([a-z]+)[ ]*$",
        r"[ ]+->[ ]([0-9.]+):(\d+)[ ]+(Route|Masq|Tunnel|Local)[ ]+(\d+)[ ]+(\d+)[ ]+(\d+)[ ]*$",
    ),
    "ipvsadm-rules": (
        r"-A -(t|u) ([0-9.]+):(\d+) -s ([a-z]+)$",
        r"-a -(?:t|u) \S+ -r ([0-9.]+):(\d+) -(g|m|i) -w (\d+)$",
    ),
    "keepalived": (
        r"virtual_server[ ]+([0-9.]+)[ ]+(\d+)[ ]*\{$",
        r"[ ]+real_server[ ]+([0-9.]+)[ ]+(\d+)[ ]*\{$",
    ),
}
"""A virtual service and a real server, as one would write them by hand."""


def _regex(format: str) -> Callable[[bytes], int]:
    virtual, real = (re.compile(expression) for expression in _LINES[format])

    def read(content: bytes) -> int:
        services: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = []
        for line in content.decode().split("\n"):
            if (match := real.match(line)) is not None:
                services[-1][1].append(match.groups())
            elif (match := virtual.match(line)) is not None:
                services.append((match.groups(), []))
        return sum(len(reals) for _, reals in services)

    return read


def _facts(format: str) -> Callable[[bytes], int]:
    from auditor.model.facts import IpvsReal, KeepalivedReal, RealServer
    from auditor.model.place import At

    makers: dict[str, Callable[..., object]] = {
        "ldirectord": lambda at, address, port, forwarding, weight: RealServer(
            address=address, port=int(port), forwarding=forwarding, weight=int(weight), at=at
        ),
        "ipvsadm": lambda at, address, port, forwarding, weight, active, inactive: IpvsReal(
            address=address,
            port=int(port),
            forwarding=forwarding,
            weight=int(weight),
            active=int(active),
            inactive=int(inactive),
            at=at,
        ),
        "ipvsadm-rules": lambda at, address, port, forwarding, weight: IpvsReal(
            address=address,
            port=int(port),
            forwarding=forwarding,
            weight=int(weight),
            active=None,
            inactive=None,
            at=at,
        ),
        "keepalived": lambda at, address, port: KeepalivedReal(
            address=address, port=int(port), forwarding=None, weight=1, inhibit=False, checks=(), at=at
        ),
    }
    virtual, real = (re.compile(expression) for expression in _LINES[format])
    make = makers[format]

    def read(content: bytes) -> int:
        services: list[tuple[tuple[str, ...], list[object]]] = []
        for number, line in enumerate(content.decode().split("\n"), 1):
            if (match := real.match(line)) is not None:
                column = match.start(1) + 1
                at = At(host="", source=format, line=number, column=column, end_column=match.end(1) + 1)
                services[-1][1].append(make(at, *match.groups()))
            elif (match := virtual.match(line)) is not None:
                services.append((match.groups(), []))
        return sum(len(reals) for _, reals in services)

    return read


def _pyparsing(format: str) -> Callable[[bytes], int]:
    import pyparsing as pp

    pp.ParserElement.set_default_whitespace_chars(" \t\n" if format == "keepalived" else " \t")
    end = pp.LineEnd().suppress()
    address, number = pp.Word(pp.nums + "."), pp.Word(pp.nums)
    place = address + pp.Suppress(":") + number
    word = pp.Word(pp.alphas)
    other = ~(pp.Literal("virtual") | "TCP" | "->" | "-A" | "-a" | "real") + pp.rest_of_line + end
    if format == "ldirectord":
        virtual = pp.Suppress("virtual=") + place + end
        real = pp.Suppress("real=") + place + pp.one_of("gate masq ipip") + pp.Optional(number) + end
    elif format == "ipvsadm":
        virtual = pp.one_of("TCP UDP") + place + word + end
        real = (
            pp.Suppress("->") + place + pp.one_of("Route Masq Tunnel Local") + number + number + number + end
        )
        other = pp.Optional(pp.Literal("-> RemoteAddress")) + other
    elif format == "keepalived":
        virtual = pp.Suppress("virtual_server") + address + number + pp.Suppress("{")
        real = pp.Suppress("real_server") + address + number + pp.Suppress("{")
        other, end = pp.one_of("lb_algo lb_kind protocol weight") + (word | number), pp.Suppress("}")
    else:
        virtual = pp.Suppress("-A") + pp.one_of("-t -u") + place + pp.Suppress("-s") + word + end
        real = pp.Suppress("-a") + pp.one_of("-t -u") + place + pp.Suppress("-r") + place
        real = real + pp.one_of("-g -m -i") + pp.Suppress("-w") + number + end
    line = pp.Group(real)("real*") | pp.Group(virtual) | other.suppress() | end
    head = pp.SkipTo("TCP").suppress() if format == "ipvsadm" else pp.Empty()
    text = head + line[...]

    def read(content: bytes) -> int:
        return len(text.parse_string(content.decode(), parse_all=False).get("real", ()))

    return read


if __name__ == "__main__":
    sys.exit(main())
