"""Why a value became what it became, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.model.place import Prose


def why(key: str, **values: object) -> Prose:
    prose = _WHY[key]
    return Prose(en=prose.en.format(**values), zh=prose.zh.format(**values))


def _p(en: str, zh: str) -> Prose:
    return Prose(en=en, zh=zh)


_WHY: Mapping[str, Prose] = {
    # nobody knows
    "nobody-knows": _p("no conversion knows this value", "没有任何转换规则认识此值"),
    "line-unknown": _p(
        "this line is not understood: say what it is for, and where the new host does it",
        "无法理解此行: 请确认其用途, 以及新主机上由谁完成",
    ),
    "file-unclear": _p(
        "another line of these files is not understood, so that nobody can tell what all of them amount to",
        "这些文件中另有无法理解的行, 因而无法判断它们合起来的结果",
    ),
    "line-conditional": _p(
        "it runs under a condition only: say when the new host needs it, and where it does it",
        "它只在某个条件下执行: 请确认新主机何时需要, 以及由谁完成",
    ),
    "line-steers": _p(
        "it decides what else the script does: see whether the new host needs that decision",
        "它决定脚本的其余走向: 请确认新主机是否需要这一判断",
    ),
    "unknown-directive": _p("no counterpart is known for this", "未知有无对应项"),
    "unknown-key": _p("no counterpart is known for this key", "未知此键有无对应项"),
    "value-refused": _p(
        "the value is not what it should be here, and is not written to any new file",
        "此值不符合应有的形式, 未写入任何新文件",
    ),
    "control-characters": _p(
        "the value holds control characters, and is not written to any new file",
        "此值含控制字符, 未写入任何新文件",
    ),
    "file-unread": _p("the file could not be read: {state}", "未能读取此文件: {state}"),
    "file-no-reader": _p("lvsaudit does not read this file", "lvsaudit 不解析此文件"),
    "iptables-config": _p(
        "belongs to the iptables init script, which the target does not have; look for IPTABLES_MODULES in it",
        "属于 iptables 启动脚本, 目标系统没有该脚本; 请查看其中的 IPTABLES_MODULES",
    ),
    "hostname-file": _p("compare it with the new etc/hostname", "请与新的 etc/hostname 核对"),
    "keepalived-line": _p(
        "keepalived is not a part of the new cluster: see whether it served anything",
        "新集群不使用 keepalived: 请确认它是否承担过服务",
    ),
    "keepalived-served": _p(
        "the new cluster has this service, as ldirectord.cf describes it: compare the real servers, and stop "
        "keepalived before the new cluster takes over",
        "新集群按 ldirectord.cf 提供此服务: 请核对真实服务器, 并在新集群接管之前停止 keepalived",
    ),
    "keepalived-unserved": _p(
        "the new cluster does NOT have this service: leave it to keepalived, or add it to ldirectord.cf first",
        "新集群没有此服务: 请继续由 keepalived 提供, 或先把它加入 ldirectord.cf",
    ),
    "keepalived-more": _p(
        "keepalived may have more services than could be read here: see whether the new cluster has them",
        "keepalived 可能还有此处未能读取的服务: 请确认新集群是否具有它们",
    ),
    "ipvsadm-rules-line": _p(
        "a saved table: the health check fills the new one, so a service that only stands here would be lost",
        "这是保存的转发表: 新表由健康检查填写, 只存在于此的服务会丢失",
    ),
    # heartbeat to corosync
    "key-selection": _p("corosync has one key, and no numbers", "corosync 只有一个密钥, 不编号"),
    "key": _p(
        "a key is never carried over: corosync-keygen makes a new one on the target",
        "密钥从不搬运: 由 corosync-keygen 在目标主机上新建",
    ),
    "crypto": _p("corosync encrypts and signs all of its traffic", "corosync 对全部集群流量加密并签名"),
    "medium": _p(
        "knet sends from address to address; the interface's own address takes its place",
        "knet 按地址点对点发送; 以该接口自身的地址代替接口名",
    ),
    "multicast": _p("knet is unicast: no group, TTL or loop", "knet 为单播: 没有组播组、TTL 与环回"),
    "port": _p(
        "the port of corosync; heartbeat's is not used any more", "corosync 的端口; 不再使用 heartbeat 的端口"
    ),
    "serial": _p("there are no serial links", "不支持串口心跳"),
    "link-unknown": _p("no link could be made of this medium", "无法由此介质得出链路"),
    "link-address": _p(
        "the interface's own address is not known on every node: write the addresses of this link into corosync.conf",
        "并非每个节点在该接口上的地址都已知: 请在 corosync.conf 中填写此链路的地址",
    ),
    "peer-unknown": _p("this peer is no known address of a node", "该对端不是任何已知节点的地址"),
    "keepalive": _p("corosync derives its intervals from the token", "corosync 由 token 推算各间隔"),
    "deadtime": _p(
        "a node counts as dead after {ms} ms: its token is missed, then the others agree (consensus); a failover takes "
        "this long and the start of the resources",
        "节点在 {ms} 毫秒后判定死亡: 先是令牌丢失, 再由其余节点达成共识 (consensus); 切换耗时为此值加资源启动时间",
    ),
    "deadtime-default": _p(
        "ha.cf has no deadtime: heartbeat's own 30 s are kept, token and consensus together. Corosync's default is 3 s "
        "and 3.6 s",
        "ha.cf 没有 deadtime: 保留 heartbeat 的默认 30 秒, 为 token 与 consensus 之和; corosync 默认 3 秒与 3.6 秒",
    ),
    "warntime": _p("in per cent of the token", "以 token 的百分比表示"),
    "initdead": _p(
        "a node that boots alone waits for the other one until it was seen, however long; heartbeat "
        "took over after initdead. With wait_for_all: 0 it is as before, at the risk of two owners",
        "单独启动的节点会一直等待, 直到见过另一节点; heartbeat 在 initdead "
        "之后即接管。设 wait_for_all: 0 可恢复旧行为, 但有双主风险",
    ),
    "initdead-gone": _p("quorum decides when a node that boots may start", "由法定票数决定启动时机"),
    "deadping": _p("how long the loss of the ping node has to last", "ping 节点丢失须持续的时间"),
    "tuning": _p("a setting of heartbeat itself without a counterpart", "heartbeat 自身的调节项, 没有对应项"),
    "crm-off": _p("pacemaker is the only resource manager", "pacemaker 是唯一的资源管理器"),
    "facility": _p(
        "corosync knows daemon and local0 to local7", "corosync 只接受 daemon 与 local0 到 local7"
    ),
    "watchdog": _p(
        "softdog is loaded at boot, but nobody feeds it: in a two-node cluster "
        "sbd without a disk needs a third vote (qdevice). Decide on fencing",
        "开机加载 softdog, 但无人喂狗: 双节点集群中无盘 sbd 需要第三票 (qdevice)。请决定隔离 (fencing) 方案",
    ),
    "stonith": _p(
        "fencing needs an agent of pacemaker and its secrets: add it to the CIB by hand",
        "隔离需要 pacemaker 的代理及其密码: 请手工加入 CIB",
    ),
    "fencing": _p(
        "no fencing, as before: two directors that do not hear each "
        "other both own the VIPs. A fence device mends that",
        "与原来一样没有隔离: 两台调度器互相失联时会同时占有 VIP。配置隔离设备可解决",
    ),
    "failback-off": _p("what runs stays where it runs", "资源留在当前节点"),
    "failback-on": _p(
        "the preferred node takes back what it lost as soon as it is there", "首选节点恢复后立即取回资源"
    ),
    "failback-legacy": _p(
        "no or legacy auto_failback: heartbeat gives back to the preferred "
        "node. Decide whether the service shall move back by itself",
        "没有 auto_failback 或其值为 legacy: heartbeat 会归还给首选节点。请决定是否自动切回",
    ),
    "no-failback": _p("one director: nothing to give back", "只有一台调度器: 无需切回"),
    "ping-acts": _p(
        "pinged on every node; the rule on pingd acts on it, as ipfail did",
        "每个节点都 ping; 由 pingd 规则动作, 与 ipfail 相同",
    ),
    "ping-idle": _p(
        "pinged on every node, and as before nothing acts on it: "
        "ipfail did not run. A rule on the attribute pingd would",
        "每个节点都 ping, 但与原来一样无人据此动作: 原来没有运行 ipfail。可添加 pingd 规则",
    ),
    "ping-group": _p("a group has no name any more", "组不再有名称"),
    "ipfail": _p(
        "a rule keeps the group off nodes that reach no ping node", "规则使资源组避开 ping 不通的节点"
    ),
    "respawn-user": _p("pacemaker runs the agent", "由 pacemaker 运行"),
    "cluster-name": _p("a name for the cluster", "集群名称"),
    "two-node": _p("one vote of two is enough to go on", "两票中有一票即可继续"),
    # haresources to the CIB
    "preferred": _p(
        "a location score; resource-stickiness says whether it takes back",
        "位置分数; 是否切回由 resource-stickiness 决定",
    ),
    "no-preferred": _p("haresources names no preferred node", "haresources 没有首选节点"),
    "other-preferred": _p(
        "this copy names another preferred node than the one that is followed ({preferred})",
        "此副本的首选节点与所采用的 ({preferred}) 不同",
    ),
    "resource-unknown": _p(
        "no agent is known for this script: it is NOT in the group. Add a resource at its place or drop it",
        "未知与此脚本对应的代理: 它不在资源组中。请在原位置添加资源或放弃",
    ),
    "vip-unowned": _p(
        "no group brings this address up: in the new cluster nobody has it. Add a resource for it, or drop the service",
        "没有资源组启用此地址: 新集群中无人持有。请添加资源, 或放弃该服务",
    ),
    "resource-argument": _p("no counterpart is known for this argument", "未知此参数的对应项"),
    "not-in-leader": _p("the copy that is followed does not have this resource", "所采用的副本中没有此资源"),
    "ipaddr": _p("IPaddr2 does it with iproute2", "由 IPaddr2 (iproute2) 完成"),
    "label": _p("the alias label is dropped", "去掉别名标签"),
    "netmask": _p("as a prefix length", "写成前缀长度"),
    "broadcast": _p("computed from the prefix", "由前缀计算"),
    "ocf-ldirectord": _p("the agent runs the same daemon", "代理运行同一守护进程"),
    "one-ldirectord": _p("the one file", "唯一的配置文件"),
    "unit-ldirectord": _p("started at boot, since no cluster manager does it", "没有集群管理器, 开机启动"),
    "health-for-ldirectord": _p(
        "the target ships no ldirectord: a unit and a timer for each pool check as it did",
        "目标系统没有 ldirectord: 每个服务池由一对单元与定时器做同样的检查",
    ),
    "balancer-added": _p(
        "no group started ldirectord: it closes the group now", "原来没有组启动 ldirectord: 现置于组末"
    ),
    "lvs-support": _p(
        "heartbeat's IPaddr2 always took the VIP off lo before it "
        "put it on the interface; pacemaker's has to be told",
        "heartbeat 的 IPaddr2 总是先将 VIP 从 lo 移走; pacemaker 的须显式指定",
    ),
    "sync-swap": _p(
        "the same swap of roles, by a unit that pacemaker starts and stops",
        "由 pacemaker 启停的单元完成同样的角色互换",
    ),
    "no-failover": _p(
        "with --ha none one director serves and nobody takes over", "--ha none 时只有一台调度器服务, 无人接管"
    ),
    # ldirectord.cf
    "quiescent-default": _p(
        "the old release meant yes without a line, the new one means no",
        "旧版本不写即为 yes, 新版本不写为 no",
    ),
    "quiescent-guess": _p(
        "no line says it, and its default depends on the release: "
        "this is what the installed one means as far as known",
        "文件未写, 而默认值因版本而异: 此处为已知安装版本的含义",
    ),
    "default-changed": _p(
        "the new release would mean something else without this line", "缺少此行时新版本含义不同"
    ),
    "said-plainly": _p(
        "what the old release made of it, said so that the new one reads the same",
        "按旧版本的实际含义明确写出, 使新版本理解一致",
    ),
    "withdrawn": _p("ldirectord {release} refuses this directive", "ldirectord {release} 拒绝此指令"),
    "overridden": _p("a later line of the same name counts", "以后面的同名行为准"),
    "no-effect": _p("the old release made nothing of it", "旧版本未采用此值"),
    "outward": _p(
        "a program, address or path outside these files: see that it is there on the new director",
        "涉及这些文件之外的程序、地址或路径: 请确认新调度器上存在",
    ),
    "secret": _p(
        "a secret was taken out before anything was written: put it "
        "in on the target, in place of the words that stand there",
        "密码在写盘前已去除: 请在目标主机上填入, 替换占位文字",
    ),
    "service-not-understood": _p(
        "this service is not understood: it is NOT in the new file", "无法理解此虚拟服务: 未写入新文件"
    ),
    "real-not-understood": _p(
        "this real server is not understood: it is NOT in the new file", "无法理解此真实服务器: 未写入新文件"
    ),
    "other-ldirectord": _p(
        "not the file that heartbeat starts ldirectord with", "不是 heartbeat 启动 ldirectord 所用的文件"
    ),
    "differs-from-leader": _p(
        "the file of {leader} is followed, and does not say this", "采用的是 {leader} 的文件, 其中没有此项"
    ),
    # pools of a target without ldirectord
    "pool-file": _p(
        "said to the program that checks in ldirectord's place", "写给代替 ldirectord 的检查程序"
    ),
    "pool-timer": _p("a timer, from the end of one round to the next", "由定时器控制, 从一轮结束到下一轮"),
    "daemon-option": _p(
        "an option of the daemon itself; units have the journal and no daemon",
        "守护进程自身的选项; 单元使用日志系统, 没有守护进程",
    ),
    "check-weaker": _p(
        "this dialogue is not spoken here: only that the port answers is checked, which is less than ldirectord did",
        "此处不支持该协议的对话检查: 只检查端口是否应答, 弱于 ldirectord",
    ),
    "check-way": _p("how it is checked, as ldirectord's default says", "检查方式, 按 ldirectord 的默认值"),
    "check-argument": _p(
        "the check does not use it: see whether the pool can be checked without",
        "检查程序不使用此项: 请确认没有它能否检查",
    ),
    "check-without": _p("this kind of check has no use for it", "此类检查用不到此项"),
    "real-name": _p(
        "a name, where the kernel's table has addresses: it is NOT in the pool. Write its address into the pool's file",
        "此处为主机名, 而内核转发表使用地址: 未写入服务池。请在服务池文件中写入其地址",
    ),
    # network
    "leftover": _p("a leftover copy", "遗留的副本文件"),
    "lo-itself": _p("lo comes up by itself", "lo 会自行启用"),
    "lo-detail": _p("not needed for an address on lo", "lo 上的地址不需要此项"),
    "lo-unit": _p(
        "a unit adds it, after it has looked that the ARP guard is on",
        "由单元添加, 添加前先确认 ARP 抑制已生效",
    ),
    "owner-serves": _p("this director owns the address all the time now", "此调度器现始终持有该地址"),
    "lo-mask": _p("as a prefix of the whole length", "写成全长前缀"),
    "lo-mask-wrong": _p(
        "an address on lo must have the whole prefix: the old mask made the whole network local",
        "lo 上的地址必须为全长前缀: 原掩码会使整个网段变为本机",
    ),
    "arp-no": _p(
        "ARP=no in an alias never did anything; the sysctls do",
        "别名中的 ARP=no 从不起作用; 起作用的是 sysctl",
    ),
    "interface-unknown": _p("no file could be made for this interface", "无法为此接口生成文件"),
    "alias": _p(
        "a second address of the interface, with its label where it had one",
        "作为接口的附加地址, 保留原有标签",
    ),
    "alias-empty": _p("the alias has no address of its own", "该别名没有自己的地址"),
    "alias-onboot": _p("ifup never read it in an alias", "ifup 从不读取别名中的此项"),
    "computed": _p("computed from address and prefix", "由地址与前缀计算"),
    "bootproto": _p("fixed addresses or DHCP", "静态地址或 DHCP"),
    "onboot-no": _p("not brought up at boot, as before", "与原来一样开机不启用"),
    "hwaddr": _p(
        "the new host has another card: see that the interface has this name there",
        "新主机网卡不同: 请确认接口仍为此名",
    ),
    "ifcfg-detail": _p("the new network service needs no such word", "新的网络服务不需要此项"),
    "vip-in-ifcfg": _p(
        "a virtual address that is configured on a director itself: "
        "the cluster gives it, so it is in no network file",
        "调度器自身配置了虚拟地址: 由集群管理, 未写入网络配置",
    ),
    "gateway-other": _p("not the default route that is in force", "不是实际生效的默认路由"),
    "gateway-nowhere": _p("no interface of this host reaches this gateway", "本机没有接口能到达此网关"),
    "network-detail": _p("the target needs no such word", "目标系统不需要此项"),
    "hostname-other": _p(
        "the host calls itself otherwise now (uname -n), and that is what the nodes are called",
        "主机当前自称不同 (uname -n), 节点名以其为准",
    ),
    "ipv6-switch": _p(
        "IPv6 is on in the new files; decide whether it shall be off", "新文件中启用 IPv6; 请决定是否关闭"
    ),
    "hosts-loopback": _p("a node's name must not lead to the loopback", "节点名不得指向环回地址"),
    "hosts-added": _p("the nodes have to find each other by name", "节点之间须能按名解析"),
    "address-running": _p(
        "it runs and no file configures it: written down now", "正在运行但没有文件配置: 现写入文件"
    ),
    "keep-addresses": _p(
        "networkd would take the VIPs away whenever it is restarted", "否则 networkd 每次重启都会移除 VIP"
    ),
    "addresses-unknown": _p("the addresses of this host could not be read", "未能读取此主机的地址"),
    # kernel
    "guard-all": _p(
        "for all interfaces, since the new ones may have other names; the greater of both counts anyhow",
        "改为 all: 新接口名可能不同, 而内核取两者中较大者",
    ),
    "guard-elsewhere": _p("has no effect on what the interfaces answer", "对接口的 ARP 应答没有作用"),
    "guard-running": _p(
        "it is in force and no file sets it at boot: written down now",
        "已生效但没有文件在开机时设置: 现写入文件",
    ),
    "guard-missing": _p(
        "the host carries a VIP on lo and nothing makes it silent: lvs-vip-lo.service will refuse to start. "
        "Add arp_ignore = 1 and arp_announce = 2 for all to etc/sysctl.d/90-lvs.conf, or take the VIP off",
        "此主机在 lo 上带 VIP, 但没有 ARP 抑制: lvs-vip-lo.service 将拒绝启动。"
        "请在 etc/sysctl.d/90-lvs.conf 中为 all 设置 arp_ignore = 1 与 arp_announce = 2, 或移除该 VIP",
    ),
    "lo-rp-filter": _p("lo never takes part in the reverse path test", "lo 从不参与反向路径检查"),
    "conntrack-renamed": _p(
        "the key is called so today; its module is loaded first", "此键今名如此; 其模块会先行加载"
    ),
    "sysctl-file": _p("by sysctl.d, before the interfaces come up", "改由 sysctl.d 在接口启用之前设置"),
    "sysctl-unknown": _p(
        "not known to exist on a current kernel with the same meaning", "当前内核是否存在同义的键未知"
    ),
    "overridden-sysctl": _p("what counts at boot is {line}", "开机后生效的是 {line}"),
    "old-distribution": _p(
        "belongs to the old distribution; the target brings its own", "属于旧发行版; 目标系统自带"
    ),
    "forwarding": _p("masq needs forwarding", "masq 转发需要 ip_forward"),
    "module-ipvs": _p("so that the parameters of IPVS exist when they are set", "使 IPVS 参数在设置时已存在"),
    "module-scheduler": _p("the scheduler of a service", "虚拟服务的调度算法"),
    "module-ftp": _p("an FTP service", "FTP 服务"),
    "module-ipip": _p("the tunnel of ipip real servers", "ipip 真实服务器所需的隧道"),
    "module-conntrack": _p(
        "so that the conntrack parameters exist when they are set", "使 conntrack 参数在设置时已存在"
    ),
    "module-watchdog": _p("the watchdog device", "看门狗设备"),
    "module-script": _p("loaded at boot", "开机加载"),
    "driver-alias": _p("udev finds drivers", "由 udev 加载驱动"),
    "module-option": _p(
        "see whether the new host needs this module or option", "请确认新主机是否需要此模块或选项"
    ),
    # boot
    "script-stock": _p("a line of every old rc.local", "旧系统 rc.local 的固有行"),
    "timeouts-unit": _p("by a unit at boot", "改由开机单元设置"),
    "timeouts-running": _p(
        "set by hand or by a script: a unit sets them now", "手工或脚本设置: 现由单元设置"
    ),
    "timeouts-default": _p("the kernel's own", "内核默认值"),
    "timeouts-differ": _p("what runs is not what is configured", "运行值与配置不同"),
    "sync-unit": _p("by a unit", "改由单元启动"),
    "sync-running": _p("by units with the same interface and syncid", "由单元以相同接口与 syncid 启动"),
    "sync-differs": _p(
        "another daemon than that of the director that is followed", "与所采用调度器的守护进程不同"
    ),
    "sync-interface": _p(
        "nobody says on which interface the daemons synchronise: see that this is right",
        "无从得知同步所用接口: 请确认",
    ),
    "ipvsadm-line": _p(
        "a table filled by hand: the health check does not know it", "手工填写的转发表: 健康检查不知道它"
    ),
    "route-file": _p("with the interface", "随接口配置"),
    "route-line": _p(
        "a route for people to place: [Route] of systemd-networkd, routeN of NetworkManager",
        "请人工放置此路由: systemd-networkd 的 [Route] 或 NetworkManager 的 routeN",
    ),
    "heartbeat-units": _p(
        "corosync, then pacemaker, after the network is up; no numbers to keep",
        "网络就绪后先 corosync 后 pacemaker; 不再有序号",
    ),
    "unit-preset": _p("by systemctl preset", "由 systemctl preset 设置"),
    "was-enabled": _p(
        "it started at boot by itself; pacemaker runs it now, so it must not",
        "原来开机自启; 现由 pacemaker 管理, 不得自启",
    ),
    "not-started": _p("not started at boot", "开机不启动"),
    "distribution-service": _p(
        "a service of the distribution; the target has its own", "发行版自身的服务; 目标系统自有"
    ),
    "firewall": _p(
        "rules are not carried over whole: see the rows of iptables-save",
        "规则不会整体搬运: 见 iptables-save 各行",
    ),
    "firewall-rule": _p(
        "not carried over: put it into the firewall of the new host", "未搬运: 请写入新主机的防火墙"
    ),
    "firewall-frame": _p(
        "a table, a chain that lets through, or the end of a table", "表、放行的链或表的结尾"
    ),
    "firewall-opening": _p(
        "the old host filters; this lets the directors hear each other",
        "旧主机有过滤规则; 此项使调度器之间可以通信",
    ),
    "heartbeat-port": _p(
        "heartbeat's own traffic; corosync's ports are opened instead",
        "heartbeat 自身的流量; 改为放行 corosync 端口",
    ),
    "mark": _p("the service of a mark gets nothing without it", "没有它, 按标记的服务收不到任何包"),
    "service-of-host": _p(
        "a service of this host: install and enable it there too", "此主机的服务: 请在新主机上安装并启用"
    ),
    "inittab-stock": _p("systemd does it", "由 systemd 完成"),
    "inittab-line": _p("init kept this running: it needs a unit", "由 init 维持运行: 需要一个单元"),
    "init-header": _p("systemd orders by units, not by numbers", "systemd 按单元依赖排序, 不按序号"),
    "preset": _p("what starts and what must not", "哪些启动, 哪些不得启动"),
    "release": _p("the target is another system", "目标系统不同"),
}
