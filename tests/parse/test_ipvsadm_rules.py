"""The saved IPVS table, and commands of ipvsadm that it takes or refuses."""

from __future__ import annotations

import pytest

from tests.parse.outcome import left, reading, value


def test_a_saved_table_is_the_table_that_it_makes() -> None:
    found = value(
        "ipvsadm-rules",
        """\
        # saved by hand
        -A -t 202.75.216.173:80 -s wrr -p 600 -M 255.255.255.0
        -a -t 202.75.216.173:80 -r 202.75.216.164:8080 -g -w 9 -x 100 -y 80
        ipvsadm -a -t 202.75.216.173:80 -r 202.75.216.165 -m
        -A -f 10 -6 -s mh -b mh-port,mh-fallback
        -a -f 10 -6 -r [2001:db8::2]:0 -i -w 0 --tun-type gue --tun-port 6080 --tun-nocsum
        --add-service --udp-service=10.0.0.1:53 --scheduler rr --ops
        --set 900 120 300
        --start-daemon master --mcast-interface eth1 --syncid 7
        """,
    )
    web, mark, dns = found.services
    assert (web.name, web.scheduler, web.persistent, web.netmask) == (
        "202.75.216.173:80", "wrr", 600, "255.255.255.0",
    )  # fmt: skip
    assert [
        (one.address, one.port, one.forwarding, one.weight, one.upper, one.active) for one in web.reals
    ] == [
        ("202.75.216.164", 80, "gate", 9, 100, None),  # the service's port, whatever is written
        ("202.75.216.165", 80, "masq", 1, None, None),
    ]
    assert (mark.mark, mark.family, mark.flags, mark.reals[0].tunnel) == (
        10, 6, ("mh-port", "mh-fallback"), "gue:6080:nocsum",
    )  # fmt: skip
    assert (dns.protocol, dns.ops, dns.port) == ("udp", True, 53)
    assert (found.timeouts.udp, found.daemons[0].interface, found.accepted) == (300, "eth1", True)
    assert (web.reals[0].at.line, web.reals[0].at.column, web.reals[0].at.end_column) == (3, 28, 47)


def test_later_commands_change_what_earlier_ones_made() -> None:
    (service,) = value(
        "ipvsadm-rules",
        """\
        -A -t 10.0.0.9:80
        -a -t 10.0.0.9:80 -r 10.0.0.1
        -a -t 10.0.0.9:80 -r 10.0.0.2
        -e -t 10.0.0.9:80 -r 10.0.0.1 -w 0
        -d -t 10.0.0.9:80 -r 10.0.0.2
        -d -t 10.0.0.9:80 -r 10.0.0.1:8080
        -E -t 10.0.0.9:80 -s rr
        """,
    ).services
    assert (service.scheduler, [(one.address, one.weight) for one in service.reals]) == (
        "rr",
        [("10.0.0.1", 0)],
    )
    assert value("ipvsadm-rules", "-A -t 10.0.0.9:80\n-C\n").services == ()
    assert value("ipvsadm-rules", "-A -t 10.0.0.9:80\n-D -t 10.0.0.9:80\n").services == ()


@pytest.mark.parametrize(
    "line",
    [
        " # a comment that does not begin the line",
        "-A -t 10.0.0.9:80 ops",  # as 1.25 wrote it
        "-A -t 10.0.0.9",  # no port, not persistent
        "-A -t 10.0.0.9:80 -o",
        "-A -t 10.0.0.999:80",
        "-A -t 10.0.0.9:80 -t 10.0.0.8:80",
        "-A -t 10.0.0.9:99999",
        "-A -f 0",
        "-A -s rr",
        "-a -t 10.0.0.9:80",
        "-a -t 10.0.0.9:80 -r 10.0.0.1 -w 70000",
        "-a -t 10.0.0.9:80 -r 10.0.0.1 -w -1",
        "-a -t 10.0.0.9:80 -r 10.0.0.1 -g -m",
        "--set 900 120",
        "--set 0 0 abc",
        "-A -t 10.0.0.9:80 --unheard-of",
        "-t 10.0.0.9:80 -A",
        "-aA -t 10.0.0.9:80 -r 10.0.0.1",  # two commands
        "-A -t 10.0.0.9:80 -w 1",  # an option of another command
        "-C -t 10.0.0.9:80",
        "-a -t 10.0.0.9:80 -r [2001:db8::1]:80",
        "-A -t 10.0.0.9:80 -s rr -b sh-port",
        "-A -6 -f 1",
        "-a -t 10.0.0.9:80 -r 10.0.0.1 --tun-type gue --tun-port 6080",  # no tunnel
        "-a -t 10.0.0.9:80 -r -g",
    ],
)
def test_what_ipvsadm_refuses_is_not_understood(line: str) -> None:
    found = reading("ipvsadm-rules", f"-A -t 10.0.0.9:81\n{line}\n")
    assert ([one.at.line for one in found.unparsed], found.value.accepted) == ([2], False)
    assert [(note.severity, note.code, note.at.line) for note in found.diagnostics] == [
        ("error", "refused", 2)
    ]


def test_a_real_server_of_no_service_is_told_of() -> None:
    found = reading("ipvsadm-rules", "-a -t 10.0.0.9:80 -r 10.0.0.1\n")
    assert ([note.code for note in found.diagnostics], found.value.services) == (["no-such-service"], ())


def test_names_stay_names() -> None:
    (service,) = value("ipvsadm-rules", "-A -t www.example.com:http\n").services
    assert (service.name, service.address, service.port) == (
        "www.example.com:http",
        "www.example.com",
        None,
    )
    assert left("ipvsadm-rules", "-A -t www/x:http\n") == [1]
