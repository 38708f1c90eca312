"""The reader and the real ipvsadm 1.31 make the same of any command.

Names are left out: whether they resolve is the director's, not the command's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import require
from tests.oracles import ipvsadm
from tests.oracles.ipvsadm import Ipvsadm, Server, Service
from tests.parse.outcome import reading


@pytest.fixture(scope="module")
def program() -> Iterator[Ipvsadm]:
    if not ipvsadm.PROGRAM.exists():
        require("ipvsadm is not unpacked: make test")
    with Ipvsadm() as running:
        yield running


def _after(option: str, *values: str) -> st.SearchStrategy[tuple[str, ...]]:
    """The option and its value, or the two in one word."""
    apart = st.sampled_from(values).map(lambda value: (option, value))
    return apart | st.sampled_from(values).map(lambda value: (f"{option}{value}",))


_FOUR = (
    "10.0.0.1:80",
    "10.0.0.2:8080",
    "10.0.0.1",
    "10.0.0.1:0",
    "10.1:080",
    "012.0.0.1:+80",
    "0xa000001:80",
)
_SIX = (
    "[2001:db8::1]:80",
    "2001:db8::1",
    "[2001:DB8:0::2]:0",
    "[2001:db8::1]",
    "[10.0.0.1]:80",
    "[10.0.0.1]",
)
_NONE = ("10.0.0.256:80", "10.0.0.1:65536", "10.0.0.1:", ":80", "10.0.0.1:-1", "+1.0.0.1:80", "")
_PLACES = (*_FOUR, *_FOUR, *_SIX, *_NONE)
_MARKS = ("1", "007", "+5", "0", "-1", "4294967295", "4294967296", "0x10", "x")
_NUMBERS = (
    "0",
    "1",
    "5",
    "007",
    "+3",
    "255",
    "256",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "-1",
    "1.5",
    "x",
)

# Above 65535, which the manual of all releases sets as the limit, 1.31 goes on to 2147483647; the reader does not.
_WEIGHTS = ("0", "1", "007", "+3", "65535", "2147483648", "-1", "1.5", "x")

_SERVICE = (
    _after("-t", *_PLACES)
    | _after("-u", *_PLACES)
    | _after("-f", *_MARKS)
    | st.sampled_from(_PLACES).map(lambda place: ("--sctp-service", place))
)
_KIND = st.one_of(
    _after("-s", "rr", "wlc", "sh", "mh", "RR"),
    _after("-b", "sh-port", "sh-fallback,sh-port", "mh-port,flag-1", "flag-1,flag-3,", "flag-4", ""),
    st.sampled_from([("-p",), ("-o",), ("-6",), ("--pe", "sip"), ("-p", "--sort")]),
    _after("-p", "600", "0", "2678400", "2678401", "x"),
    _after("-M", "255.255.255.0", "255.255.255.255", "255.255", "24", "64", "128", "129", "255.0.0.256", "x"),
)
_SERVER = st.one_of(
    st.sampled_from([("-g",), ("-m",), ("-i",), ("-gm",), ("-gg",), ("--masquerading",), ("-gw3",)]),
    _after("-w", *_WEIGHTS),
    _after("-x", *_NUMBERS),
    _after("-y", *_NUMBERS),
)
_TUNNEL = st.one_of(
    st.sampled_from(["ipip", "gue", "gre", "vxlan"]).map(lambda kind: ("--tun-type", kind)),
    st.sampled_from(["6080", "0", "65536"]).map(lambda port: ("--tun-port", port)),
    st.sampled_from([("--tun-nocsum",), ("--tun-csum",), ("--tun-remcsum",)]),
)
_SYNC = st.one_of(
    st.sampled_from(_NUMBERS).map(lambda number: ("--syncid", number)),
    st.just(("--mcast-interface", "eth1")),
)
_ANY = st.one_of(
    st.sampled_from([("-n",), ("-A",), ("-aA",), ("-Z",), ("--nosort",), ("x",), ("--unheard-of",)]),
    _SERVICE,
    _KIND,
    _SERVER,
    _TUNNEL,
    _SYNC,
    _after("-r", *_PLACES),
)


def _command(
    verbs: list[tuple[str, ...]],
    *needed: st.SearchStrategy[tuple[str, ...]],
    more: st.SearchStrategy[tuple[str, ...]],
) -> st.SearchStrategy[list[str]]:
    """Often what the verb needs and takes, at times anything."""
    return st.builds(
        lambda verb, given, options, strays: [
            word for part in (verb, *given, *options, *strays) for word in part
        ],
        st.sampled_from(verbs),
        st.tuples(*needed),
        st.lists(more, max_size=3),
        st.just([]) | st.just([]) | st.lists(_ANY, max_size=1),
    )


_COMMANDS = st.one_of(
    _command([("-A",), ("-E",), ("--add-service",)], _SERVICE, more=_KIND),
    _command([("-a",), ("-e",), ("--add-server",)], _SERVICE, _after("-r", *_PLACES), more=_SERVER),
    _command([("-a",)], _SERVICE, _after("-r", *_PLACES), st.just(("-i",)), more=_TUNNEL),
    _command([("-D",), ("-Z",)], _SERVICE, more=_ANY),
    _command([("-d",)], _SERVICE, _after("-r", *_PLACES), more=_ANY),
    _command([("-C",), ("-Z",), ("-A",), ("-a",)], more=_ANY),
    _command(
        [("--set", *times) for times in (("900", "120", "300"), ("0", "+1", "2678400"), ("1", "2"))],
        more=_ANY,
    ),
    _command([("--start-daemon", role) for role in ("master", "backup", "both")], more=_SYNC),
    _command([("--stop-daemon", role) for role in ("master", "both")], more=_SYNC),
)


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(_COMMANDS)
@example(["-a", "-A", "-t", "10.0.0.1:80", "-r", "10.0.0.2"])
@example(["-a", "-f", "1", "-r", "[2001:db8::1]:80", "-i"])
@example(["-a", "-f", "1", "-6", "-r", "10.0.0.1", "-i"])
def test_any_command(program: Ipvsadm, words: list[str]) -> None:
    words = [word for word in words if word]  # a line cannot hold an empty word
    verdict = program.ask(words)
    found = reading("ipvsadm-rules", " ".join(words) + "\n")
    assert bool(found.unparsed) == (verdict.refusal is not None), verdict.refusal
    if verdict.service is None:
        return
    (command,) = found.facts
    service, server = _as_asked(command)
    if command.verb == "delete-server":
        assert (server.address, server.port) == (verdict.server.address, verdict.server.port)
    else:
        assert server == verdict.server
    if command.verb in {"add-service", "edit-service"}:
        assert service == verdict.service
    else:
        asked = verdict.service
        number = 0 if asked.mark else asked.protocol
        kind = {0: "fwm", 6: "tcp", 17: "udp", 132: "sctp"}[number]
        assert (command.protocol, command.name) == (kind, str(asked.mark or f"{asked.address}:{asked.port}"))


def _as_asked(command: Any) -> tuple[Service | None, Server | None]:
    """What a command adds or takes away, as ipvsadm puts it to the kernel."""
    service, server = None, None
    if (one := command.service) is not None:
        service = Service(
            protocol={"tcp": 6, "udp": 17, "sctp": 132, "fwm": 6}[one.protocol],
            address=one.address or "0.0.0.0",
            port=one.port or 0,
            mark=one.mark or 0,
            scheduler=one.scheduler,
            persistent=one.persistent,
            ops=one.ops,
            flags=tuple(sorted(flag for flag in one.flags)),
            netmask=one.netmask or "255.255.255.255",
        )
    if (real := command.real) is not None:
        server = Server(
            address=real.address,
            port=real.port or 0,
            forwarding=real.forwarding,
            weight=real.weight,
            upper=real.upper or 0,
            lower=real.lower or 0,
        )
    return service, server
