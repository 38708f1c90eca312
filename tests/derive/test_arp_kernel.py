"""The decision table against this machine's kernel: two network namespaces, a wire between them, real ARP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count, product
from pathlib import Path

import pytest

from auditor.derive.arp import decide

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are made by root")

OWN = "10.75.0.2"
NEAR, FAR = "10.75.0.9", "192.0.2.9"  # a VIP in the interface's subnet, and one outside
PLACES = ("lo", "lo-host", "wire")
IGNORE = (0, 1, 2, 3, 4, 7, 8, 9)
ANNOUNCE = (0, 1, 2, 3)


class Asked:
    """A namespace with an interface ``wire``, whose other end lies in a neighbour's namespace."""

    def __init__(self) -> None:
        self._held = [self._namespace() for _ in range(2)]
        here, there = (str(process.pid) for process in self._held)
        run(
            "ip", "link", "add", "wire", "netns", here, "type", "veth", "peer", "name", "wire", "netns", there
        )
        self._inside(1, "ip addr add 10.75.0.1/24 dev wire; ip link set wire up")
        self._inside(0, f"ip addr add {OWN}/24 dev wire; ip link set lo up; ip link set wire up")
        self._hearing = self._helper(1, "hear", "wire")
        self._sending = self._helper(0, "send")
        self._fresh = (f"10.75.0.{number}" for number in count(20))

    @staticmethod
    def _namespace() -> subprocess.Popen[str]:
        held = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo ready; exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert held.stdout is not None
        assert held.stdout.readline() == "ready\n"
        return held

    def _enter(self, which: int) -> list[str]:
        return ["nsenter", "--target", str(self._held[which].pid), "--net"]

    def _inside(self, which: int, script: str) -> None:
        run(*self._enter(which), "sh", "-ec", script)

    def _helper(self, which: int, *words: str) -> subprocess.Popen[str]:
        program = Path(__file__).with_name("neighbour.py")
        return subprocess.Popen(
            [*self._enter(which), sys.executable, str(program), *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def place(self, where: str, vip: str) -> None:
        device, _, scope = where.partition("-")
        self._inside(
            0,
            f"ip addr flush dev lo; ip addr flush dev wire; ip addr add {OWN}/24 dev wire;"
            f"ip addr add {vip}/32 dev {device} scope {scope or 'global'}",
        )

    def set(self, name: str, every: int, own: int) -> None:
        folder = "/proc/sys/net/ipv4/conf"
        self._inside(0, f"echo {every} >{folder}/all/{name}; echo {own} >{folder}/wire/{name}")

    def answers(self, address: str) -> bool:
        return say(self._hearing, f"ask {address}") == "yes"

    def announces(self, vip: str) -> bool:
        """Whether a packet from the VIP makes the kernel ask for its target in the name of the VIP."""
        target = next(self._fresh)
        say(self._sending, f"{vip} {target}")
        return say(self._hearing, f"heard {target}") == vip

    def end(self) -> None:
        for process in (self._hearing, self._sending, *self._held):
            assert process.stdin is not None
            process.stdin.close()
            process.wait(5)


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=20)


def say(process: subprocess.Popen[str], line: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


@pytest.fixture(scope="module")
def asked(require_tool: Callable[[str], str]) -> Iterator[Asked]:
    for tool in ("ip", "unshare", "nsenter"):
        require_tool(tool)
    namespaces = Asked()
    yield namespaces
    namespaces.end()


def test_the_whole_decision_table(asked: Asked) -> None:
    """Answering depends on arp_ignore, announcing on arp_announce: each is asked once for every place of a VIP."""
    wrong = []
    for where, vip in product(PLACES, (NEAR, FAR)):
        asked.place(where, vip)
        asked.set("arp_announce", 0, 2)
        answers = {}
        for value in IGNORE:
            asked.set("arp_ignore", 0, value)
            answers[value] = "unreachable" if not asked.answers(OWN) else asked.answers(vip)
        announces = {}
        asked.set("arp_ignore", 0, 1)
        for value in ANNOUNCE:
            asked.set("arp_announce", 0, value)
            announces[value] = asked.announces(vip)
        for ignore, announce in product(IGNORE, ANNOUNCE):
            model, _ = decide(
                hidden=where != "wire",
                scope_host=where == "lo-host",
                in_subnet=vip == NEAR,
                arp_ignore=ignore,
                arp_announce=announce,
            )
            kernel = (
                "unreachable"
                if answers[ignore] == "unreachable"
                else "answers"
                if answers[ignore]
                else "announces"
                if announces[announce]
                else "silent"
            )
            if model != kernel:
                wrong.append(f"{vip} on {where}, {ignore} {announce}: {model}, but the kernel {kernel}")
    assert wrong == []


def test_the_greater_of_all_and_the_interface_is_in_force(asked: Asked) -> None:
    asked.place("lo", NEAR)
    for every, own in product((0, 1, 3, 4, 8), repeat=2):
        asked.set("arp_ignore", every, own)
        model, _ = decide(
            hidden=True, scope_host=False, in_subnet=True, arp_ignore=max(every, own), arp_announce=2
        )
        assert asked.answers(NEAR) is (model == "answers"), (every, own)
    asked.set("arp_ignore", 1, 1)
    for every, own in product((0, 1, 2, 3), repeat=2):
        asked.set("arp_announce", every, own)
        model, _ = decide(
            hidden=True, scope_host=False, in_subnet=True, arp_ignore=1, arp_announce=max(every, own)
        )
        assert asked.announces(NEAR) is (model == "announces"), (every, own)
