"""Whether and in which order heartbeat starts and stops: as rc runs the links, and as chkconfig would have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.cluster import Forecast, Problem
from auditor.model.facts import InitHeader, RcLink
from auditor.model.place import At, Prose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def derive_forecasts(links: Sequence[RcLink], headers: Sequence[InitHeader]) -> tuple[Forecast, ...]:
    """What ``chkconfig heartbeat on``, or on and off of any other service that names its needs, makes of the links.

    A script with an LSB block is moved behind all that it requires (start) and before it (stop), one number
    apart and within 0 and 99; what it requires is moved first, until nothing moves any more. Scripts without
    a block keep the numbers of their header. Semantics of chkconfig 1.3 (EL4, EL5) to 1.7.
    """
    own = next((header for header in headers if header.service == "heartbeat"), None)
    if own is None or (own.start is None and not _is_lsb(own)):
        return ()  # chkconfig refuses to touch such a script
    numbers = _settle(headers)
    start, stop = numbers["heartbeat"]
    roots = {kind: _root(own, headers, numbers, kind) for kind in "SK"}
    return tuple(
        Forecast(
            link=link,
            name=f"{link.kind}{start if link.kind == 'S' else stop:02}heartbeat",
            cause=roots[link.kind].service,
            ats=tuple(dict.fromkeys((link.at, own.at, roots[link.kind].at))),
        )
        for link in links
        if link.service == "heartbeat"
    )


def _is_lsb(header: InitHeader) -> bool:
    return bool(header.provides or header.required_start or header.required_stop or header.default_start)


def _settle(headers: Sequence[InitHeader]) -> dict[str, tuple[int, int]]:
    """Service to start and stop number, when every script with needs has found its place."""
    numbers = {
        header.service: (
            50 if header.start is None else header.start,
            50 if header.stop is None else header.stop,
        )
        for header in headers
    }
    lsb = [header for header in headers if _is_lsb(header)]
    # Numbers only ever move towards 99 and 0, so this ends also where scripts require each other.
    moved = True
    while moved:
        moved = False
        for header in lsb:
            start, stop = numbers[header.service]
            for other in _providers(header, headers, "S"):
                start = max(start, min(numbers[other.service][0] + 1, 99))
            for other in _providers(header, headers, "K"):
                stop = min(stop, max(numbers[other.service][1] - 1, 0))
            if (start, stop) != numbers[header.service]:
                numbers[header.service] = start, stop
                moved = True
    return numbers


def _providers(header: InitHeader, headers: Sequence[InitHeader], kind: str) -> list[InitHeader]:
    wanted = set(header.required_start if kind == "S" else header.required_stop or header.required_start)
    return [other for other in headers if other is not header and wanted & {other.service, *other.provides}]


def _root(
    own: InitHeader, headers: Sequence[InitHeader], numbers: Mapping[str, tuple[int, int]], kind: str
) -> InitHeader:
    """The script whose own header decides: of what moved this one, what moved that, and so on."""
    place = 0 if kind == "S" else 1
    passed = {own.service}
    while numbers[own.service][place] != (own.start if kind == "S" else own.stop):
        moved = numbers[own.service][place]
        near = (moved - 1, 99) if kind == "S" else (moved + 1, 0)
        before = (
            other
            for other in _providers(own, headers, kind)
            if numbers[other.service][place] in near and other.service not in passed
        )
        cause = next(before, None)
        if cause is None:
            break
        passed.add(cause.service)
        own = cause
    return own


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
