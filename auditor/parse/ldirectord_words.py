"""What there is to say about an ldirectord.cf, in both languages."""

from __future__ import annotations

from auditor.model.place import At, Diagnostic, Prose


def say(code: str, at: At, **words: object) -> Diagnostic:
    """The diagnostic of a code with its words filled in; long words are cut, but not what is wanted."""
    severity, en, zh = _SAYINGS[code]
    own = {"wanted", "either"}
    short = {name: str(word) if name in own else _short(str(word)) for name, word in words.items()}
    prose = Prose(en=en.format(**short), zh=zh.format(**short))
    return Diagnostic(severity=severity, code=code.partition(" ")[0], message=prose, at=at)


def is_refusal(code: str) -> bool:
    return _SAYINGS[code][0] == "error"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


_SAYINGS: dict[str, tuple[str, str, str]] = {
    # -- lines
    "byte-order-mark": (
        "error",
        "a byte order mark stands before the first line, which every ldirectord refuses",
        "文件以字节顺序标记 (BOM) 开头, 任何版本的 ldirectord 都会拒绝第一行",
    ),
    "carriage-return": (
        "warning",
        "lines end with CR LF, and the carriage return is part of every value: yes, no and paths do not survive it",
        "行尾为 CR LF, 回车符会成为每个值的一部分: yes、no 与路径都会因此失效",
    ),
    "indentation global": (
        "error",
        "a blank stands before a global line, which ldirectord refuses",
        "全局指令前有空白, ldirectord 拒绝此行",
    ),
    "indentation option": (
        "error",
        "indented by {columns} columns and refused: an option of a virtual service stands at least 4 in",
        "缩进只有 {columns} 列, 被拒绝: 虚拟服务的选项至少要缩进 4 列",
    ),
    "outside-virtual": (
        "error",
        "an indented line outside a virtual service is refused",
        "缩进的行不在任何虚拟服务之内, 被拒绝",
    ),
    "outside-virtual closed": (
        "error",
        "the blank line {closed} ended the virtual service of line {opened}; this line is outside and refused",
        "第 {closed} 行的空行结束了第 {opened} 行的虚拟服务; 此行落在服务之外, 被拒绝",
    ),
    "too-long": (
        "error",
        "the value has {length} characters; more than {limit} are not read",
        "该值有 {length} 个字符; 超过 {limit} 个字符的值不予解读",
    ),
    "unknown-command": (
        "error",
        '"{text}" is a command that no ldirectord knows: key=value is wanted',
        "任何版本的 ldirectord 都不认识 “{text}”: 应写成 key=value",
    ),
    "unknown-command wide": (
        "error",
        "U+{sign} before this line is no blank to ldirectord: indent it by four ordinary spaces or a tab",
        "行首的 U+{sign} (全角空格等) 对 ldirectord 不是空白: 请用四个普通空格或一个制表符缩进",
    ),
    "virtual-at-end": (
        "error",
        "a virtual= line that ends the file is read twice and refused as its own duplicate: add options below",
        "位于文件末尾的 virtual= 行会被读取两次, 并作为自身的重复项被拒绝: 请在其下补上选项",
    ),
    "wide-blank-line": (
        "error",
        "a line of blanks only, five or more columns wide, is refused inside a virtual service",
        "虚拟服务内只含空白且达到五列的行会被拒绝",
    ),
    # -- keys
    "newer-directive": (
        "error",
        "{key} is refused by ldirectord {release}: it exists from {first} on",
        "ldirectord {release} 拒绝 {key}: 自 {first} 起才有此指令",
    ),
    "unknown-directive": (
        "error",
        '"{key}" is a directive that no ldirectord knows',
        "任何版本的 ldirectord 都不认识指令 “{key}”",
    ),
    "unknown-directive near": (
        "error",
        '"{key}" is a directive that no ldirectord knows; {near} is meant?',
        "任何版本的 ldirectord 都不认识指令 “{key}”; 是否应为 {near}?",
    ),
    "withdrawn-directive": (
        "error",
        "{key} is refused by ldirectord {release}: checktimeout and negotiatetimeout took its place",
        "ldirectord {release} 拒绝 {key}: 已由 checktimeout 和 negotiatetimeout 取代",
    ),
    "wrong-place global": (
        "error",
        "{key} is a global line: it must begin in the first column",
        "{key} 是全局指令: 必须从第一列开始",
    ),
    "wrong-place option": (
        "error",
        "{key} belongs into a virtual service: indent it by four blanks or a tab below its virtual= line",
        "{key} 属于虚拟服务: 应写在 virtual= 行之下并缩进四个空格或一个制表符",
    ),
    # -- values
    "bare-supervised": (
        "warning",
        "supervised without a value is read as yes; newer releases ask for supervised=yes",
        "不带值的 supervised 被读作 yes; 新版本要求写成 supervised=yes",
    ),
    "blank-in-host": (
        "warning",
        '{key} "{value}": what is blank behind the name, or a carriage return, is sent in the Host header',
        "{key} “{value}”: 名称后面的空白或回车会被放进 Host 头",
    ),
    "checktype-number": (
        "warning",
        'checktype "{value}" holds a digit, so ldirectord takes it for {used} connect checks to one negotiate check',
        "checktype “{value}” 含有数字, ldirectord 会当作每 {used} 次连接检查做一次协商检查",
    ),
    "choice": (
        "error",
        '{key} "{value}" is refused: {wanted} is wanted',
        "{key} “{value}” 被拒绝: 只能是 {either} 之一",
    ),
    "comment-in-quotes": (
        "error",
        '"#" begins a comment even inside quotes: of {key} only {value} is left, which is refused',
        "# 即使在引号内也会开始注释: {key} 的值只剩下 {value}, 因而被拒绝",
    ),
    "emailalertstatus": (
        "error",
        "emailalertstatus is refused: none stands with another word",
        "emailalertstatus 被拒绝: none 不能与其他词并列",
    ),
    "empty": (
        "error",
        "{key} is refused without a value",
        "{key} 没有值, 被拒绝",
    ),
    "netmask": (
        "error",
        'netmask "{value}" is refused: four numbers with dots are wanted, as in 255.255.255.255',
        "netmask “{value}” 被拒绝: 需要点分四段的写法, 如 255.255.255.255",
    ),
    "netmask prefix": (
        "error",
        'netmask "{value}" is refused: a prefix length from 1 to 128 is wanted',
        "netmask “{value}” 被拒绝: 需要 1 到 128 的前缀长度",
    ),
    "netmask-alone": (
        "warning",
        "netmask has no effect without persistent",
        "没有 persistent 时 netmask 不起作用",
    ),
    "number": (
        "error",
        '{key} "{value}" is refused: a whole number is wanted',
        "{key} “{value}” 被拒绝: 需要整数",
    ),
    "number above": (
        "error",
        '{key} "{value}" is refused: a whole number above zero is wanted',
        "{key} “{value}” 被拒绝: 需要大于零的整数",
    ),
    "number-cut": (
        "warning",
        '{key} "{value}" is read as {used}: only the first digits count',
        "{key} “{value}” 被读作 {used}: 只取最先出现的数字",
    ),
    "ops-without-udp": (
        "warning",
        "ops has an effect on udp services only",
        "ops 只对 udp 服务起作用",
    ),
    "port": (
        "error",
        "checkport {value} is refused: 1 to 65535 is wanted",
        "checkport {value} 被拒绝: 应为 1 到 65535",
    ),
    "protocol address": (
        "error",
        "protocol {value} is refused: a service of address and port is tcp or udp",
        "protocol {value} 被拒绝: 地址加端口的服务只能是 tcp 或 udp",
    ),
    "protocol mark": (
        "error",
        "protocol {value} is refused: the service is a firewall mark, whose protocol is fwm",
        "protocol {value} 被拒绝: 该服务是防火墙标记, 协议只能是 fwm",
    ),
    "quotes": (
        "error",
        "{key} {value} is refused: the value must stand in double quotes",
        "{key} {value} 被拒绝: 该值必须用双引号括起来",
    ),
    "scheduler": (
        "error",
        'scheduler "{value}" is refused: a name in small letters is wanted',
        "scheduler “{value}” 被拒绝: 需要小写字母的名称",
    ),
    "value-cut": (
        "warning",
        '{key} "{value}" is read as {used}; the rest is ignored',
        "{key} “{value}” 被读作 {used}; 其余部分被忽略",
    ),
    "value-cut mark": (
        "warning",
        '{key} "{value}" is read as firewall mark {used}; the rest is ignored',
        "{key} “{value}” 被读作防火墙标记 {used}; 其余部分被忽略",
    ),
    "word": (
        "error",
        '{key} "{value}" is refused: a word is wanted',
        "{key} “{value}” 被拒绝: 需要一个单词",
    ),
    "yes-no": (
        "error",
        '{key} "{value}" is refused: exactly yes or no is wanted, with nothing behind it',
        "{key} “{value}” 被拒绝: 只接受 yes 或 no, 后面不能有任何内容",
    ),
    "yes-no blank": (
        "error",
        "{key} is refused: a blank or carriage return stands behind {value}, and exactly yes or no is wanted",
        "{key} 被拒绝: {value} 后面有空白或回车, 而只接受不带任何多余字符的 yes 或 no",
    ),
    "yes-no comment": (
        "error",
        "{key} is refused: behind {value} on a global line ldirectord knows no comment, and takes it for the value",
        "{key} 被拒绝: 全局指令行的 {value} 后面不能写注释, ldirectord 会把注释当作值的一部分",
    ),
    # -- services
    "duplicate-virtual": (
        "error",
        "{name} stands in line {line} already: a virtual service may stand once for each protocol",
        "{name} 已在第 {line} 行出现: 同一协议的虚拟服务只能出现一次",
    ),
    "duplicate-virtual unseen": (
        "warning",
        "{name} stands in line {line} already; ldirectord 2004 does not notice, newer ones refuse",
        "{name} 已在第 {line} 行出现; 2004 版 ldirectord 不会察觉, 新版本会拒绝",
    ),
    "family": (
        "error",
        "{key} is refused in this virtual service: {wanted} is wanted",
        "此虚拟服务中不接受 {key}: 应使用 {wanted}",
    ),
    "family virtual": (
        "error",
        "an IPv6 address is refused behind virtual=: write virtual6={value}",
        "virtual= 后不接受 IPv6 地址: 应写成 virtual6={value}",
    ),
    "mark-from-address": (
        "warning",
        "`{key}={value}` has no port: ldirectord takes it for firewall mark {mark}",
        "`{key}={value}` 没有端口: ldirectord 会当作防火墙标记 {mark}",
    ),
    "virtual": (
        "error",
        '{key} "{value}" is refused: address:port or the number of a firewall mark is wanted',
        "{key} “{value}” 被拒绝: 应为 地址:端口 或防火墙标记的编号",
    ),
    "virtual address": (
        "error",
        '{key} "{value}" is refused: no such address',
        "{key} “{value}” 被拒绝: 地址不存在",
    ),
    "virtual port": (
        "error",
        '{key} "{value}" is refused: no such port',
        "{key} “{value}” 被拒绝: 端口不存在",
    ),
    # -- servers
    "fallback address": (
        "error",
        'fallback "{value}" is refused: no such address',
        "fallback “{value}” 被拒绝: 地址不存在",
    ),
    "fallback port": (
        "error",
        'fallback "{value}" is refused: no such port',
        "fallback “{value}” 被拒绝: 端口不存在",
    ),
    "forwarding": (
        "error",
        'forwarding "{value}" is refused: gate, masq or ipip is wanted',
        "转发方式 “{value}” 被拒绝: 只能是 gate、masq 或 ipip",
    ),
    "forwarding fallback": (
        "error",
        '"{value}" is refused as the forwarding method of the fallback: gate, masq or ipip is wanted, or nothing',
        "备用服务器的转发方式 “{value}” 被拒绝: 只能是 gate、masq、ipip, 或不写",
    ),
    "forwarding comment": (
        "error",
        'fallback is refused: a global line knows no comment, and ldirectord takes "{value}" for the forwarding method',
        "fallback 被拒绝: 全局指令行不能写注释, ldirectord 会把 “{value}” 当作转发方式",
    ),
    "forwarding missing": (
        "error",
        '"{value}" has no forwarding method: gate, masq or ipip is wanted behind it',
        "“{value}” 缺少转发方式: 后面应有 gate、masq 或 ipip",
    ),
    "own-answer-lost": (
        "warning",
        '"{value}" is forgotten: behind a request that begins with "/" no ldirectord reads on; leave the "/" away',
        "“{value}” 会被忽略: 请求以 “/” 开头时, 任何版本的 ldirectord 都不再读取其后的内容; 请去掉开头的 “/”",
    ),
    "real-cut": (
        "warning",
        'real "{value}" is read as the server {address}: ldirectord skips what stands before {used}',
        "real “{value}” 被读作服务器 {address}: ldirectord 会跳过 {used} 之前的内容",
    ),
    "range": (
        "error",
        "the range {first}->{last} is refused: it runs backwards",
        "地址范围 {first}->{last} 被拒绝: 起点大于终点",
    ),
    "range six": ("error", "a range of IPv6 addresses is refused", "不支持 IPv6 地址范围"),
    "range-cut": (
        "info",
        "the range has more than {limit} addresses; the rest is not listed",
        "该范围超过 {limit} 个地址, 其余未列出",
    ),
    "range-lost": (
        "warning",
        "ldirectord compares the ends of {first}->{last} as text and does not get all of the range",
        "ldirectord 按文本比较 {first}->{last} 的两端, 因而得不到完整的范围",
    ),
    "real": (
        "error",
        'real "{value}" is refused: address[:port] and a forwarding method are wanted',
        "real “{value}” 被拒绝: 应为 地址[:端口] 与转发方式",
    ),
    "real address": (
        "error",
        'address "{value}" does not exist, so this real server is refused',
        "地址 “{value}” 不存在, 该真实服务器被拒绝",
    ),
    "real port": (
        "error",
        'port "{value}" does not exist, so this real server is refused',
        "端口 “{value}” 不存在, 该真实服务器被拒绝",
    ),
    "real-rest": (
        "error",
        '"{value}" is refused: nothing may stand here behind forwarding method and weight',
        "“{value}” 被拒绝: 转发方式与权重之后不能再有此内容",
    ),
    "weight": (
        "error",
        'weight "{value}" is refused by every ldirectord: a whole number is wanted',
        "任何版本的 ldirectord 都拒绝权重 “{value}”: 需要整数",
    ),
    "weight-search": (
        "warning",
        '"{value}" before the weight is ignored; the weight is {weight}',
        "权重之前的 “{value}” 被忽略; 权重为 {weight}",
    ),
}
"""By code: severity and prose. What follows a blank in a code tells its cases apart and stays inside."""
