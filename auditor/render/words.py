"""What the reports say in their own name, in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.model.place import Prose


def word(key: str) -> Prose:
    return _WORDS[key]


def say(key: str, lang: str, **values: object) -> str:
    """One of the phrases below in ``en`` or ``zh``, with its values filled in."""
    return tell(_WORDS[key], lang).format(**values)


def phrase(key: str, **values: object) -> Prose:
    """The same in both languages; a value that is Prose itself speaks each one's own."""
    return Prose(en=_fill(key, "en", values), zh=_fill(key, "zh", values))


def tell(prose: Prose, lang: str) -> str:
    return prose.zh if lang == "zh" else prose.en


def listed(names: Iterable[str], lang: str, most: int = 4) -> str:
    """``ld1, ld2, rs1 and 3 more``."""
    all_ = list(names)
    shown = ("、" if lang == "zh" else ", ").join(all_[:most])
    more = len(all_) - most
    return shown if more <= 0 else say("and_more", lang, shown=shown, more=more)


def _fill(key: str, lang: str, values: Mapping[str, object]) -> str:
    spoken = {
        name: tell(value, lang) if isinstance(value, Prose) else value for name, value in values.items()
    }
    return say(key, lang, **spoken)


_WORDS: Mapping[str, Prose] = {
    # verdict
    "ready": Prose(en="READY", zh="就绪"),
    "not_ready": Prose(en="NOT READY", zh="未就绪"),
    "cannot_tell": Prose(en="CANNOT TELL", zh="无法判断"),
    "why_ready": Prose(
        en="nothing blocks, and everything that was asked could be looked at",
        zh="没有阻断性问题，所有检查项均已完成",
    ),
    "why_not_ready": Prose(en="mend first: {problems} on {where}", zh="须先解决（{where}）：{problems}"),
    "of_severity": Prose(en="{count} {severity}", zh="{severity} {count} 项"),
    "counts": Prose(
        en="{hosts} hosts; {fail} checks fail, {unknown} could not be made, {pass} pass, "
        "{not_applicable} do not apply, {waived} are waived",
        zh="{hosts} 台主机；不合格 {fail} 项，无法判断 {unknown} 项，通过 {pass} 项，不适用 {not_applicable} 项，"
        "已豁免 {waived} 项",
    ),
    "why_cannot_tell": Prose(
        en="nothing that was seen blocks, but not everything could be looked at",
        zh="已检查部分没有阻断性问题，但有内容未能检查",
    ),
    "unread_hosts": Prose(en="not read: {hosts}", zh="未能读取：{hosts}"),
    "unknown_checks": Prose(en="{count} checks could not be made", zh="无法完成的检查：{count} 项"),
    "and_more": Prose(en="{shown} and {more} more", zh="{shown} 等（另有 {more} 个）"),
    # severities and states
    "critical": Prose(en="critical", zh="致命"),
    "high": Prose(en="high", zh="高危"),
    "medium": Prose(en="medium", zh="中危"),
    "low": Prose(en="low", zh="低危"),
    "info": Prose(en="info", zh="提示"),
    "pass": Prose(en="pass", zh="通过"),
    "fail": Prose(en="fail", zh="不合格"),
    "unknown": Prose(en="could not tell", zh="无法判断"),
    "not_applicable": Prose(en="does not apply", zh="不适用"),
    "waived": Prose(en="waived", zh="已豁免"),
    "no_row": Prose(en="not asked of this one", zh="不涉及"),
    # findings
    "to_do": Prose(en="What to do, worst first", zh="待办事项（按严重程度排列）"),
    "nothing_to_do": Prose(en="Nothing that was looked at is wrong.", zh="已检查的内容没有发现问题。"),
    "gaps": Prose(en="What could not be looked at", zh="未能检查的内容"),
    "checks_open": Prose(en="leaves {count} checks open", zh="因此有 {count} 项检查无法完成"),
    "expected": Prose(en="expected", zh="期望"),
    "configured": Prose(en="configured", zh="配置为"),
    "running": Prose(en="running", zh="运行中"),
    "fix": Prose(en="fix", zh="处理"),
    "seen_in": Prose(en="seen in", zh="依据"),
    "also_on": Prose(en="the same on", zh="同样见于"),
    "and_reals": Prose(en="and {more} more", zh="另有 {more} 台"),
    "and_places": Prose(en="and {more} more places", zh="另有 {more} 处"),
    "on": Prose(en="on", zh="涉及"),
    "cluster_word": Prose(en="cluster", zh="集群"),
    # hosts and clusters
    "hosts": Prose(en="Hosts", zh="主机"),
    "host": Prose(en="host", zh="主机"),
    "address": Prose(en="address", zh="地址"),
    "roles": Prose(en="roles", zh="角色"),
    "os": Prose(en="system", zh="系统"),
    "ssh": Prose(en="SSH", zh="SSH"),
    "status": Prose(en="status", zh="状态"),
    "fails": Prose(en="fails", zh="不合格"),
    "open": Prose(en="open", zh="未定"),
    "legacy": Prose(en="legacy", zh="过时"),
    "modern": Prose(en="modern", zh="现代"),
    "director": Prose(en="director", zh="调度器"),
    "real": Prose(en="real", zh="真实服务器"),
    "no_role": Prose(en="unknown", zh="未知"),
    "ok": Prose(en="read", zh="已读取"),
    "partial": Prose(en="partly read", zh="部分读取"),
    "unreachable": Prose(en="unreachable", zh="无法连接"),
    "auth_failed": Prose(en="login refused", zh="登录被拒"),
    "host_key_rejected": Prose(en="host key rejected", zh="主机密钥不符"),
    "timeout": Prose(en="timed out", zh="超时"),
    "clusters": Prose(en="Clusters", zh="集群"),
    "directors": Prose(en="directors", zh="调度器"),
    "reals": Prose(en="real servers", zh="真实服务器"),
    "active": Prose(en="active", zh="主用"),
    "no_active": Prose(en="no single director is known to be active", zh="无法确认唯一的主用调度器"),
    "served_by": Prose(en="held by", zh="由其持有"),
    "held_by_nobody": Prose(en="held by nobody that was seen", zh="未见任何主机持有"),
    "none": Prose(en="none", zh="无"),
    # the last line
    "next": Prose(en="next: {command}", zh="下一步：{command}"),
    "mend_then": Prose(en="mend that, then: {command}", zh="排除后执行：{command}"),
}
