"""HOSTS: what a person writes, what is understood, and how a mistake is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.inventory import Target
from auditor.parse.inventory import InventoryError, read_inventory
from auditor.parse.text import read_document


def read(text: str | bytes) -> dict[str, Target]:
    content = text if isinstance(text, bytes) else text.encode()
    return {
        target.name: target for target in read_inventory(read_document(content, source="hosts.txt")).targets
    }


def problems(text: str) -> list[str]:
    with pytest.raises(InventoryError) as caught:
        read(text)
    return list(caught.value.problems)


def test_a_plain_list() -> None:
    hosts = read(
        "# the cluster\nld1\nroot@10.0.0.5:2222   # behind the old door\n; not this one\n[2001:db8::10]:22\nfe80::1\n"
    )
    assert list(hosts) == ["ld1", "10.0.0.5", "2001:db8::10", "fe80::1"]
    assert (hosts["10.0.0.5"].user, hosts["10.0.0.5"].port) == ("root", 2222)
    assert hosts["2001:db8::10"].port == 22
    assert str(hosts["10.0.0.5"].at) == "hosts.txt:3"


def test_keys_and_ansibles_names_for_them() -> None:
    one = read(
        "ld2 addr=202.75.216.163 role=director,real jump=a,b@c:22 cluster=web sudo=yes encoding=gb18030"
    )["ld2"]
    assert (one.address, one.roles, one.jump) == ("202.75.216.163", {"director", "real"}, ("a", "b@c:22"))
    assert (one.cluster, one.sudo, one.encoding) == ("web", True, "gb18030")
    two = read(
        "rs1 ansible_host=10.0.0.9 ansible_user=audit ansible_port=2200 ansible_ssh_private_key_file=~/k"
    )["rs1"]
    assert (two.address, two.user, two.port, two.identity) == ("10.0.0.9", "audit", 2200, "~/k")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("web[01:03].example.com", ["web01.example.com", "web02.example.com", "web03.example.com"]),
        ("202.75.216.[163:165]", ["202.75.216.163", "202.75.216.164", "202.75.216.165"]),
        ("rs[a:c]", ["rsa", "rsb", "rsc"]),
        ("n[1:9:4]", ["n1", "n5", "n9"]),
        ("r[1:2]-[1:2]", ["r1-1", "r1-2", "r2-1", "r2-2"]),
    ],
)
def test_ranges(pattern: str, names: list[str]) -> None:
    assert list(read(pattern)) == names


def test_groups_give_roles_and_keys_and_the_nearest_word_wins() -> None:
    hosts = read(
        "rs9 port=9\n[directors]\nld1\nld2\n[realservers]\nld2\nrs1\nrs9\n[realservers:vars]\nuser=audit\nport=2200\n"
        "[site:children]\nrealservers\ndirectors\n[site:vars]\nuser=root\ncluster=web\n"
    )
    assert hosts["ld2"].roles == {"director", "real"}
    assert (hosts["ld1"].roles, hosts["ld1"].user, hosts["ld1"].cluster) == ({"director"}, "root", "web")
    assert (hosts["rs1"].user, hosts["rs1"].port) == ("audit", 2200)
    assert hosts["rs9"].port == 9


def test_a_key_says_more_than_the_name_of_a_group_and_all_is_the_outermost() -> None:
    hosts = read(
        "rs7\n[directors]\nld2\n[directors:vars]\nrole=director,real\n[realservers:children]\nwest\n[west]\nrs1\nld3\n"
        "[site:children]\ndirectors\n[site:vars]\nuser=audit\n[all:vars]\nuser=root\nport=2200\n[lb]\nld3\n"
    )
    assert {name: set(host.roles) for name, host in hosts.items()} == {
        "rs7": set(),
        "ld2": {"director", "real"},
        "rs1": {"real"},
        "ld3": {"director", "real"},
    }
    assert {name: (host.user, host.port) for name, host in hosts.items()} == {
        "rs7": ("root", 2200),
        "ld2": ("audit", 2200),
        "rs1": ("root", 2200),
        "ld3": ("root", 2200),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ld1 rolee=real", "hosts.txt:1:5: unknown key 'rolee'; did you mean role?"),
        ("ld1 role=reel", "hosts.txt:1:5: role: unknown role 'reel'; did you mean real?"),
        ("ld1 port=99999", "hosts.txt:1:5: port: '99999' is no port: a number from 1 to 65535"),
        (
            "ld1\nld1 port=1\nld1 port=2",
            "hosts.txt:3:5: port for ld1 is different in line 2; keep one of the two",
        ),
        ("ld1 ld2", "hosts.txt:1:5: 'ld2' is no key=value; one host a line, then its keys"),
        ("[g:vrs]", "hosts.txt:1:4: [g:vrs] is no section; did you mean vars?"),
        ("ld1\n[a:children]\nb", "hosts.txt:3:1: there is no group b; known: a, all"),
        ("x[9:1]", "hosts.txt:1:1: [9:1] is no range; write the lower end first"),
        ("n[00:0a]", "hosts.txt:1:1: 'n[00:0a]': a range is written [01:20] or [a:f], with a step [01:20:2]"),
        ("n[0:99999][0:99999]", "stands for more than 65536 hosts"),
        ("10.0.0.[250:260]", "'10.0.0.256' is no IPv4 address; four numbers to 255, without leading zeros"),
        ("10.0.0.[01:09]", "'10.0.0.01' is no IPv4 address"),
        ("ld1 port=000001234567", "is no port"),
        ("ld1 port=٢٢", "is no port"),
        ("ld1 role=", "hosts.txt:1:5: role: unknown role ''"),
        ("ld1 addr=10.0.0.300", "hosts.txt:1:5: addr: '10.0.0.300' is no IPv4 address"),
        ("ld1 addr=\x1b[31mx", "hosts.txt:1:5: addr: '\\x1b[31mx' is no host name"),
        ("ld1 jump=b:99999", "hosts.txt:1:5: jump: '99999' is no port"),
        ("ld1 jump=x@-oProxyCommand", "hosts.txt:1:5: jump: '-oProxyCommand' is no host name"),
        ("ld1 jump=b[1:2]", "hosts.txt:1:5: jump: 'b[1:2]' is more than one host"),
        ("ld1 identity='/a", "hosts.txt:1:5: identity: the quote is not closed"),
        (
            "ld1 ansible_ssh_user=x",
            "hosts.txt:1:5: unknown key 'ansible_ssh_user'; did you mean ansible_user?",
        ),
        ("ld1 user = x", "hosts.txt:1:9: write key=value, without a blank at the ="),
        ("[directors\nld1", "hosts.txt:1:1: '[directors': a bracket is open; write a section as [name]"),
        (
            "[directors]\nld1\n[directrs:vars]\nuser=x",
            "hosts.txt:3:2: there is no group directrs; did you mean directors?",
        ),
        ("[a]\nld1\n[b:children]\na ld2", "hosts.txt:4:2: only the name of a group stands here"),
        ("[a]\nld1\n[b:children]\nall", "hosts.txt:4:1: all is around every group already"),
        (
            "[a]\nr[1:9]\n[b]\nr[1:9]\n[a:vars]\nuser=x\n[b:vars]\nuser=y",
            "hosts.txt:8:1: user for r1 is different in line 6",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, said: str) -> None:
    (problem,) = problems(text)
    assert said in problem


def test_every_mistake_is_told_at_once() -> None:
    assert [said.split(": ")[0] for said in problems("a/b\nld1 prt=1 user=-x\n[x:children]\ny\n")] == [
        "hosts.txt:1:1",
        "hosts.txt:2:5",
        "hosts.txt:2:11",
        "hosts.txt:4:1",
    ]


def test_a_name_cannot_become_an_option_and_a_password_has_no_place() -> None:
    assert "not a dash first" in problems("-oProxyCommand=x")[0]
    for line in (
        "ld1 password=hunter2",
        "ld1 ansible_ssh_pass=hunter2",
        "root:hunter2@ld1",
        "ld1 user=root:hunter2",
    ):
        said = problems(line)[0]
        assert "--ask-pass" in said
        assert "hunter2" not in said


def test_nothing_in_it() -> None:
    assert "no host in it" in problems("# nothing\n")[0]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_what_editors_leave_behind(ending: str) -> None:
    text = ending.join(["\ufeffld1\tport=22", "\tld2  ", ""])
    assert list(read(text.encode())) == ["ld1", "ld2"]


@given(st.text(max_size=200) | st.text(alphabet="[]:#; =@a1\n\t-.", max_size=80))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    said: tuple[str, ...] = ()
    try:
        read(text.encode())
    except InventoryError as error:
        said = error.problems
    assert all(problem.startswith("hosts.txt") for problem in said)


@pytest.mark.usefixtures("linear")
def test_many_lines_are_read_to_their_end() -> None:
    text = "[realservers]\n" + "".join(
        f"web{n:04} addr=10.0.{n // 250}.{n % 250 + 1} user=audit cluster=c{n % 7}  # rack {n}\n"
        for n in range(20_000)
    )
    assert len(read(text)) == 20_000
