"""What the reports say in their own name, in both languages."""

from __future__ import annotations

import re
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


def spoken(text: str, area: str, lang: str) -> str:
    """The name, or a value of ours, of a statement in that area; machine formats keep the English words."""
    if lang != "zh" or area not in _SPOKEN:
        return text
    return _OURS.sub(lambda match: _TERMS[match[0]], text)


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
        zh="没有阻断性问题, 所有检查项均已完成",
    ),
    "why_not_ready": Prose(en="mend first: {problems} on {where}", zh="须先解决（{where}）: {problems}"),
    "of_severity": Prose(en="{count} {severity}", zh="{severity} {count} 项"),
    "counts": Prose(
        en="{hosts} hosts; {fail} checks fail, {unknown} could not be made, {pass} pass, "
        "{not_applicable} do not apply, {waived} are waived",
        zh="{hosts} 台主机; 不合格 {fail} 项, 无法判断 {unknown} 项, 通过 {pass} 项, 不适用 {not_applicable} 项, "
        "已豁免 {waived} 项",
    ),
    "why_cannot_tell": Prose(
        en="nothing that was seen blocks, but not everything could be looked at",
        zh="已检查部分没有阻断性问题, 但有内容未能检查",
    ),
    "unread_hosts": Prose(en="not read: {hosts}", zh="未能读取: {hosts}"),
    "unknown_checks": Prose(en="{count} checks could not be made", zh="无法完成的检查: {count} 项"),
    "since_baseline": Prose(
        en="since the baseline {new} new, {changed} changed, {fixed} fixed, {unchanged} unchanged, "
        "{unseen} not seen again",
        zh="与基线相比: 新增 {new}, 变化 {changed}, 已解决 {fixed}, 未变 {unchanged}, 未能复查 {unseen}",
    ),
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
    # a migration
    "migration": Prose(en="What the migration changes", zh="迁移带来的变化"),
    "migration_hint": Prose(
        en="Files, steps and the whole ledger lie beside this report: README.md, LEDGER.md.",
        zh="文件、步骤和完整台账与本报告放在一起: README.md、LEDGER.md。",
    ),
    "in_the_way": Prose(en="Stands in the way", zh="阻碍迁移"),
    "not_read": Prose(en="not read", zh="未能读取"),
    "before": Prose(en="before", zh="之前"),
    "after": Prose(en="after", zh="之后"),
    "decide": Prose(en="to decide", zh="待决定"),
    "invented": Prose(en="invented", zh="新增"),
    "lost": Prose(en="lost", zh="丢弃"),
    "kept": Prose(en="kept", zh="保留"),
    # waivers and the baseline
    "waivers": Prose(en="waivers.toml", zh="waivers.toml"),
    "waived_title": Prose(en="Waived (somebody answers for it)", zh="已豁免（有人负责）"),
    "until": Prose(en="until {day}, {owner}: {reason}", zh="至 {day}, {owner}: {reason}"),
    "waived_by": Prose(en="answered for by", zh="负责人"),
    "expires": Prose(en="until (UTC)", zh="有效期至 (UTC)"),
    "waiver_reason": Prose(en="reason", zh="理由"),
    "baseline": Prose(en="Since the baseline of {started}", zh="与 {started} 的基线相比"),
    "new": Prose(en="new", zh="新增"),
    "changed": Prose(en="changed", zh="变化"),
    "fixed": Prose(en="fixed", zh="已解决"),
    "unseen": Prose(en="not seen again", zh="未能复查"),
    "no_drift": Prose(en="Nothing is new, changed or fixed.", zh="没有新增、变化或已解决的问题。"),
    "omitted": Prose(en="left out by choice: {rules}", zh="按选项未检查: {rules}"),
    "drift_more": Prose(en="and {more} more in report.json", zh="另有 {more} 项见 report.json"),
    # two runs side by side
    "different": Prose(
        en="DIFFERENT: {changes} changes by meaning, {findings} findings, {texts} texts; "
        "{blanks} things could not be compared",
        zh="有差异: 含义变化 {changes} 项, 检查结果 {findings} 项, 文本 {texts} 处; 无法比较 {blanks} 项",
    ),
    "same": Prose(en="SAME: nothing differs", zh="一致: 没有差异"),
    "same_so_far": Prose(
        en="CANNOT TELL: nothing that was seen differs, but {blanks} things could not be compared",
        zh="无法判断: 已见部分没有差异, 但有 {blanks} 项无法比较",
    ),
    "findings": Prose(en="Findings", zh="检查结果"),
    "texts": Prose(en="Texts (nothing above says why)", zh="文本差异（以上未涉及的部分）"),
    "not_compared": Prose(en="What could not be compared", zh="无法比较的内容"),
    "area_system": Prose(en="system", zh="系统"),
    "area_pool": Prose(en="services, real servers and schedulers", zh="服务、真实服务器与调度算法"),
    "area_check": Prose(en="health checks", zh="健康检查"),
    "area_reference": Prose(en="what the configuration refers to", zh="配置所引用的内容"),
    "area_stranger": Prose(en="named, but not in HOSTS", zh="被引用但不在 HOSTS 中"),
    "inventory_sum": Prose(
        en="{hosts} hosts, {known} facts, {unknown} unknown",
        zh="{hosts} 台主机, 事实 {known} 项, 未知 {unknown} 项",
    ),
    "unknown_value": Prose(en="unknown", zh="未知"),
    "area_cluster": Prose(en="cluster", zh="集群"),
    "area_vip": Prose(en="virtual addresses", zh="虚拟地址"),
    "area_host": Prose(en="host", zh="主机"),
    "area_ssh": Prose(en="SSH", zh="SSH"),
    "area_package": Prose(en="packages", zh="软件包"),
    "area_address": Prose(en="interfaces and addresses", zh="接口与地址"),
    "area_route": Prose(en="routes", zh="路由"),
    "area_ifcfg": Prose(en="ifcfg files", zh="ifcfg 文件"),
    "area_network": Prose(en="/etc/sysconfig/network", zh="/etc/sysconfig/network"),
    "area_hosts": Prose(en="/etc/hosts", zh="/etc/hosts"),
    "area_sysctl": Prose(en="sysctls, running", zh="sysctl 运行值"),
    "area_sysctl_boot": Prose(en="sysctls, at boot", zh="sysctl 启动值"),
    "area_rc_local": Prose(en="rc.local", zh="rc.local"),
    "area_boot": Prose(en="boot links", zh="启动链接"),
    "area_process": Prose(en="daemons", zh="守护进程"),
    "area_ipvs": Prose(en="IPVS, running", zh="IPVS 运行表"),
    "area_authkeys": Prose(en="authkeys", zh="authkeys"),
    "area_ha_cf": Prose(en="ha.cf", zh="ha.cf"),
    "area_haresources": Prose(en="haresources", zh="haresources"),
    "area_ldirectord": Prose(en="ldirectord.cf", zh="ldirectord.cf"),
    "area_file": Prose(en="files", zh="文件"),
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
    "served_by": Prose(en="held by {owners}", zh="由 {owners} 持有"),
    "held_by_nobody": Prose(en="held by nobody that was seen", zh="未见任何主机持有"),
    "if_dies": Prose(en="What happens if it dies", zh="节点故障的后果"),
    "node": Prose(en="node", zh="节点"),
    "none": Prose(en="none", zh="无"),
    # the page
    "version": Prose(en="version", zh="版本"),
    "run": Prose(en="run", zh="运行"),
    "hosts_read": Prose(en="{read} of {all} hosts read", zh="已读取 {read}/{all} 台主机"),
    "sum": Prose(
        en="{checks} checks: {rules} rules on {hosts} hosts and their clusters.",
        zh="共 {checks} 项检查: {rules} 条规则, {hosts} 台主机及其集群。",
    ),
    "more_notes": Prose(en="and {more} more hosts or clusters", zh="另有 {more} 台主机或集群"),
    "more_blockers": Prose(en="and {more} more", zh="另有 {more} 项"),
    "gaps_hint": Prose(
        en="None of this counts as passed. Mend what stands in the way and scan again.",
        zh="以下均不计为通过。请排除障碍后重新扫描。",
    ),
    "matrix": Prose(en="Rules and hosts", zh="规则与主机"),
    "rule": Prose(en="rule", zh="规则"),
    "no_cluster": Prose(en="in no cluster", zh="不属于任何集群"),
    "all_right": Prose(
        en="Not shown, since nothing about them is wrong or unknown: {rules} rules and {hosts} hosts.",
        zh="未列出（没有不合格或无法判断之处）: {rules} 条规则, {hosts} 台主机。",
    ),
    "open_all": Prose(en="open or close all", zh="全部展开或收起"),
    "places": Prose(en="{count} cases", zh="{count} 处"),
    "what": Prose(en="what is wrong", zh="问题"),
    "must_hold": Prose(en="What must hold:", zh="应满足:"),
    "must_hold_short": Prose(en="what must hold", zh="应满足"),
    "more_in_json": Prose(en="and {more} more in report.json", zh="另有 {more} 项见 report.json"),
    "fix_title": Prose(
        en="How to mend it (review first; nothing was changed)", zh="处理方法（请先审阅; 未做任何改动）"
    ),
    "why": Prose(en="why it matters", zh="影响"),
    "judged": Prose(en="how it is judged", zh="判断方法"),
    "false_alarms": Prose(en="false alarms", zh="可能的误报"),
    "basis": Prose(en="basis", zh="依据"),
    "basis_upstream": Prose(
        en="what heartbeat, ldirectord and the kernel really do", zh="heartbeat、ldirectord 与内核的实际行为"
    ),
    "basis_own": Prose(en="this site, or lvsaudit itself", zh="本站点或 lvsaudit 自身的规定"),
    "basis_upstream_short": Prose(en="upstream", zh="上游"),
    "more": Prose(en="more", zh="更多"),
    "severity": Prose(en="severity", zh="级别"),
    "passes": Prose(en="passes", zh="通过"),
    "because": Prose(en="why", zh="缘由"),
    "virtual": Prose(en="virtual service", zh="虚拟服务"),
    "scheduler": Prose(en="scheduler", zh="调度算法"),
    "owners": Prose(en="address held by", zh="地址持有者"),
    "pool": Prose(en="real servers, forwarding, weight", zh="真实服务器、转发方式、权重"),
    "rules": Prose(en="Rules", zh="规则"),
    "method": Prose(en="How this was found out", zh="检查方法"),
    "method_read_only": Prose(
        en="Hosts were read over SSH and not changed. All judgements come from the snapshot that was kept: "
        "lvsaudit check makes them again without the network.",
        zh="通过 SSH 只读采集, 未改动主机。所有结论均来自保存的快照, lvsaudit check 可离线重现。",
    ),
    "method_states": Prose(
        en="What could not be looked at is neither right nor wrong, and a run with such gaps is never ready.",
        zh="未能检查的内容既不算合格也不算不合格; 存在此类缺口时结论不会是就绪。",
    ),
    "method_redacted": Prose(
        en="Secrets were taken out before anything was written; control characters are shown, not obeyed.",
        zh="写盘之前已去除密码与密钥; 控制字符只显示, 不生效。",
    ),
    "artifacts": Prose(en="{count} files, links and outputs read", zh="读取文件、链接与命令输出 {count} 项"),
    # the last line
    "next": Prose(en="next: {command}", zh="下一步: {command}"),
    "mend_then": Prose(en="mend that, then: {command}", zh="排除后执行: {command}"),
}

