"""The order of work: what people do with the files, how they see that it is right, and how they go back."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.migrate.boot import disabled, enabled
from auditor.migrate.design import Design, NewHost
from auditor.migrate.firewall import write_firewall
from auditor.model.migration import Step
from auditor.model.place import Prose


def steps(design: Design) -> Iterator[Step]:
    directors = tuple(host.name for host in design.hosts if host.director)
    reals = tuple(host.name for host in design.hosts if host.real and not host.director)
    everyone = tuple(host.name for host in design.hosts)
    yield from _alike(
        "Install what these hosts need",
        "安装所需软件",
        [(host.name, _install(design, host)) for host in design.hosts],
    )
    yield _step(
        "Copy each host's files to / of its new host, and read them there",
        "将各主机的文件复制到新主机的 / 下, 并逐一核对",
        everyone,
        *(
            f"tar -C {name} -c . | tar -C / -x --no-overwrite-dir --no-same-owner   # {name}"
            for name in everyone
        ),
    )
    if design.pacemaker and directors:
        yield _step(
            "Make the key of the cluster on one director and copy it to the others",
            "在一台调度器上生成集群密钥, 再复制到其他调度器",
            directors,
            "corosync-keygen   # on the first; writes /etc/corosync/authkey, mode 0400",
        )
    yield from _alike(
        "Enable and disable units",
        "启用与禁用单元",
        [(host.name, _preset(design, host)) for host in design.hosts],
    )
    yield from _alike(
        "Load what the firewall needs",
        "装入防火墙所需的规则",
        [(host.name, _firewall(design, host)) for host in design.hosts],
    )
    if reals:
        yield _step(
            "Real servers first, one at a time: take the old one out of its pools and off the network, restart the new "
            "one, put it back",
            "先迁移真实服务器, 逐台进行: 将旧主机移出服务池并断网, 重启新主机, 再放回",
            reals,
            REBOOT,
        )
    yield _step(
        "Stop the old cluster: the passive director, then the active one. From here on nothing is served",
        "停止旧集群: 先备用, 后主用。自此服务中断",
        directors,
        "/etc/init.d/heartbeat stop   # on the old directors",
        "chkconfig heartbeat off      # so that a reboot does not bring it back",
    )
    yield from _start(design, directors)


# Started by hand, systemd-sysctl does nothing a second time, and nobody loads modules or swaps networks.
REBOOT = "systemctl reboot   # modules, parameters and addresses are then those of the files"


def _preset(design: Design, host: NewHost) -> list[str]:
    """Units that are to be off need not be there, and one that is missing would spoil the whole command."""
    command = f"systemctl preset {' '.join(enabled(design, host))}"
    if others := disabled(design, host):
        command += f" $(systemctl list-unit-files --no-legend {' '.join(others)} | cut -d ' ' -f 1)"
    return [command]


def _firewall(design: Design, host: NewHost) -> list[str]:
    paths = [path for path, _ in write_firewall(design, host)]
    commands = []
    if any(path.endswith(".nft") for path in paths):
        main = "/etc/nftables.conf" if design.debian else "/etc/sysconfig/nftables.conf"
        commands.append(f"echo 'include \"/etc/nftables.d/*.nft\"' >> {main}")
        commands.append(f"nft -c -f {main} && systemctl enable --now nftables")
    if any(path.endswith(".xml") for path in paths):
        commands.append("firewall-cmd --permanent --add-service=lvs-cluster && firewall-cmd --reload")
    return commands


def _start(design: Design, directors: tuple[str, ...]) -> Iterator[Step]:
    if not directors:
        return
    yield _step(
        "Take the old directors off the network and restart the new ones",
        "将旧调度器断网, 重启新调度器",
        directors,
        REBOOT,
    )
    if design.pacemaker:
        yield _step(
            "When all are online, load the configuration on one",
            "全部在线后, 在其中一台上装入配置",
            directors,
            "crm_mon -1   # on one; shows who is online",
            "crm_verify --xml-file cluster/cib.xml --verbose   # on one",
            "cibadmin --replace --scope configuration --xml-file cluster/cib.xml   # on one",
        )


def _alike(en: str, zh: str, wanted: list[tuple[str, list[str]]]) -> Iterator[Step]:
    """One step for all hosts that need the same commands."""
    for commands in dict.fromkeys(tuple(commands) for _, commands in wanted):
        hosts = tuple(name for name, own in wanted if tuple(own) == commands)
        if commands:
            yield _step(en, zh, hosts, *commands)


def _install(design: Design, host: NewHost) -> list[str]:
    packages = _packages(design, host)
    commands: list[str] = []
    if design.debian:
        risky = [word for word in ("corosync", "pacemaker", "ldirectord") if word in packages]
        if risky:
            commands.append(f"systemctl mask {' '.join(risky)}   # Debian starts what it installs")
        if packages:
            commands.append(f"apt-get install --no-install-recommends {' '.join(packages)}")
        if risky:
            commands.append(f"systemctl unmask {' '.join(risky)}")
    elif packages:
        repository = (
            "   # corosync and pacemaker: repository HighAvailability" if "pacemaker" in packages else ""
        )
        commands.append(f"dnf install {' '.join(packages)}{repository}")
    return commands


def _packages(design: Design, host: NewHost) -> list[str]:
    if not design.serves(host):
        return []
    packages = ["ipvsadm"]
    if design.pacemaker:
        packages += ["corosync", "pacemaker", "resource-agents"]
        packages += (
            ["pacemaker-cli-utils", "pacemaker-resource-agents"] if design.debian else ["pacemaker-cli"]
        )
    else:
        packages += ["iputils-arping"] if design.debian else ["iputils"]
    if design.debian:
        packages.append("ldirectord")
        virtuals = design.cf.virtuals if design.cf is not None else ()
        if any(virtual.family == 6 for virtual in virtuals):
            packages.append("libnet-inet6glue-perl")
    else:
        packages += ["bash", "curl"]
    return packages


def verify(design: Design) -> Iterator[Step]:
    directors = tuple(host.name for host in design.hosts if design.serves(host))
    carriers = tuple(host.name for host in design.hosts if host.lo_vips)
    if design.pacemaker:
        yield _step(
            "Both directors are members, one of them runs the whole group",
            "全部调度器均为成员, 且整个资源组在一台上运行",
            directors,
            "corosync-quorumtool -s",
            "crm_mon -1 -r",
        )
    yield _step(
        "The table is that of the old director (take it there with ipvsadm -Sn before the switch)",
        "转发表与旧调度器一致 (切换前在旧调度器上用 ipvsadm -Sn 保存)",
        directors,
        "ipvsadm -Sn | sort",
    )
    vips = [part for part in design.parts if part.kind == "vip" and not part.is_six]
    yield _step(
        "Each VIP is answered by one MAC alone, from a host that is none of these",
        "在集群之外的主机上确认每个 VIP 只有一个 MAC 应答",
        (),
        *(f"arping -c 3 -I {part.interface or 'eth0'} {part.address}" for part in vips),
    )
    if carriers:
        yield _step(
            "The carriers of VIPs are silent",
            "带 VIP 的主机保持静默",
            carriers,
            "sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce",
            "systemctl is-active lvs-vip-lo",
        )
    if design.pacemaker:
        yield _step(
            "It moves: put the active director on standby, look, and take it back",
            "切换演练: 将主用调度器置为 standby, 观察后恢复",
            directors,
            "crm_standby --node NODE --update on",
            "crm_standby --node NODE --delete",
        )
    yield _step(
        "Ask lvsaudit once more, by the rules that need no heartbeat",
        "再次用 lvsaudit 检查, 只用与 heartbeat 无关的规则",
        (),
        "lvsaudit scan HOSTS --select 'arp.*,ipvs.*' --ignore arp.vip-persistent",
    )


def way_back(design: Design) -> Iterator[Step]:
    directors = tuple(host.name for host in design.hosts if design.serves(host))
    stop = "systemctl stop pacemaker corosync" if design.pacemaker else "systemctl stop lvs-vip ldirectord"
    if not design.pacemaker and not design.debian:
        stop = "systemctl stop lvs-vip 'lvs-pool@*'"
    yield _step(
        "Stop the new cluster and see that nobody has the VIPs any more",
        "停止新集群, 并确认 VIP 已无人持有",
        directors,
        stop,
        "ipvsadm -C",
        "ip -4 -o addr show",
    )
    yield _step(
        "Start the old one: it was stopped, not changed",
        "启动旧集群: 它只是停止, 未被改动",
        directors,
        "/etc/init.d/heartbeat start   # on the old directors, the preferred one first",
        "chkconfig --level 2345 heartbeat on",
    )


def _step(en: str, zh: str, where: tuple[str, ...], *commands: str) -> Step:
    return Step(title=Prose(en=en, zh=zh), where=where, commands=commands)
