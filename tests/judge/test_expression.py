"""The rule language on a small world of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.judge.expression import (
    ExpressionError,
    parse_expression,
    parse_members,
    parse_template,
    shape_of,
)
from auditor.model.place import At, Prose, Unknown

GONE = Unknown(why=Prose(en="permission denied", zh="权限不足"), at=At(host="h", source="/gone"))


def at(line: int) -> At:
    return At(host="h", source="/f", line=line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    name: str
    ignore: int | Unknown
    tags: tuple[str, ...]
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    user: str
    since: int | None
    note: Prose
    ats: tuple[At, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    name: str
    up: bool | Unknown
    roles: frozenset[str]
    ports: tuple[int | Unknown, ...] | Unknown
    owner: Owner | None | Unknown
    nics: tuple[Nic | Unknown, ...] | None | Unknown

    @property
    def title(self) -> str:
        return self.name.upper()


NICS = (
    Nic(name="eth0", ignore=1, tags=("lan",), at=at(1)),
    Nic(name="eth1", ignore=0, tags=("wan", "bond"), at=at(2)),
    Nic(name="lo", ignore=GONE, tags=(), at=at(3)),
)
WORLD = World(
    name="ld1",
    up=True,
    roles=frozenset({"director", "real"}),
    ports=(80, 443),
    owner=Owner(user="root", since=None, note=Prose(en="by hand", zh="手工"), ats=(at(8), at(9))),
    nics=NICS,
)
SCOPE = {"w": shape_of(World)}


def value(text: str, world: World = WORLD) -> Any:
    return parse_expression(text, SCOPE).evaluate({"w": world}).value


def lines(text: str, world: World = WORLD) -> list[int | None]:
    return [place.line for place in parse_expression(text, SCOPE).truth({"w": world}).ats]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w.name == 'ld1'", True),
        ("w.name != 'ld1'", False),
        ("w.title == 'LD1'", True),
        ("lower(w.title) == w.name", True),
        ("w.name in ['ld1', 'ld2']", True),
        ("w.name not in ('ld1', 'ld2')", False),
        ("'d1' in w.name", True),
        ("w.name < 'ld2'", True),
        ("1 < len(w.ports) <= 2", True),
        ("len(w.roles & {'director', 'vip'}) == 1", True),
        ("w.roles - {'real'} == {'director'}", True),
        ("w.roles | {'vip'} >= {'vip', 'real'}", True),
        ("set(nic.name for nic in w.nics if 'lan' in nic.tags) == {'eth0'}", True),
        ("all(port > 79 for port in w.ports)", True),
        ("all(w.ports)", True),
        ("any(port == 443 for port in w.ports if port > 100)", True),
        ("any(port == 80 for port in w.ports if port > 100)", False),
        ("same(w.ports)", False),
        ("same(len(nic.tags) < 3 for nic in w.nics)", True),
        ("same(port for port in w.ports if port == 1)", True),
        ("not w.up or w.owner.user == 'root'", True),
        ("(\n  w.up  # a remark\n  and w.name == 'ld1'\n)", True),
        ("w.owner.since is None", True),
        ("w.owner.since == None", True),
        ("w.owner.since != 5", True),
        ("w.owner.since > 5", False),
        ("w.owner.since <= 5", False),
        ("w.owner.since in [1, None]", True),
    ],
)
def test_known_values_give_what_python_gives(text: str, expected: bool) -> None:
    assert value(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w.owner is None", True),
        ("w.owner.user is None", True),
        ("w.owner.user == 'root'", False),
        ("lower(w.owner.user) == 'root'", False),
        ("len(w.nics) == 0", True),
        ("all(nic.ignore == 1 for nic in w.nics)", True),
        ("any(nic.ignore == 1 for nic in w.nics)", False),
        ("set(nic.name for nic in w.nics) == set(())", True),
    ],
)
def test_there_is_nothing_in_none(text: str, expected: bool) -> None:
    assert value(text, replace(WORLD, owner=None, nics=None)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # decided without the unknown
        ("False and w.up", False),
        ("w.up and False", False),
        ("w.up or True", True),
        ("any(nic.ignore == 1 for nic in w.nics)", True),
        ("all(nic.ignore == 1 for nic in w.nics)", False),
        ("same(nic.ignore for nic in w.nics)", False),
        ("all(nic.name in ['eth0', 'eth1', 'lo'] for nic in w.nics if nic.ignore == 1)", True),
        ("any(nic.name == 'eth9' for nic in w.nics if nic.ignore == 1)", False),
        ("w.name in [w.name, w.owner.user]", True),
        ("len(w.nics) == 3", True),
        # not decided
        ("w.up", GONE),
        ("not w.up", GONE),
        ("w.up and True", GONE),
        ("w.up or False", GONE),
        ("w.owner is None", GONE),
        ("w.owner.user == 'root'", GONE),
        ("w.owner.user in ['root']", GONE),
        ("w.name in [w.owner.user]", GONE),
        ("w.name in {w.owner.user}", GONE),
        ("len(w.ports) == 2", GONE),
        ("all(port > 1 for port in w.ports)", GONE),
        ("set(w.ports) == {1}", GONE),
        ("lower(w.owner.user) == 'root'", GONE),
        ("any(nic.ignore == 2 for nic in w.nics)", GONE),
        ("all(nic.ignore < 2 for nic in w.nics)", GONE),
        ("same(nic.ignore for nic in w.nics if nic.name != 'eth1')", GONE),
        ("same(nic.name for nic in w.nics if nic.ignore == 1)", GONE),
        ("len(nic for nic in w.nics if nic.ignore == 1) == 1", GONE),
        ("any(nic.name == 'lo' for nic in w.nics if nic.ignore == 1)", GONE),
        ("all(nic.name != 'lo' for nic in w.nics if nic.ignore == 1)", GONE),
        ("(w.name, w.owner.user) == (w.name, 'root')", GONE),
        ("(w.name, w.owner.user) == ('x', 'root')", False),
    ],
)
def test_unknown_stays_unknown_unless_the_rest_decides(text: str, expected: object) -> None:
    assert value(text, replace(WORLD, up=GONE, owner=GONE, ports=GONE)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w.name == 'ld1'", []),
        ("w.owner is not None", [8, 9]),
        ("w.owner.user == 'root' and w.up", [8, 9]),
        ("w.name == 'x' and w.owner.user == 'root'", []),
        ("w.owner.user == 'x' or w.up", []),
        ("w.owner.user == 'x' or w.name == 'x'", [8, 9]),
        ("all(nic.ignore == 1 for nic in w.nics)", [2]),
        ("any(nic.ignore == 1 for nic in w.nics)", [1]),
        ("any(nic.name != 'eth7' for nic in w.nics)", [1]),
        ("any(nic.name == 'eth7' for nic in w.nics)", [1, 2, 3]),
        ("all(nic.name != 'eth7' for nic in w.nics if nic.name != 'eth0')", [2, 3]),
        ("len(w.nics) == 3", [1, 2, 3]),
        ("w.nics", [1, 2, 3]),
        ("same(nic.name for nic in w.nics)", [1, 2, 3]),
        ("all(nic.ignore < 2 for nic in w.nics)", [3, None]),  # the nic, and where its value is gone
    ],
)
def test_what_decides_is_the_evidence(text: str, expected: list[int | None]) -> None:
    assert lines(text) == expected


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("", 0, "nothing here"),
        ("w.nam == 'ld1'", 2, "World has no 'nam'; did you mean 'name'?"),
        ("w.owner.usr == 'é'", 8, "did you mean 'user'?"),
        ("'é' == w.owner.usr", 15, "did you mean 'user'?"),
        ("v.name == 'x'", 0, "there is no 'v' here; there is w"),
        ("w.name.upper == 'x'", 7, "w.name is str and has no 'upper'"),
        ("w.nics.name == 'x'", 7, "w.nics is a list of Nic"),
        ("w.__class__ == 'x'", 2, "has no '__class__'"),
        ("w.name.upper()", 0, "w.name.upper cannot be called"),
        ("sam(w.ports)", 0, "did you mean 'same'?"),
        ("len(w.ports, w.ports)", 0, "takes one argument"),
        ("w.nics[0]", 0, "Subscript is not part"),
        ("w.name if w.up else 'x'", 0, "IfExp is not part"),
        ("(x := w.name)", 1, "NamedExpr is not part"),
        ("lambda: 1", 0, "Lambda is not part"),
        ("[n.name for n in w.nics]", 0, "ListComp is not part"),
        ("1.5 < 2", 0, "Constant is not part"),
        ("w.ports + w.ports", 0, "BinOp is not part"),
        ("w.name == 5", 10, "str is never equal to int"),
        ("w.name is 'ld1'", 10, "'is' is for None alone"),
        ("w.name < 5", 9, "str and int have no order"),
        ("5 in w.roles", 5, "int is never equal to str"),
        ("w.up in w.name", 8, "bool is never equal to str"),
        ("w.name in w.up", 10, "w.up is bool, not a collection"),
        ("w.owner == w.owner", 11, "Owner cannot be compared whole"),
        ("same(w.nics)", 5, "Nic cannot be compared whole"),
        ("set(w.nics) == {1}", 4, "Nic cannot be in a set"),
        ("w.ports & {80}", 0, "w.ports is a list of int, not a set"),
        ("lower(w.up) == 'x'", 6, "w.up is bool, not a text"),
        ("all(c == 'x' for c in w.name)", 22, "w.name is str, not a collection"),
        ("all(w.up for w in w.nics)", 13, "'w' is taken"),
        ("any(n.name == 'x' for n in w.nics for m in w.nics)", 3, "one 'for'"),
        ("any(any(t == 'x' for t in n.tags) for n in w.nics)", 7, "wants a derived fact"),
        ("w.up and", 8, "not an expression"),
        ("w.up) or (w.up", 4, None),
        ("w.up\n and w.nam", 12, "did you mean 'name'?"),
        ("w.up and w.up " * 90, 1000, "too long"),
    ],
)
def test_what_is_not_in_the_language_is_refused_where_it_stands(
    text: str, offset: int, message: str | None
) -> None:
    if message is None:  # brackets that close what the reader opened change nothing
        assert value(text) is True
        return
    with pytest.raises(ExpressionError, match=re.escape(message)) as caught:
        parse_expression(text, SCOPE)
    assert caught.value.offset == offset


def test_members_carry_their_condition() -> None:
    members = parse_members("nic in w.nics if nic.ignore == 1", SCOPE)
    walked = members.walk({"w": WORLD}).value
    assert [(member.value.name, member.included) for member in walked] == [
        ("eth0", True),
        ("eth1", False),
        ("lo", GONE),
    ]
    assert members.walk({"w": replace(WORLD, nics=GONE)}).value == GONE
    assert members.walk({"w": replace(WORLD, nics=None)}).value == ()


@pytest.mark.parametrize(
    "text", ["w.nics", "nic in w.nics for a in w.nics", "nic, b in w.nics", "x in w.nics if"]
)
def test_members_are_a_name_in_a_collection(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_members(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("{w.name} is {{up}}: {w.up}", "ld1 is {up}: yes", "ld1 is {up}: 是"),
        ("{w.roles}; {w.ports}", "director, real; 80, 443", "director, real; 80, 443"),
        ("{w.owner.since}", "absent", "没有"),
        ("{w.owner.note}", "by hand", "手工"),
        ("{w.owner.ats}", "h:/f:8, h:/f:9", "h:/f:8, h:/f:9"),
        ("{set(nic.ignore for nic in w.nics)}", "unknown", "未知"),
        ("{w.name != 'x'}", "yes", "是"),
    ],
)
def test_templates_speak_both_languages(text: str, english: str, chinese: str) -> None:
    template = parse_template(text, SCOPE)
    assert template.render({"w": WORLD}, "en") == english
    assert template.render({"w": WORLD}, "zh") == chinese


def test_text_from_hosts_comes_out_unaltered() -> None:
    hostile = "[red]{w.up}\x1b[2J\u202e"
    assert parse_template("{w.name}", SCOPE).render({"w": replace(WORLD, name=hostile)}, "en") == hostile


def test_a_machine_field_is_null_where_there_is_no_value() -> None:
    assert parse_template("{w.owner.since}", SCOPE).machine({"w": WORLD}) is None
    assert parse_template("{w.up}", SCOPE).machine({"w": replace(WORLD, up=GONE)}) is None
    assert parse_template("since {w.owner.since}", SCOPE).machine({"w": WORLD}) == "since absent"


@pytest.mark.parametrize(
    ("text", "offset"), [("a {w.nam}", 5), ("a } b", 2), ("{w.nics}", 1), ("a { b", 2), ("{}", 1)]
)
def test_templates_are_checked(text: str, offset: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_template(text, SCOPE)
    assert caught.value.offset == offset


# -- any expression over any world ------------------------------------------

_numbers = st.sampled_from(["0", "1", "80", "len(w.ports)", "len(w.nics)", "w.owner.since"])
_texts = st.sampled_from(["'ld1'", "'root'", "w.name", "w.owner.user", "lower(w.title)"])
_sets = st.sampled_from(
    ["w.roles", "{'real'}", "w.roles & {'real'}", "set(n.name for n in w.nics if n.ignore == 1)"]
)
_atoms = st.one_of(
    st.sampled_from(["w.up", "w.owner is None", "w.owner is not None", "w.ports", "same(w.ports)"]),
    st.builds("({} {} {})".format, _numbers, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), _numbers),
    st.builds("({} {} {})".format, _texts, st.sampled_from(["==", "!=", "<", "in"]), _texts),
    st.builds("({} {} {})".format, _texts, st.sampled_from(["in", "not in"]), _sets),
    st.builds("({} {} {})".format, _sets, st.sampled_from(["==", "!=", "<=", ">"]), _sets),
    st.builds("({} {} w.ports)".format, _numbers, st.sampled_from(["in", "not in"])),
    st.builds(
        "{}(n.{} for n in w.nics{})".format,
        st.sampled_from(["all", "any", "same"]),
        st.sampled_from(["ignore == 1", "ignore > 0", "name != 'lo'", "ignore is None"]),
        st.sampled_from(["", " if n.name != 'lo'", " if n.ignore == 1", " if 'wan' in n.tags"]),
    ),
)
expressions = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.builds("(not {})".format, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
    ),
    max_leaves=4,
)
_number = st.integers(0, 2)
_nics = st.builds(
    Nic,
    name=st.sampled_from(["eth0", "eth1", "lo"]),
    ignore=st.one_of(_number, st.just(GONE)),
    tags=st.lists(st.sampled_from(["lan", "wan"]), max_size=2).map(tuple),
    at=st.builds(at, st.integers(1, 9)),
)
_owners = st.builds(
    Owner,
    user=st.sampled_from(["root", "ld1", "x"]),
    since=st.one_of(st.none(), _number),
    note=st.just(Prose(en="", zh="")),
    ats=st.just((at(8),)),
)
worlds = st.builds(
    World,
    name=st.sampled_from(["ld1", "root", "lo"]),
    up=st.one_of(st.booleans(), st.just(GONE)),
    roles=st.frozensets(st.sampled_from(["director", "real"])),
    ports=st.one_of(
        st.lists(st.one_of(st.sampled_from([0, 1, 80]), st.just(GONE)), max_size=3).map(tuple), st.just(GONE)
    ),
    owner=st.one_of(st.none(), _owners, st.just(GONE)),
    nics=st.one_of(
        st.none(), st.lists(st.one_of(_nics, st.just(GONE)), max_size=3).map(tuple), st.just(GONE)
    ),
)


@st.composite
def dimmer(draw: st.DrawFn) -> tuple[World, World]:
    """A world, and the same with some of it not looked at."""
    world = draw(worlds)
    dim: dict[str, Any] = {name: GONE for name in ("up", "ports", "owner", "nics") if draw(st.booleans())}
    if "nics" not in dim and isinstance(world.nics, tuple) and world.nics:
        nics: list[Nic | Unknown] = list(world.nics)
        chosen = draw(st.integers(0, len(nics) - 1))
        nic = nics[chosen]
        nics[chosen] = GONE if isinstance(nic, Unknown) or draw(st.booleans()) else replace(nic, ignore=GONE)
        dim["nics"] = tuple(nics)
    if "ports" not in dim and isinstance(world.ports, tuple) and world.ports:
        dim["ports"] = (GONE, *world.ports[1:])
    return world, replace(world, **dim)


@settings(max_examples=400)
@given(expressions, dimmer())
def test_looking_at_less_never_decides_otherwise(text: str, pair: tuple[World, World]) -> None:
    expression = parse_expression(text, SCOPE)
    bright, dim = (expression.truth({"w": world}).value for world in pair)
    assert isinstance(bright, bool | Unknown)
    assert isinstance(dim, Unknown) or dim is bright


@settings(max_examples=300)
@given(st.text(alphabet="w.nicsall()[]{}:'\" \n#=<>!,&|-\\0for in iftrue\u4e2d\x00\ud800", max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    for parse in (parse_expression, parse_members, parse_template):
        offset = 0
        try:
            parse(text, SCOPE)
        except ExpressionError as error:
            offset = error.offset
        assert 0 <= offset <= len(text)
