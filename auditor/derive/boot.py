"""Whether and in which order heartbeat starts and stops, from the links that rc really runs, in lexical order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.cluster import Problem
from auditor.model.facts import RcLink
from auditor.model.place import At, Prose

if TYPE_CHECKING:
    from collections.abc import Sequence

ON = "2345"
OFF = "016"
# What heartbeat needs to be there before it starts, and until it has stopped.
NEEDED = ("network", "syslog", "rsyslog", "ntpd")
# What heartbeat starts where it has the addresses, and nowhere else.
MANAGED = ("ldirectord", "ipvsadm")
# What binds to the VIPs, or sets things up after everything else.
LATER = ("httpd", "nginx", "lighttpd", "squid", "haproxy", "sendmail", "postfix", "vsftpd", "local")


def derive_enablement(links: Sequence[RcLink], host: str) -> tuple[Problem, ...]:
    """On in 2, 3, 4 and 5 with exactly one S link each; no S link in 0, 1 and 6."""
    problems = []
    for runlevel in ON + OFF:
        starts = [link for link in _of(links, runlevel, "S") if link.service == "heartbeat"]
        wanted = 1 if runlevel in ON else 0
        if len(starts) != wanted:
            found = ", ".join(link.name for link in starts) or "-"
            problems.append(
                Problem(
                    code="rc-links",
                    subject=f"rc{runlevel}",
                    message=Prose(
                        en=f"runlevel {runlevel}: {len(starts)} S links of heartbeat ({found}), {wanted} wanted",
                        zh=f"运行级别 {runlevel}: heartbeat 的 S 链接有 {len(starts)} 个 ({found}), 应为 {wanted} 个",
                    ),
                    ats=tuple(link.at for link in starts) or (_folder(links, runlevel, host),),
                    expected=str(wanted),
                    found=found,
                )
            )
    return tuple(problems)


def derive_order(links: Sequence[RcLink], host: str) -> tuple[Problem, ...]:
    """Starts after what it needs and before what binds to the VIPs; stops before both."""
    problems: list[Problem] = []
    for runlevel in ON:
        for own in _named(links, runlevel, "S", ("heartbeat",)):
            problems += [
                _out_of_order(own, other, runlevel, "starts before", "启动早于")
                for other in _named(links, runlevel, "S", NEEDED)
                if own.name < other.name
            ]
            problems += [
                _out_of_order(own, other, runlevel, "starts after", "启动晚于")
                for other in _named(links, runlevel, "S", LATER)
                if own.name > other.name
            ]
    for runlevel in OFF:
        stops = _named(links, runlevel, "K", ("heartbeat",))
        if not stops:
            problems.append(
                Problem(
                    code="rc-order",
                    subject=f"rc{runlevel}",
                    message=Prose(
                        en=f"runlevel {runlevel}: no K link of heartbeat, so it is never stopped in order",
                        zh=f"运行级别 {runlevel}: 没有 heartbeat 的 K 链接, 关机时不会有序停止",
                    ),
                    ats=(_folder(links, runlevel, host),),
                )
            )
        for own in stops:
            problems += [
                _out_of_order(own, other, runlevel, "stops after", "停止晚于")
                for other in _named(links, runlevel, "K", (*NEEDED, *LATER, "named"))
                if own.name > other.name
            ]
    return tuple(problems)


def derive_rivals(links: Sequence[RcLink]) -> tuple[RcLink, ...]:
    """S links of what heartbeat is to start on one director alone."""
    return tuple(link for runlevel in ON for link in _named(links, runlevel, "S", MANAGED))


def _of(links: Sequence[RcLink], runlevel: str, kind: str) -> list[RcLink]:
    return [link for link in links if link.runlevel == runlevel and link.kind == kind]


def _named(links: Sequence[RcLink], runlevel: str, kind: str, services: Sequence[str]) -> list[RcLink]:
    return [link for link in _of(links, runlevel, kind) if link.service in services]


def _folder(links: Sequence[RcLink], runlevel: str, host: str) -> At:
    neighbour = next(
        (link.at.source for link in links if link.runlevel == runlevel), f"/etc/rc.d/rc{runlevel}.d/"
    )
    return At(host=host, source=neighbour.rpartition("/")[0])


def _out_of_order(own: RcLink, other: RcLink, runlevel: str, en: str, zh: str) -> Problem:
    return Problem(
        code="rc-order",
        subject=f"rc{runlevel} {other.service}",
        message=Prose(
            en=f"runlevel {runlevel}: {own.name} {en} {other.name}",
            zh=f"运行级别 {runlevel}: {own.name} {zh} {other.name}",
        ),
        ats=(own.at, other.at),
        found=own.name,
    )
