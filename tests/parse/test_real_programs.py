"""What the real programs of this machine print, run and refuse, against what the readers make of it."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.facts import FilterRule, Interface, Script
from tests.conftest import require
from tests.parse.outcome import reading, value


@pytest.fixture(scope="session")
def network(require_tool: Callable[[str], str]) -> Callable[[str], str]:
    """Runs a script in a network namespace of its own, where nothing that it does is seen outside."""
    require_tool("unshare")
    if os.geteuid() != 0:
        require("only root has network namespaces")

    def run(script: str) -> str:
        command = ["unshare", "--net", "sh", "-ec", script]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return run


def test_ifconfig_and_ip_show_the_same_interfaces(
    network: Callable[[str], str], require_tool: Callable[[str], str]
) -> None:
    require_tool("ifconfig")
    old, new = network(
        """
        ip link set lo up; ip addr add 10.0.0.9/32 dev lo label lo:9
        ip link add eth0 type veth peer name eth1; ip link set eth0 arp off mtu 1400 up
        ip addr add 10.0.1.1/28 brd + dev eth0; ip addr add 10.0.1.2/28 brd + dev eth0 label eth0:2
        ifconfig -a; echo ---; ip addr show
        """
    ).split("---\n")

    def told(interfaces: tuple[Interface, ...]) -> dict[str, object]:
        return {
            one.name: (
                one.kind,
                one.mac if one.kind == "ether" else None,
                one.mtu,
                one.up,
                one.arp,
                sorted((ip.address, ip.prefix, ip.label) for ip in one.addresses if ip.family == 4),
            )
            for one in interfaces
        }

    assert told(value("ifconfig", old)) == told(value("ip-addr", new))


def test_route_and_ip_show_the_same_routes(
    network: Callable[[str], str], require_tool: Callable[[str], str]
) -> None:
    require_tool("route")
    old, new = network(
        """
        ip link set lo up; ip link add eth0 type veth peer name eth1; ip link set eth0 up; ip link set eth1 up
        ip addr add 10.0.1.1/28 dev eth0; ip route add default via 10.0.1.14; ip route add 10.9.0.0/16 via 10.0.1.2
        ip route add 10.0.0.9 dev lo; ip route add unreachable 10.8.0.0/16
        route -n; echo ---; ip route show
        """
    ).split("---\n")
    told = [
        {(one.destination, one.gateway, one.kind) for one in value(format, text)}
        for format, text in (("route", old), ("ip-route", new))
    ]
    assert told[0] == told[1]


_RULES = """
{x}iptables{y} -t mangle -A PREROUTING -d 10.0.0.9 -p tcp -m multiport --dports 80,443 -j MARK --set-mark 1
{x}iptables{y} -A INPUT ! -s 10.0.0.0/8 -p udp --dport 694 -m comment --comment "it's \\"x\\" -j DROP" -j ACCEPT
{x}iptables{y} -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
{x}iptables{y} -t nat -A PREROUTING -d 10.0.0.9 -p tcp --dport 80 -j REDIRECT --to-ports 8080
"""


@pytest.mark.parametrize("kind", ["legacy", "nft"])
def test_a_rule_is_the_same_as_it_is_given_and_as_it_is_saved(
    kind: str, network: Callable[[str], str], require_tool: Callable[[str], str]
) -> None:
    require_tool(f"iptables-{kind}")
    given_rules = _RULES.format(x="", y=f"-{kind}")
    saved = value("iptables", network(given_rules + f"iptables-{kind}-save"))
    script = reading("rc.local", given_rules.replace(f"-{kind}", ""))
    assert script.unparsed == ()
    asked = [command.rule for command in script.value.commands]

    def told(rule: FilterRule) -> tuple[object, ...]:
        ends = tuple((end or "").removesuffix("/32") for end in (rule.source, rule.destination))
        return (
            *(rule.table, rule.chain, rule.target, rule.protocol, ends, rule.ports, rule.to, rule.set_mark),
            *(rule.states, rule.negated, rule.others),
        )

    assert sorted(map(told, saved.rules), key=str) == sorted(map(told, asked), key=str)


def test_arptables_silences_what_it_was_told_to(
    network: Callable[[str], str], require_tool: Callable[[str], str]
) -> None:
    require_tool("arptables-nft")
    drop, mangle = value(
        "arptables",
        network(
            """
            arptables-nft -A INPUT -d 10.0.0.9 -j DROP
            arptables-nft -A OUTPUT -s 10.0.0.9 -j mangle --mangle-ip-s 10.0.0.1
            arptables-nft-save
            """
        ),
    ).rules
    assert (drop.chain, drop.destination, drop.target) == ("INPUT", "10.0.0.9", "DROP")
    assert (mangle.source, mangle.target, mangle.to) == ("10.0.0.9", "mangle", "10.0.0.1")


def test_the_kernel_tells_of_a_socket_that_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listening = value("proc-net-tcp", Path("/proc/net/tcp").read_text())
        assert ("127.0.0.1", server.getsockname()[1]) in {(one.address, one.port) for one in listening}


# -- scripts, as the shell runs them ----------------------------------------

_COMMAND = st.just("ifconfig lo:0 @ up")
_PLAIN = _COMMAND | st.sampled_from(
    (
        "true",
        "# ifconfig lo:0 10.9.9.9 up",
        "echo ifconfig lo:0 10.9.9.9 up",
        "true && ifconfig lo:0 @ up",
        "false && ifconfig lo:0 @ up",
        "false || ifconfig lo:0 @ up; ifconfig lo:1 @",
        "V=1; ifconfig lo:$V @ up # a comment",
        "ifconfig lo:0 \\\n  @ \\\n  up",
        ": <<E; ifconfig lo:0 @\nifconfig lo:0 10.9.9.9 up\nE",
        ": <<-'E F'\n\tifconfig lo:0 10.9.9.9 up\n\tE F",
        "X='\nifconfig lo:0 10.9.9.9 up\n'",
        'X="\nifconfig lo:0 10.9.9.9 up # \\"\n"',
    )
)


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=3).map("\n".join)
    word = st.sampled_from(("true", "false", "[ -e / ]", "! true"))
    return st.one_of(
        st.tuples(word, body).map(lambda two: f"if {two[0]}; then\n{two[1]}\nfi"),
        st.tuples(word, body, body).map(
            lambda three: f"if {three[0]}\nthen {three[1]}\nelse\n{three[2]}\nfi"
        ),
        body.map(lambda one: f"for i in 1 2\ndo\n{one}\ndone"),
        body.map(lambda one: f"while false; do\n{one}\ndone"),
        body.map(lambda one: f"{{\n{one}\n}}"),
        body.map(lambda one: f"(\n{one}\n)"),
        body.map(lambda one: f"f() {{\n{one}\n}}\nf"),
        body.map(lambda one: f"never()\n{{\n{one}\n}}"),
        st.tuples(body, body).map(
            lambda two: f'case "$0" in\nsta*|x)\n{two[0]}\n;;\n(*) {two[1]}\nesac',
        ),
    )


_SCRIPTS = st.lists(
    st.recursive(_PLAIN, _blocks, max_leaves=6) | st.just("exit 0"), min_size=1, max_size=6
).map("\n".join)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(text=_SCRIPTS)
def test_what_has_nothing_around_it_is_run_and_nothing_else_runs_that_was_not_seen(text: str) -> None:
    numbers = count(1)
    pieces = text.split("@")
    text = pieces[0] + "".join(f"10.0.0.{next(numbers)}{piece}" for piece in pieces[1:]) + "\n"
    sourced = ["sh", "-c", 'ifconfig() { echo "RAN $2"; }; . /dev/stdin', "start"]
    ran = subprocess.run(sourced, input=text, capture_output=True, text=True, check=False)
    done = [line.split()[1] for line in ran.stdout.splitlines() if line.startswith("RAN")]
    script: Script = reading("rc.local", text).value
    sure = [command.address for command in script.commands if not command.where]
    assert [address for address in done if address in sure] == sure, ran.stderr
    assert set(done) <= {command.address for command in script.commands}
    assert "10.9.9.9" not in {command.address for command in script.commands}
