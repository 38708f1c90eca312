"""keepalived.conf: what half-moved sites balance and move with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.parse.outcome import left, reading, value

SITE = """\
! the site's own
global_defs { router_id LVS_1 }
include /etc/keepalived/more.conf
vrrp_instance VI_1 {
    state BACKUP                # comment
    interface eth0
    virtual_router_id 51
    priority 80
    nopreempt
    lvs_sync_daemon_interface eth1
    authentication {
        auth_type PASS
        auth_pass "a #1"
    }
    virtual_ipaddress {
        10.0.0.9/24 dev eth1 label eth1:vip
        2001:db8::9
    }
}
virtual_server 10.0.0.9 80{
    lb_algo wrr
    lb_kind DR
    persistence_timeout 50
    sorry_server 127.0.0.1 80
    real_server 10.0.0.1 80
    {
        weight 3
        inhibit_on_failure
        TCP_CHECK { connect_port 81 }
    }
    real_server 10.0.0.2 80 {
    }
}
virtual_server fwmark 1 {
    lb_kind NAT
}
virtual_server_group G {
    10.0.0.3-8 80
    fwmark 2
}
virtual_server group G {
    protocol UDP
}
"""


def test_virtual_services() -> None:
    found = value("keepalived", SITE)
    web, mark, group = found.virtuals
    assert (web.name, web.protocol, web.scheduler, web.forwarding, web.persistent) == (
        "10.0.0.9:80", "tcp", "wrr", "gate", 50,
    )  # fmt: skip
    assert [(one.address, one.weight, one.inhibit) for one in web.reals] == [
        ("10.0.0.1", 3, True),
        ("10.0.0.2", 1, False),
    ]
    assert (web.fallback.address, web.fallback.port) == ("127.0.0.1", 80)
    assert [(one.kind, one.port) for one in web.reals[0].checks] == [("TCP_CHECK", 81)]
    assert (mark.mark, mark.protocol, mark.forwarding) == (1, "fwm", "masq")
    assert (group.group, group.protocol, found.groups[0].members) == (
        "G", "udp", ("10.0.0.3-8 80", "fwmark 2"),
    )  # fmt: skip
    assert (web.at.line, web.reals[0].at.line) == (20, 25)


def test_instances_and_what_was_not_read() -> None:
    found = value("keepalived", SITE)
    (one,) = found.instances
    assert (one.name, one.state, one.router_id, one.priority, one.preempt, one.sync_interface) == (
        "VI_1", "BACKUP", 51, 80, False, "eth1",
    )  # fmt: skip
    assert [(vip.address, vip.prefix, vip.interface, vip.label) for vip in one.addresses] == [
        ("10.0.0.9", 24, "eth1", "eth1:vip"),
        ("2001:db8::9", 128, "eth0", None),
    ]
    secret = next(setting for setting in one.settings if setting.key == "auth_pass")
    assert (secret.value, secret.section) == ("a #1", "authentication")
    assert [setting.value for setting in found.includes] == ["/etc/keepalived/more.conf"]


def test_lines_for_some_hosts_are_told_of() -> None:
    found = value("keepalived", "vrrp_instance A {\n @ld1 priority 9\n}\n")
    assert ([at.line for at in found.conditional], found.instances[0].priority) == ([2], 9)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("}\n", [1]),
        ("vrrp_instance A {\n}\n}\n", [3]),
        ('notify "x\n', [1]),
        ("a {\n" * 60, list(range(51, 61))),
        (f"global_defs {{\n router_id {'a' * 1100}\n}}\n", [2]),
    ],
)
def test_what_is_not_understood(text: str, lines: list[int]) -> None:
    assert left("keepalived", text) == lines


def test_a_block_that_never_ends_is_told_of() -> None:
    found = reading("keepalived", "vrrp_instance A {\n priority 9\n")
    assert [(note.code, note.at.line) for note in found.diagnostics] == [("brace", 1)]
    assert found.value.instances[0].priority == 9


def test_what_keepalived_passes_over_is_told_of() -> None:
    found = reading(
        "keepalived", "vrrp_instanse A {\n priority 9\n}\n$VIP=10.0.0.9\nglobal_defs\n{\n nonsense\n}\n"
    )
    assert [(note.severity, note.code, note.at.line) for note in found.diagnostics] == [
        ("warning", "unknown-keyword", 1)
    ]
    assert [one.key for one in found.value.strange] == ["vrrp_instanse"]


def test_keepalived_takes_the_same_file(tmp_path: Path, require_tool) -> None:  # type: ignore[no-untyped-def]
    keepalived = require_tool("keepalived")
    path = tmp_path / "keepalived.conf"
    path.write_text(SITE.replace("include /etc/keepalived/more.conf\n", "").replace("eth0", "lo"))
    checked = subprocess.run([keepalived, "-t", "-f", path], capture_output=True, text=True, check=False)
    complaints = [line for line in checked.stderr.splitlines() if "nknown keyword" in line or "race" in line]
    assert complaints == []
    path.write_text("vrrp_instance A {\n}\n}\n")
    checked = subprocess.run([keepalived, "-t", "-f", path], capture_output=True, text=True, check=False)
    assert "Line 3" in checked.stderr
