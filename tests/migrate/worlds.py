"""Legacy clusters as snapshots, altered line by line, and what they migrate to."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from auditor.derive import derive_clusters
from auditor.judge.rules import load_rules
from auditor.judge.verdict import judge
from auditor.migrate import migrate
from auditor.model.findings import Run
from auditor.model.migration import Migration
from auditor.model.snapshot import Snapshot
from auditor.resources import RULES
from tests.hosts.runbook import LDIRECTORD_RIGHT
from tests.hosts.snapshots import snapshot

DIRECTORS = ("ld1", "ld2")
LDIRECTORD = "/etc/ha.d/ldirectord.cf"
HA_CF = "/etc/ha.d/ha.cf"
HARESOURCES = "/etc/ha.d/haresources"
RC_LOCAL = "/etc/rc.d/rc.local"


def altered(world: Snapshot, source: str, old: str, new: str, hosts: tuple[str, ...] = DIRECTORS) -> Snapshot:
    """The first ``old`` in a file or output of the hosts becomes ``new``; it must be there."""
    changed = []
    for host in world.hosts:
        if host.name in hosts:
            artifact = host.artifacts[source]
            text = artifact.content.decode()
            assert old in text, f"{host.name}:{source} has no {old!r}"
            content = text.replace(old, new, 1).encode()
            host = replace(host, artifacts={**host.artifacts, source: replace(artifact, content=content)})
        changed.append(host)
    return replace(world, hosts=tuple(changed))


def without(world: Snapshot, name: str) -> Snapshot:
    """The host could not be reached."""
    return replace(
        world,
        hosts=tuple(
            replace(host, status="unreachable", artifacts={}) if host.name == name else host
            for host in world.hosts
        ),
    )


def migrated(world: Snapshot, target: str = "debian-12", ha: str = "pacemaker") -> Migration:
    """The first cluster of the world."""
    clusters = derive_clusters(world)
    report = judge(world, clusters, load_rules(RULES), run=Run(id="0", started="", finished=""))
    return migrate(world, clusters[0], report, target=target, ha=ha)


@cache
def migrated_world(name: str, target: str, ha: str) -> Migration:
    return migrated(WORLDS[name](), target, ha)


def texts(migration: Migration) -> dict[str, str]:
    return {file.path: file.text for file in migration.files}


def rich() -> Snapshot:
    """The runbook's cluster with a line of everything else that such clusters have."""
    world = altered(
        snapshot("right"),
        HA_CF,
        "auto_failback off\n",
        "auto_failback on\nkeepalive 2\ndeadtime 10\nwarntime 5\ninitdead 60\ndeadping 20\nudpport 694\n"
        "ucast eth1 10.75.216.163\nserial /dev/ttyS0\nbaud 19200\nwatchdog /dev/watchdog\nlogfile /var/log/ha-log\n"
        "debugfile /var/log/ha-debug\nuse_logd no\nping_group gw 202.75.216.161 202.91.231.161\n"
        "apiauth ipfail uid=hacluster\nrespawn root /usr/local/bin/watcher --fast\n"
        "stonith_host * external/ipmi 10.0.0.1 admin secret\nhopfudge 1\nnonsense 7\n",
    )
    world = altered(
        world,
        HARESOURCES,
        "LVSSyncDaemonSwap::master",
        "IPaddr::202.75.216.171/255.255.255.240/eth0:3 MailTo::root@example.com::failover LVSSyncDaemonSwap::master",
    )
    world = altered(
        world,
        LDIRECTORD,
        "quiescent=no\n",
        'checktimeout=3\nautoreload=yes\nlogfile="local0"\nemailalert=root@example.com\n\n'
        "virtual=7\n\treal=10.0.0.1->10.0.0.3:80 masq 2\n\tservice=none\n\tchecktype=connect\n\tpersistent=10m\n"
        "\tscheduler=Wrr\n\tnetmask=255.255.255.0\n\tfallback=127.0.0.1:80 gate\n\n"
        'virtual=202.75.216.172:53\n\treal=202.75.216.164:53 ipip 0\n\tprotocol=udp\n\tlogin="u"\n\tpasswd="p"\n',
    )
    for host in ("ld1", "rs1"):
        world = altered(
            world,
            RC_LOCAL,
            "touch /var/lock/subsys/local\n",
            "touch /var/lock/subsys/local\nipvsadm --set 900 60 200\nmodprobe softdog\n"
            "route add -net 10.9.0.0 netmask 255.255.0.0 gw 202.75.216.161\n/usr/local/sbin/tune-disks | logger\n",
            (host,),
        )
    return altered(
        world,
        "/etc/sysctl.conf",
        "net.ipv4.ip_forward = 0",
        "net.ipv4.tcp_tw_recycle = 1\nkernel.sysrq=0",
        ("rs1",),
    )


POOLS = """\
checktimeout=4
checkinterval=7
negotiatetimeout=6
failurecount=2
fallback=127.0.0.1:80
quiescent=yes

virtual=202.75.216.173:8080
    real=202.75.216.164:9090 masq 3 l:10 u:20
    real=202.75.216.165:9090 masq 0
    service=https
    virtualhost="www.example.com"
    request="/up?a=b c"
    receive="^UP [0-9]+$"
    scheduler=lc
    persistent=600
    netmask=255.255.255.0
    quiescent=no
virtual=202.91.231.173:53
    real=202.91.231.164:53 ipip
    real=202.91.231.165->202.91.231.167:53 ipip 2
    service=dns
    request="www.example.com"
    receive="10.0.0.1"
    scheduler=rr
    ops=yes
virtual=3
    real=202.75.216.164:80 gate 5 "/own", "fine"
    real=web.example.com:80 gate 5
    checktype=external
    checkcommand=/usr/local/bin/probe --deep
    fallbackcommand=/usr/local/bin/page-us
    checkport=8081
    scheduler=sh
virtual6=[2001:db8::173]:80
    real6=[2001:db8::164]:80 gate 4
    fallback6=[::1]:80
    service=http
    checktype=3
    checkinterval=20
virtual6=4
    real6=[2001:db8::165]:80 gate 4
    service=none
    checktype=off
virtual=202.75.216.172:25
    real=202.75.216.164:25 gate 1
    service=smtp
    scheduler=wlc
    emailalert=root@example.com
    cleanstop=no
"""


def pools() -> Snapshot:
    """Every way of forwarding, kind of service and of check, read by a release that knows them all."""
    world = altered(snapshot("right"), LDIRECTORD, LDIRECTORD_RIGHT, POOLS)
    world = altered(world, "packages", "heartbeat-ldirectord 2.1.2 3.el4.centos", "ldirectord 4.12.0 2")
    marking = "-A PREROUTING -d 202.75.216.173/32 -p tcp -m tcp --dport 80 -j MARK --set-mark 3\nCOMMIT\n"
    world = altered(world, "iptables", "COMMIT\n", marking)
    world = altered(world, "/etc/sysctl.conf", "net.ipv4.ip_forward = 0\n", "")
    return altered(
        world,
        "ip-addr",
        "202.91.231.173/32 scope global lo:1",
        "202.91.231.173/32 scope global tunl0",
        ("rs1",),
    )


WORLDS = {
    "printed": lambda: snapshot("printed"),
    "right": lambda: snapshot("right"),
    "rich": rich,
    "pools": pools,
}
SHAPES = [(target, ha) for target in ("debian-12", "el9") for ha in ("pacemaker", "none")]
