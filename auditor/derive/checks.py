"""What the health checks of ldirectord.cf are worth, and what they need (ldirectord 2004 to 4.12)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.derive.addresses import is_loopback, to_ip
from auditor.derive.evidence import unknown
from auditor.model.cluster import CheckNeed, Packages, Pool, Problem, Spare
from auditor.model.place import At, Prose, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.model.facts import LdirectordCf, Setting, Socket, Virtual

# Services whose check asks for a page and looks for a text in it.
_PAGES = frozenset({"http", "https", "http_proxy"})
# Shorter texts are found in pages that mean something else: "ok" in "broken".
_TELLING = 6

# Service to the modules that its negotiation loads, each with the packages of RPM and Debian that have it.
_MODULES: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "http": (("LWP::UserAgent", ("perl-libwww-perl", "libwww-perl")),),
    "http_proxy": (("LWP::UserAgent", ("perl-libwww-perl", "libwww-perl")),),
    "https": (
        ("LWP::UserAgent", ("perl-libwww-perl", "libwww-perl")),
        (
            "Net::SSL",
            (
                "perl-Crypt-SSLeay",
                "perl-Net-SSLeay",
                "perl-LWP-Protocol-https",
                "libcrypt-ssleay-perl",
                "liblwp-protocol-https-perl",
            ),
        ),
    ),
    "dns": (("Net::DNS", ("perl-Net-DNS", "libnet-dns-perl")),),
    "ldap": (("Net::LDAP", ("perl-LDAP", "perl-ldap", "libnet-ldap-perl")),),
    "ldaps": (("Net::LDAP", ("perl-LDAP", "perl-ldap", "libnet-ldap-perl")),),
    "pop": (("Mail::POP3Client", ("perl-Mail-POP3Client", "perl-POP3Client", "libmail-pop3client-perl")),),
    "imap": (("Net::IMAP::Simple", ("perl-Net-IMAP-Simple", "libnet-imap-simple-perl")),),
    "imaps": (
        (
            "Net::IMAP::Simple::SSL",
            ("perl-Net-IMAP-Simple-SSL", "libnet-imap-simple-ssl-perl"),
        ),
    ),
    "radius": (("Authen::Radius", ("perl-Authen-Radius", "perl-RadiusPerl", "libauthen-radius-perl")),),
    "mysql": (
        ("DBI", ("perl-DBI", "libdbi-perl")),
        ("DBD::mysql", ("perl-DBD-MySQL", "perl-DBD-mysql", "libdbd-mysql-perl")),
    ),
    "pgsql": (
        ("DBI", ("perl-DBI", "libdbi-perl")),
        ("DBD::Pg", ("perl-DBD-Pg", "libdbd-pg-perl")),
    ),
    "oracle": (
        ("DBI", ("perl-DBI", "libdbi-perl")),
        ("DBD::Oracle", ("perl-DBD-Oracle",)),
    ),
}
_MODULES["pops"] = _MODULES["pop"]
# The first ldirectord took other modules for two of them; those of libnet come with Perl itself.
_MODULES_2004 = {
    **_MODULES,
    "pop": (),
    "pops": (),
    "imap": (("Mail::IMAPClient", ("perl-Mail-IMAPClient", "libmail-imapclient-perl")),),
}


def derive_pools(cf: LdirectordCf) -> tuple[Pool, ...]:
    """Every virtual service that has real servers."""
    return tuple(_pool(virtual, cf) for virtual in cf.virtuals if virtual.reals)


def derive_check_needs(cf: LdirectordCf, packages: Packages | Unknown) -> tuple[CheckNeed, ...]:
    """The modules of all negotiations; a connect, ping or external check needs none."""
    table = _MODULES_2004 if cf.release == "2004" else _MODULES
    return tuple(
        CheckNeed(
            pool=virtual.name,
            service=virtual.service,
            module=module,
            packages=names,
            installed=packages if isinstance(packages, Unknown) else bool(packages.names & set(names)),
            ats=(virtual.at,) if isinstance(packages, Unknown) else (virtual.at, packages.at),
        )
        for virtual in cf.virtuals
        if virtual.reals and virtual.checktype in {"negotiate", "combined"}
        for module, names in table.get(virtual.service, ())
    )


def derive_spares(
    cf: LdirectordCf, host: str, own: frozenset[str], sockets: Mapping[str, tuple[Socket, ...] | Unknown]
) -> tuple[Spare, ...]:
    """The fallback of every service, and whether anybody answers there.

    A packet that is not masqueraded keeps the VIP as its destination: a server that is bound to 127.0.0.1 alone
    never sees it, although the file names that very address. ``own``: this host's addresses; ``sockets``: what
    listens, by the addresses of all hosts that were read.
    """
    return tuple(_spare(virtual, host, own, sockets) for virtual in cf.virtuals if virtual.reals)


def _spare(
    virtual: Virtual, host: str, own: frozenset[str], sockets: Mapping[str, tuple[Socket, ...] | Unknown]
) -> Spare:
    fallback = virtual.fallback
    if fallback is None:
        reason = Prose(en="there is no fallback", zh="没有 fallback")
        return Spare(pool=virtual.name, fallback=None, listening=False, reason=reason, ats=(virtual.at,))
    here = is_loopback(fallback.address) or str(to_ip(fallback.address)) in own
    address = next(iter(sorted(own)), "") if here else str(to_ip(fallback.address))
    port = fallback.port if virtual.mark is not None or fallback.forwarding == "masq" else virtual.port
    port = port if port is not None else virtual.port
    target = fallback.address if fallback.forwarding == "masq" else virtual.address
    found = sockets.get(address)
    listening, reason = _answers(virtual, found, target, port)
    place = At(host=host, source="listening") if here else fallback.at
    return Spare(
        pool=virtual.name,
        fallback=fallback.address if fallback.port is None else f"{fallback.address}:{fallback.port}",
        listening=listening,
        reason=reason,
        ats=tuple(dict.fromkeys((fallback.at, virtual.at, place))),
    )


def _answers(
    virtual: Virtual, sockets: tuple[Socket, ...] | Unknown | None, target: str | None, port: int | None
) -> tuple[bool | Unknown, Prose]:
    def unclear(en: str, zh: str) -> tuple[Unknown, Prose]:
        return Unknown(why=Prose(en=en, zh=zh), at=virtual.at), Prose(en=en, zh=zh)

    if isinstance(sockets, Unknown):
        return sockets, sockets.why
    if sockets is None:
        return unclear("the fallback is on a host that was not read", "fallback 位于未读取的主机上")
    if virtual.protocol == "udp":
        return unclear("who listens on UDP ports is not read", "未读取 UDP 端口的监听情况")
    if port is None:
        return unclear("a firewall mark does not tell the port", "防火墙标记无法得知端口")
    there = [socket for socket in sockets if socket.port == port]
    if any(socket.address == target or _is_any(socket.address) for socket in there):
        return True, Prose(en=f"port {port} is answered", zh=f"端口 {port} 有程序监听")
    if there:
        bound = ", ".join(sorted({socket.address for socket in there}))
        return False, Prose(
            en=f"packets arrive for {target}:{port}, but only {bound} listens on that port",
            zh=f"数据包的目的地址是 {target}:{port}, 而该端口只在 {bound} 上监听",
        )
    return False, Prose(en=f"nothing listens on port {port}", zh=f"没有程序监听端口 {port}")


def _is_any(address: str) -> bool:
    ip = to_ip(address)
    return ip is not None and ip.is_unspecified


def derive_port_problems(cf: LdirectordCf) -> tuple[Problem | Unknown, ...]:
    """Ports of gate and ipip real servers that are not the service's: ipvsadm puts the service's in their place."""
    return tuple(problem for virtual in cf.virtuals for problem in _port_problems(virtual))


def _port_problems(virtual: Virtual) -> Iterator[Problem | Unknown]:
    if virtual.mark is not None:
        return
    for real in virtual.reals:
        if real.forwarding == "masq" or real.port is None or real.port == virtual.port:
            continue
        if virtual.port is None:
            yield unknown(
                virtual.at,
                f"the port of {virtual.name} is a name that only the director can look up",
                f"{virtual.name} 的端口是名称, 只有调度器能解析",
            )
            return
        yield Problem(
            code="real-port",
            subject=f"{virtual.name} {real.address}",
            message=Prose(
                en=f"{virtual.name}: {real.address} is written with port {real.port}, but gets port {virtual.port}: "
                f"{real.forwarding} cannot change it",
                zh=f"{virtual.name}: {real.address} 写的是端口 {real.port}, 实际收到的却是 {virtual.port}: "
                f"{real.forwarding} 方式不能改变端口",
            ),
            ats=(real.at, virtual.at),
            expected=str(virtual.port),
            found=str(real.port),
        )


def _pool(virtual: Virtual, cf: LdirectordCf) -> Pool:
    checked, check = _check(virtual)
    text, reason = _text(virtual)
    own = _last(virtual, "quiescent")
    return Pool(
        name=virtual.name,
        quiescent=virtual.quiescent,
        quiescent_set=own is not None or cf.quiescent is not None,
        persistent=virtual.persistent,
        checked=checked,
        check=check,
        receive=virtual.receive,
        text=text,
        text_reason=reason,
        at=(own or cf.quiescent or virtual).at,
    )


def _check(virtual: Virtual) -> tuple[bool, Prose]:
    """Whether a dead real server is noticed at all."""
    match virtual.checktype:
        case "off":
            return False, Prose(
                en="checktype=off never puts a real server into service",
                zh="checktype=off 从不启用任何真实服务器",
            )
        case "on":
            return False, Prose(
                en="checktype=on takes every real server for alive, whatever happens",
                zh="checktype=on 无论发生什么都认为真实服务器正常",
            )
        case "negotiate" if virtual.service == "none":
            return False, Prose(
                en="service=none has nothing to negotiate: the check always says that the real server is up",
                zh="service=none 没有可协商的内容: 检查总是报告真实服务器正常",
            )
        case "external" | "external-perl" if _last(virtual, "checkcommand") is None:
            return False, Prose(
                en="an external check without checkcommand runs /bin/true",
                zh="外部检查没有 checkcommand 时执行的是 /bin/true",
            )
    return True, Prose(
        en=f"{virtual.checktype} check of {virtual.service}",
        zh=f"{virtual.service} 的 {virtual.checktype} 检查",
    )


def _text(virtual: Virtual) -> tuple[str | None, Prose]:
    """How sure the expected text is, by the look of it: nothing that a host wrote is ever run as an expression."""
    if virtual.service not in _PAGES or virtual.checktype not in {"negotiate", "combined"}:
        return None, Prose(en="no page is asked for", zh="不请求页面")
    receive = virtual.receive or ""
    if not receive:
        return "loose", Prose(
            en="no text is looked for, so that any page with a status of success will do",
            zh="未要求任何文本, 只要状态码表示成功, 任何页面都算正常",
        )
    if receive.startswith(("^", "\\A")) and re.search(r"(?<!\\)(\$|\\z|\\Z)$", receive):
        return "tight", Prose(en="anchored at both ends", zh="首尾均已锚定")
    telling = max((len(run) for run in re.findall(r"[^\W_](?:[\w ,;:-]*[^\W_])?", receive)), default=0)
    if telling >= _TELLING:
        return "tight", Prose(en="long enough to be told apart", zh="长度足以区分")
    return "loose", Prose(
        en=f'"{receive}" is looked for anywhere in the page, also within other words',
        zh=f"“{receive}” 会在页面任意位置匹配, 包括其他单词内部",
    )


def _last(virtual: Virtual, key: str) -> Setting | None:
    return next((setting for setting in reversed(virtual.settings) if setting.key == key), None)