# Names and values of statements, longest first.
_TERMS: Mapping[str, str] = {
    "real servers and nodes that HOSTS does not have": "HOSTS 中没有的真实服务器与节点",
    "maintained until": "维护期至",
    "packages that matter": "相关软件包",
    "obsolete algorithms": "过时算法",
    "none, or several": "没有或多个",
    "active director": "主用调度器",
    "start in runlevel": "启动顺序, 运行级别",
    "resource script": "资源脚本",
    "cipher and MAC": "加密与 MAC 算法",
    "answered for by": "应答者",
    "default route": "默认路由",
    "key exchange": "密钥交换",
    "real servers": "真实服务器",
    "real server": "真实服务器",
    "services of": "服务:",
    "none found": "未发现",
    "directors": "调度器",
    "SysV links": "SysV 链接",
    "scheduler": "调度算法",
    "addresses": "地址",
    "host key": "主机密钥",
    "fallback": "后备",
    "obsolete": "过时算法",
    "held by": "持有者",
    "address": "地址",
    "nobody": "无",
    "status": "状态",
    "kernel": "内核",
    "system": "系统",
    "server": "服务器",
    "page of": "检查页面:",
    "roles": "角色",
    "node": "节点",
    "none": "无",
}
_OURS = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, _TERMS))})(?![\w-])")
# Areas in which names are words of ours; elsewhere they are those of packages, keys and files.
_SPOKEN = frozenset(
    {"cluster", "vip", "pool", "reference", "stranger", "system", "address", "boot", "ssh", "host"}
)
