"""From facts to findings and the verdict, on clusters of hosts with a few facts each."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.judge.verdict import judge
from auditor.model.cluster import Cluster, Comparison, Host, Problem
from auditor.model.facts import AuthKey, Authkeys, File, Uname
from auditor.model.findings import Finding, Fix, Report, Rule, Run
from auditor.model.place import At, Prose, Unknown
from auditor.model.snapshot import Artifact, HostError, HostSnapshot, Snapshot
from tests.clusters.golden import Example, judged

RUN = Run(id="r", started="2026-11-24T10:00:00Z", finished="2026-11-24T10:00:09Z")
GONE = Unknown(
    why=Prose(en="permission denied", zh="权限不足"), at=At(host="ld1", source="/etc/ha.d/authkeys")
)
KEYS = "/etc/ha.d/authkeys"


def prose(en: str) -> Prose:
    return Prose(en=en, zh=f"中 {en}")


def rule(name: str = "authkeys.crc", **parts: Any) -> Rule:
    words = {key: prose(key) for key in ("title", "message", "why", "judged", "false_alarms")}
    given: dict[str, Any] = {
        "severity": "high",
        "scope": "host",
        "applies_to": "director",
        "fix": (Fix(kind="hint", text=prose("mend it")),),
        "basis": ("runbook 2a",),
        **words,
        **parts,
    }
    return Rule(id=name, **given)


NO_CRC = rule(
    when="host.authkeys is not None",
    forbid="key in host.authkeys.keys if key.method == 'crc'",
    subject="key.number",
    actual="{key.method}",
    message=prose("key {key.number} is {key.method}"),
)
MODE = rule("authkeys.mode", require="host.authkeys_file.mode == '0600'", running="{host.authkeys_file.mode}")
SAME = rule("authkeys.same", scope="cluster", applies_to="cluster", require="cluster.sync.kind == 'fits'")
ORDER = rule(
    "rc.order",
    severity="low",
    forbid="p in host.order_problems",
    subject="p.subject",
    message=prose("{p.message}"),
)
RULES = (NO_CRC, MODE, SAME, ORDER)


def host(name: str = "ld1", **facts: Any) -> Host:
    """A director of which nothing else is known."""
    unknown: dict[str, Any] = {field.name: GONE for field in fields(Host)}
    at = At(host=name, source="")
    known = {
        "name": name,
        "address": "192.0.2.1",
        "at": at,
        "status": "ok",
        "read": True,
        "roles": frozenset({"director"}),
        "roles_known": True,
        "role_reasons": (),
    }
    return Host(**{**unknown, **known, **facts})


def good(name: str = "ld1", **facts: Any) -> Host:
    given: dict[str, Any] = {
        "authkeys": authkeys(name, "sha1"),
        "authkeys_file": file(name),
        "order_problems": (),
    }
    return host(name, **{**given, **facts})


def authkeys(name: str, *methods: str, line: int = 2) -> Authkeys:
    keys = tuple(
        AuthKey(number=n, method=method, key=None, at=At(host=name, source=KEYS, line=line + n - 1, column=1))
        for n, method in enumerate(methods, 1)
    )
    return Authkeys(selection=None, keys=keys, selected=keys[0], accepted=True, at=At(host=name, source=KEYS))


def file(name: str, mode: str = "0600") -> File:
    at = At(host=name, source=KEYS)
    return File(path=KEYS, mode=mode, owner="root", group="root", mtime="2026-11-24T09:00:00Z", size=9, at=at)


def problem(subject: str, line: int) -> Problem:
    at = At(host="ld1", source="/etc/x", line=line)
    return Problem(code="c", subject=subject, message=prose(f"{subject} is late"), ats=(at,))


def cluster(*hosts: Host, sync: str | None = "fits", **facts: Any) -> Cluster:
    unknown: dict[str, Any] = {field.name: GONE for field in fields(Cluster)}
    found = Comparison(kind=sync, explanation=prose(sync), ats=()) if sync else GONE
    known = {
        "name": "web",
        "at": At(host="", source="web"),
        "hosts": hosts,
        "directors": hosts,
        "sync": found,
    }
    return Cluster(**{**unknown, **known, **facts})


def snapshot(*hosts: str, **artifacts: Artifact) -> Snapshot:
    return Snapshot(
        schema_version="1",
        tool_version="0",
        run_id="r",
        started=RUN.started,
        finished=RUN.finished,
        hosts=tuple(
            HostSnapshot(id=name, name=name, address="192.0.2.1", status="ok", artifacts=artifacts)
            for name in hosts
        ),
    )


def report(*clusters: Cluster, rules: tuple[Rule, ...] = RULES, fail_on: str = "high") -> Report:
    names = [one.name for group in clusters for one in group.hosts]
    return judge(snapshot(*names), clusters, rules, fail_on=fail_on, run=RUN)


def one(result: Report, name: str) -> Finding:
    (finding,) = [finding for finding in result.findings if finding.rule == name]
    return finding


def states(result: Report) -> dict[str, str]:
    return {finding.rule: finding.state for finding in result.findings}


# -- rows -------------------------------------------------------------------


def test_all_is_well() -> None:
    result = report(cluster(good()))
    assert set(states(result).values()) == {"pass"}
    assert (result.verdict.state, result.verdict.exit_code, result.verdict.complete) == ("ready", 0, True)
    assert result.verdict.counts == {"fail": 0, "not_applicable": 0, "pass": 4, "unknown": 0, "waived": 0}
    passed = one(result, "authkeys.mode")
    assert passed.message == prose("title")
    assert passed.running == "0600"
    assert passed.fix == ()


def test_each_member_that_is_forbidden_fails() -> None:
    result = report(cluster(good(authkeys=authkeys("ld1", "crc", "sha1", "crc"))), rules=(NO_CRC,))
    assert [(f.state, f.subject, f.configured, f.message.zh) for f in result.findings] == [
        ("fail", "1", "crc", "中 key 1 is crc"),
        ("fail", "3", "crc", "中 key 3 is crc"),
    ]
    assert [[str(e.at) for e in f.evidence] for f in result.findings] == [
        ["ld1:/etc/ha.d/authkeys:2"],
        ["ld1:/etc/ha.d/authkeys:4"],
    ]
    assert result.findings[0].fix == NO_CRC.fix
    assert result.verdict.state == "not_ready"
    assert result.verdict.blockers == tuple(f.id for f in result.findings)


def test_a_rule_that_does_not_apply_says_so() -> None:
    result = report(cluster(good(authkeys=None)), rules=(NO_CRC, MODE))
    assert states(result) == {"authkeys.crc": "not_applicable", "authkeys.mode": "pass"}


def test_each_subject_gives_a_finding() -> None:
    each = rule(
        for_each="p in cluster.directors",
        require="p.uname.node == p.name",
        subject="p.name",
        scope="cluster",
        applies_to="cluster",
    )
    named = Uname(
        sysname="Linux", node="ld1", release="2.6.9", machine="i686", at=At(host="ld1", source="uname")
    )
    result = report(cluster(host("ld1", uname=named), host("ld2", uname=named), host("ld3")), rules=(each,))
    assert [(f.subject, f.state, f.host) for f in result.findings] == [
        ("ld2", "fail", None),
        ("ld3", "unknown", None),
        ("ld1", "pass", None),
    ]
    empty = report(cluster(good(), directors=()), rules=(each, MODE))
    assert states(empty)["authkeys.crc"] == "not_applicable"
    assert states(report(cluster(good(), directors=GONE), rules=(each,))) == {"authkeys.crc": "unknown"}


def test_a_member_that_may_not_count_is_unknown() -> None:
    each = rule(
        for_each="d in cluster.directors if d.active", require="d.read", subject="d.name",
        scope="cluster", applies_to="cluster",
    )  # fmt: skip
    hosts = (host("ld1", active=True), host("ld2", active=GONE), host("ld3", active=False))
    result = report(cluster(*hosts), rules=(each,))
    assert [(f.subject, f.state) for f in result.findings] == [
        ("ld2", "unknown"),
        ("ld1", "pass"),
    ]
    known = replace(each, for_each="m in cluster.members", require="m.read", subject="m.name")
    result = report(cluster(members=(GONE,)), rules=(known,))
    assert [(f.subject, f.state, f.message) for f in result.findings] == [(None, "unknown", GONE.why)]


def test_require_and_forbid_must_both_hold() -> None:
    both = rule(require="host.authkeys_file.mode == '0600'", forbid=NO_CRC.forbid, subject="host.name")
    crc = authkeys("ld1", "crc")
    assert [f.state for f in report(cluster(good()), rules=(both,)).findings] == ["pass"]
    assert [f.state for f in report(cluster(good(authkeys=crc)), rules=(both,)).findings] == ["fail"]
    wide = good(authkeys=crc, authkeys_file=file("ld1", "0644"))
    assert [f.state for f in report(cluster(wide), rules=(both,)).findings] == ["fail", "fail"]
    gap = good(authkeys=GONE)
    assert [f.state for f in report(cluster(gap), rules=(both,)).findings] == ["unknown"]


def test_a_member_that_nobody_knows_is_unknown() -> None:
    result = report(cluster(good(order_problems=(GONE, problem("S99heartbeat", 1)))), rules=(ORDER,))
    assert [f.state for f in result.findings] == ["fail", "unknown"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"roles": frozenset({"director"})}, "pass"),
        ({"roles": frozenset({"real"})}, None),
        ({"roles": frozenset(), "roles_known": False}, "unknown"),
    ],
)
def test_a_role_that_is_not_known_may_be_the_one(facts: dict[str, Any], expected: str | None) -> None:
    result = report(cluster(good(**facts)), rules=(MODE,))
    assert [f.state for f in result.findings] == ([expected] if expected else [])
    assert result.verdict.state == ("ready" if expected == "pass" else "cannot_tell")


@pytest.mark.parametrize(("carries", "expected"), [(True, ["pass"]), (False, []), (GONE, ["unknown"])])
def test_who_carries_a_vip(carries: bool | Unknown, expected: list[str]) -> None:
    carrier = rule(applies_to="vip-carrier", require="host.read")
    result = report(cluster(good(carries_vip=carries)), rules=(carrier,))
    assert [f.state for f in result.findings] == expected


# -- evidence ---------------------------------------------------------------


def with_text(content: bytes, rules: tuple[Rule, ...], **facts: Any) -> Report:
    kept = Artifact(
        id="authkeys", probe="authkeys", kind="file", state="read", path=KEYS, mode="0644", owner="root", group="adm",
        content=content,
    )  # fmt: skip
    return judge(snapshot("ld1", a=kept), (cluster(good(**facts)),), rules, run=RUN)


def test_evidence_is_the_line_itself() -> None:
    content = "auth 1\n1 crc \t\x1b[31m中\r\n".encode("gb18030")
    result = with_text(content, (NO_CRC,), authkeys=authkeys("ld1", "crc"))
    (evidence,) = result.findings[0].evidence
    assert evidence.text == "1 crc \t\x1b[31m中\r"


def test_a_file_is_no_evidence_where_its_lines_are() -> None:
    result = with_text(b"auth 1\n1 sha1 x\n", (NO_CRC,), authkeys=authkeys("ld1", "sha1"))
    assert [(str(e.at), e.text) for e in result.findings[0].evidence] == [
        ("ld1:/etc/ha.d/authkeys:2", "1 sha1 x")
    ]


def test_what_made_a_rule_apply_is_evidence_where_nothing_else_is() -> None:
    named = rule(when="host.authkeys is not None", require="host.name == 'ld2'")
    (evidence,) = report(cluster(good()), rules=(named,)).findings[0].evidence
    assert str(evidence.at) == "ld1:/etc/ha.d/authkeys"


def test_a_file_shows_how_it_lies() -> None:
    (evidence,) = with_text(b"", (MODE,)).findings[0].evidence
    assert (str(evidence.at), evidence.text) == ("ld1:/etc/ha.d/authkeys", "-rw-r--r-- root adm")


def test_a_line_that_is_gone_has_no_text() -> None:
    result = with_text(b"auth 1", (NO_CRC,), authkeys=authkeys("ld1", "crc", line=7))
    assert result.findings[0].evidence[0].text is None


def test_a_probe_is_shown_as_the_command_it_ran() -> None:
    kept = Artifact(
        id="uname", probe="uname", kind="command", state="read", argv=("uname", "-a"), content=b"Linux x\n"
    )
    named = Uname(
        sysname="Linux", node="x", release="2.6.9", machine="", at=At(host="ld1", source="uname", line=1)
    )
    renamed = rule(require="host.uname.node == host.name")
    result = judge(snapshot("ld1", u=kept), (cluster(good(uname=named)),), (renamed,), run=RUN)
    assert [(str(e.at), e.text) for e in result.findings[0].evidence] == [("ld1:uname -a:1", "Linux x")]


# -- identity ---------------------------------------------------------------


def test_moved_lines_keep_their_fingerprint() -> None:
    before = report(cluster(good(authkeys=authkeys("ld1", "crc", line=2))), rules=(NO_CRC,))
    after = report(cluster(good(authkeys=authkeys("ld1", "crc", line=20))), rules=(NO_CRC,))
    assert [f.fingerprint for f in before.findings] == [f.fingerprint for f in after.findings]
    assert before.findings[0].evidence != after.findings[0].evidence


def test_the_same_subject_twice_is_two_findings() -> None:
    result = report(cluster(good(order_problems=(problem("x", 1), problem("x", 2)))), rules=(ORDER,))
    assert len({f.fingerprint for f in result.findings}) == len({f.id for f in result.findings}) == 2


def test_fixing_one_thing_does_not_rename_the_others() -> None:
    both = report(cluster(good(order_problems=(problem("a", 1), problem("b", 2)))), rules=(ORDER,))
    left = report(cluster(good(order_problems=(problem("b", 1),))), rules=(ORDER,))
    assert left.findings[0].fingerprint in {f.fingerprint for f in both.findings}


def test_hosts_and_clusters_are_told_apart() -> None:
    result = report(cluster(good("ld1"), good("ld2")), replace(cluster(good("ld3")), name="mail"))
    assert len({f.fingerprint for f in result.findings}) == len(result.findings)


def test_the_same_arguments_give_the_same_report() -> None:
    world = cluster(good("ld1", authkeys=authkeys("ld1", "crc")), good("ld2", authkeys_file=GONE))
    assert report(world) == report(world)
    assert report(world, rules=RULES[::-1]).findings == report(world).findings


def test_findings_stand_worst_first() -> None:
    bad = good(authkeys=authkeys("ld1", "crc"), authkeys_file=GONE, order_problems=(problem("x", 1),))
    result = report(cluster(bad))
    assert [(f.state, f.rule) for f in result.findings] == [
        ("fail", "authkeys.crc"),
        ("fail", "rc.order"),
        ("unknown", "authkeys.mode"),
        ("pass", "authkeys.same"),
    ]


# -- the verdict ------------------------------------------------------------


@pytest.mark.parametrize(
    ("fail_on", "state", "code"), [("critical", "ready", 0), ("high", "ready", 0), ("low", "not_ready", 1)]
)
def test_what_blocks_is_a_choice(fail_on: str, state: str, code: int) -> None:
    result = report(cluster(good(order_problems=(problem("x", 1),))), fail_on=fail_on)
    assert (result.verdict.state, result.verdict.exit_code) == (state, code)


def test_failure_weighs_more_than_ignorance() -> None:
    result = report(cluster(good(authkeys=authkeys("ld1", "crc"), authkeys_file=GONE)))
    verdict = result.verdict
    assert (verdict.state, verdict.exit_code, verdict.complete) == ("not_ready", 1, False)
    assert verdict.unknown == ("ld1: authkeys.mode: permission denied",)


def visited(**facts: Any) -> Report:
    base = snapshot("ld1")
    return judge(replace(base, hosts=(replace(base.hosts[0], **facts),)), (cluster(good()),), RULES, run=RUN)


@pytest.mark.parametrize(
    ("facts", "unknown"),
    [
        ({"status": "unreachable"}, "ld1: unreachable"),
        ({"status": "partial"}, "ld1: partial"),
        (
            {"errors": (HostError(host="ld1", stage="collect", code="flood", message="more than 4 MiB"),)},
            "ld1: more than 4 MiB",
        ),
        (
            {"artifacts": {"k": Artifact(id="k", probe="k", kind="file", path=KEYS, state="truncated")}},
            "ld1: /etc/ha.d/authkeys: truncated",
        ),
    ],
)
def test_an_incomplete_run_is_never_ready(facts: dict[str, Any], unknown: str) -> None:
    verdict = visited(**facts).verdict
    assert (verdict.state, verdict.exit_code, verdict.complete) == ("cannot_tell", 3, False)
    assert verdict.unknown == (unknown,)


def test_a_host_that_was_not_visited_is_named_once() -> None:
    base = snapshot("ld1")
    base = replace(base, hosts=(replace(base.hosts[0], status="timeout"),))
    result = judge(base, (cluster(host(), sync=None),), RULES, run=RUN)
    assert result.verdict.unknown == ("ld1: timeout", "web: authkeys.same: permission denied")
    assert set(states(result).values()) == {"unknown"}


@pytest.mark.parametrize(("dead", "seen"), [("ld1", ()), ("ld2", ("ld1",))])
def test_who_holds_a_vip_is_told_as_far_as_it_was_seen(dead: str, seen: tuple[str, ...]) -> None:
    """ld1 is the active one: when it cannot be read, nobody was seen to hold its VIPs."""
    (found,) = judged(
        Example(path=Path(), description=f"from right\n{dead}: unreachable\n", golden="")
    ).clusters
    assert {virtual.owners for virtual in found.virtuals} == {seen}


def test_a_host_in_no_cluster_is_unknown_to_every_rule() -> None:
    result = judge(snapshot("ld1", "stray"), (cluster(good()),), RULES, run=RUN)
    assert {f.rule: f.state for f in result.findings if f.host == "stray"} == {
        "authkeys.crc": "unknown",
        "authkeys.mode": "unknown",
        "rc.order": "unknown",
    }
    assert result.verdict.state == "cannot_tell"
    assert [row.name for row in result.hosts] == ["ld1", "stray"]


@pytest.mark.parametrize("rules", [RULES, ()])
def test_nothing_judged_is_not_ready(rules: tuple[Rule, ...]) -> None:
    result = judge(snapshot(), (), rules, run=RUN)
    assert (result.verdict.state, result.verdict.unknown) == ("cannot_tell", ("nothing could be judged",))


_facts = {
    "authkeys": st.sampled_from(
        [None, GONE, authkeys("h", "sha1"), authkeys("h", "crc"), authkeys("h", "md5", "crc")]
    ),
    "authkeys_file": st.sampled_from([None, GONE, file("h"), file("h", "0644")]),
    "order_problems": st.sampled_from([(), GONE, (GONE,), (problem("x", 1),)]),
}
_hosts = st.lists(st.fixed_dictionaries(_facts), min_size=1, max_size=3)
_BETTER = {"ready": 0, "cannot_tell": 1, "not_ready": 2}


def world(facts: list[dict[str, Any]], sync: str | None) -> Report:
    return report(cluster(*(host(f"h{n}", **known) for n, known in enumerate(facts)), sync=sync))


@given(_hosts, st.fixed_dictionaries(_facts), st.sampled_from(["fits", "off", None]))
def test_the_worst_host_wins_and_one_more_never_helps(
    facts: list[dict[str, Any]], another: dict[str, Any], sync: str | None
) -> None:
    alone = [world([known], sync).verdict.state for known in facts]
    together = world(facts, sync).verdict.state
    assert _BETTER[together] == max(_BETTER[state] for state in alone)
    assert _BETTER[world([*facts, another], sync).verdict.state] >= _BETTER[together]


@given(_hosts, st.sampled_from(["fits", "off", None]), st.data())
def test_what_is_not_looked_at_never_passes(
    facts: list[dict[str, Any]], sync: str | None, data: st.DataObject
) -> None:
    which = data.draw(st.integers(0, len(facts) - 1))
    hidden = data.draw(st.sets(st.sampled_from(sorted(_facts)), min_size=1))
    less = [*facts]
    less[which] = {**facts[which], **dict.fromkeys(hidden, GONE)}
    before, after = world(facts, sync), world(less, sync)

    def passing(result: Report) -> set[str]:
        return {f.fingerprint for f in result.findings if f.state == "pass"}

    assert passing(after) <= passing(before)
    assert after.verdict.state != "ready"
