"""The runbook's cluster on CentOS 4.5, once as printed and once done right.

ld1 has the VIPs; ld2 joined later, is passive, and is the real server 163 as well; rs1 to rs4 are 164 to 167.
Facts of boot order: network 10/90, syslog 12/88, heartbeat 75/05 and so on as their init scripts say.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Interface

from tests.hosts.machine import INSTALLED, Configured, Machine, Text

VARIANTS = ("printed", "right")

KERNEL = "2.6.9-55.ELsmp"
GATEWAY = "202.75.216.161"
VIPS = ("202.75.216.172", "202.75.216.173", "202.91.231.172", "202.91.231.173")
SERVED = ("202.75.216.173", "202.91.231.173")
LAST_OCTET = {"ld1": 162, "ld2": 163, "rs1": 164, "rs2": 165, "rs3": 166, "rs4": 167}
DIRECTORS = ("ld1", "ld2")
REALS = ("ld2", "rs1", "rs2", "rs3", "rs4")
WEIGHTS = {163: 7, 164: 9, 165: 8, 166: 6, 167: 5}


def cluster(variant: str) -> tuple[Machine, ...]:
    """The six hosts, ``printed`` or ``right``."""
    if variant not in VARIANTS:
        raise ValueError(f"{variant} is none of {', '.join(VARIANTS)}")
    return tuple(_machine(name, right=variant == "right") for name in LAST_OCTET)


# -- /etc/ha.d ----------------------------------------------------------------

AUTHKEYS_PRINTED = """\
auth 1
1 crc
#2 sha1 sha1_any_password
#3 md5 md5_any_password
"""

AUTHKEYS_RIGHT = """\
auth 1
1 sha1 9d0f2c7be14a6653c8b1f07a
"""

HA_CF_PRINTED = """\
mcast eth0 225.0.0.1 694 1 0
auto_failback off
node ld1
node ld2
ping 202.75.216.161

## softdog
## ha.cf : watchdog /dev/watchdog
# modprobe softdog
## /etc/modules.conf : alias watchdog softdog
"""

HA_CF_RIGHT = """\
logfacility local0
mcast eth0 225.0.0.1 694 1 0
bcast eth1
auto_failback off
node ld1
node ld2
ping 202.75.216.161
respawn hacluster /usr/lib/heartbeat/ipfail
stonith_host ld1 apcsmart /dev/ttyS1 ld2
stonith_host ld2 apcsmart /dev/ttyS1 ld1
"""

# On the backup the first word is ld2.
HARESOURCES_PRINTED = """\
ld1 \\
IPaddr2::202.75.216.172/28/eth0/202.75.216.175 \\
IPaddr2::202.75.216.173/28/eth0/202.75.216.175 \\
IPaddr2::202.91.231.172/28/eth0/202.91.231.175 \\
IPaddr2::202.91.231.173/28/eth0/202.91.231.175 \\
ldirectord
"""

HARESOURCES_RIGHT = (
    "ld1"
    " IPaddr2::202.75.216.172/28/eth0/202.75.216.175"
    " IPaddr2::202.75.216.173/28/eth0/202.75.216.175"
    " IPaddr2::202.91.231.172/28/eth0/202.91.231.175"
    " IPaddr2::202.91.231.173/28/eth0/202.91.231.175"
    " LVSSyncDaemonSwap::master"
    " ldirectord\n"
)

LDIRECTORD_PRINTED = """\
quiescent=no

virtual=202.75.216.173:80
        fallback=127.0.0.1:80
        real=202.75.216.163:80 gate 7
        real=202.75.216.164:80 gate 9
        real=202.75.216.165:80 gate 8
        real=202.75.216.166:80 gate 6
        real=202.75.216.167:80 gate 5
        service=http
        request="checknode.lvs"
        receive="ok"
        scheduler=wrr
#        persistent=1
        protocol=tcp

virtual=202.91.231.173:80
        fallback=127.0.0.1:80
        real=202.91.231.163:80 gate 7
        real=202.91.231.164:80 gate 9
        real=202.91.231.165:80 gate 8
        real=202.91.231.166:80 gate 6
        real=202.91.231.167:80 gate 5
        service=http
        request="checknode.lvs"
        receive="ok"
        scheduler=wrr
#        persistent=1
        protocol=tcp
"""

# "ok" alone would be found in "broken" as well.
LDIRECTORD_RIGHT = LDIRECTORD_PRINTED.replace('receive="ok"', 'receive="^ok$"')

RESOURCES = ("Filesystem", "IPaddr", "IPaddr2", "IPsrcaddr", "LVSSyncDaemonSwap", "SendArp", "ldirectord")

# -- network ------------------------------------------------------------------

HOSTS = """\
127.0.0.1  localhost.localdomain localhost
202.75.216.162  ld1
202.75.216.163  ld2
"""

# Section 2e as it stands in the runbook; nobody has brought it up on the printed hosts yet.
IFCFG_LO_PRINTED = """\
DEVICE=lo:0
IPADDR=202.75.216.172
NETMASK=255.255.255.255
NETWORK=202.75.216.160
BROADCAST=202.75.216.175
ARP=no
ONBOOT=yes
NAME=loopback
"""

IFCFG_LO = """\
DEVICE=lo
IPADDR=127.0.0.1
NETMASK=255.0.0.0
NETWORK=127.0.0.0
BROADCAST=127.255.255.255
ONBOOT=yes
NAME=loopback
"""

SYSCTL_STOCK = """\
# Kernel sysctl configuration file for Red Hat Linux

# Controls IP packet forwarding
net.ipv4.ip_forward = 0

# Controls source route verification
net.ipv4.conf.default.rp_filter = 1
"""

SYSCTL_SILENT = """\
net.ipv4.conf.all.arp_ignore = 1
net.ipv4.conf.eth0.arp_ignore = 1
net.ipv4.conf.all.arp_announce = 2
net.ipv4.conf.eth0.arp_announce = 2
"""

RC_LOCAL_STOCK = """\
#!/bin/sh
#
# Runs after all other init scripts.

touch /var/lock/subsys/local
"""

RC_LOCAL_REAL = """\
ifconfig lo:0 202.75.216.173 netmask 255.255.255.255 up
ifconfig lo:1 202.91.231.173 netmask 255.255.255.255 up
"""

RC_LOCAL_CONNTRACK = """\
echo "900" > /proc/sys/net/ipv4/netfilter/ip_conntrack_tcp_timeout_established
"""

# -- boot ---------------------------------------------------------------------

# Script, runlevels it is on in, start, stop, what it provides, what it needs.
SERVICES = """\
kudzu       345   05 95  -         -
iptables    2345  08 92  -         -
network     2345  10 90  $network  -
syslog      2345  12 88  $syslog   -
netfs       345   25 75  netfs     $network,$syslog
sshd        2345  55 25  -         -
ntpd        2345  58 74  $time     $network
sendmail    2345  80 30  -         -
httpd       345   85 15  -         -
crond       2345  90 60  -         -
atd         345   95 05  -         -
"""
SERVICES_OF_DIRECTORS = """\
heartbeat   2345  75 05  heartbeat $network,$time,$syslog
ipvsadm     -     08 92  -         -
ldirectord  -     92 40  -         -
"""

INITTAB = """\
id:3:initdefault:
si::sysinit:/etc/rc.d/rc.sysinit
l0:0:wait:/etc/rc.d/rc 0
l1:1:wait:/etc/rc.d/rc 1
l2:2:wait:/etc/rc.d/rc 2
l3:3:wait:/etc/rc.d/rc 3
l4:4:wait:/etc/rc.d/rc 4
l5:5:wait:/etc/rc.d/rc 5
l6:6:wait:/etc/rc.d/rc 6
ca::ctrlaltdel:/sbin/shutdown -t3 -r now
1:2345:respawn:/sbin/mingetty tty1
"""

MODPROBE_CONF = """\
alias eth0 tg3
alias eth1 tg3
alias scsi_hostadapter cciss
alias net-pf-10 off
"""

# -- software -----------------------------------------------------------------

PACKAGES = """\
basesystem 8.0 4
bash 3.0 19.3
centos-release 4 4.3
chkconfig 1.3.13.5.EL4 1
coreutils 5.2.1 31.6
findutils 4.1.20 7.el4.3
glibc 2.3.4 2.36
grep 2.5.1 32.3
httpd 2.0.52 32.ent.centos4
initscripts 7.93.29.EL 1.centos4
iproute 2.6.9 3.EL4.7
iptables 1.2.11 3.1.RHEL4
kernel-smp 2.6.9 55.EL
net-tools 1.60 37.EL4.9
ntp 4.2.0.a.20040617 6.el4
openssh 3.9p1 8.RHEL4.20
openssh-server 3.9p1 8.RHEL4.20
perl 5.8.5 36.RHEL4
procps 3.2.3 8.6
rpm 4.3.3 22_nonptl
sudo 1.6.7p5 30.1.3
sysklogd 1.4.1 26_EL
tar 1.14 12.RHEL4
"""
PACKAGES_OF_DIRECTORS = """\
heartbeat 2.1.2 3.el4.centos
heartbeat-ldirectord 2.1.2 3.el4.centos
heartbeat-pils 2.1.2 3.el4.centos
heartbeat-stonith 2.1.2 3.el4.centos
ipvsadm 1.24 6
perl-Digest-HMAC 1.01 13
perl-HTML-Parser 3.35 6
perl-HTML-Tagset 3.03 30
perl-LDAP 0.31 5
perl-Mail-IMAPClient 2.2.9 1.el4.centos
perl-Net-DNS 0.48 1
perl-URI 1.30 4
perl-libwww-perl 5.79 5
"""

BOOTED = "Mon Nov  3 02:11"
PROCESSES = """\
    1     0 root     {booted}:09 2025 init [3]
    2     1 root     {booted}:09 2025 [migration/0]
    3     1 root     {booted}:09 2025 [ksoftirqd/0]
    6     1 root     {booted}:09 2025 [events/0]
   39     6 root     {booted}:10 2025 [kblockd/0]
 1834     1 root     {booted}:41 2025 syslogd -m 0
 1838     1 root     {booted}:41 2025 klogd -x
 2127     1 root     {booted}:46 2025 /usr/sbin/sshd
 2139     1 ntp      {booted}:47 2025 ntpd -u ntp:ntp -p /var/run/ntpd.pid -g
 2184     1 root     {booted}:55 2025 sendmail: accepting connections
 2201     1 root     {booted}:58 2025 /usr/sbin/httpd
 2208  2201 apache   {booted}:58 2025 /usr/sbin/httpd
 2260     1 root     {booted}:59 2025 crond
 2301     1 root     {booted}:59 2025 /sbin/mingetty tty1
"""
PROCESSES_OF_DIRECTORS = """\
 2170     1 root     {booted}:51 2025 heartbeat: master control process
 2173  2170 nobody   {booted}:51 2025 heartbeat: FIFO reader
 2174  2170 nobody   {booted}:51 2025 heartbeat: write: mcast eth0
 2175  2170 nobody   {booted}:51 2025 heartbeat: read: mcast eth0
 2176  2170 nobody   {booted}:51 2025 heartbeat: write: ping 202.75.216.161
 2177  2170 nobody   {booted}:51 2025 heartbeat: read: ping 202.75.216.161
"""
IPFAIL = """\
 2181  2170 498      {booted}:52 2025 /usr/lib/heartbeat/ipfail
"""
LDIRECTORD = """\
 2419     1 root     {minute_later}:33 2025 /usr/bin/perl -w /etc/ha.d/resource.d/ldirectord start
"""
SYNC_THREAD = """\
 2397     1 root     {minute_later}:32 2025 [ipvs_sync{role}]
"""

MODULES = """\
ip_conntrack 40693 1 ipt_state, Live 0xf8b36000
ipt_state 5953 1 - Live 0xf8abe000
iptable_filter 6721 1 - Live 0xf8a94000
ip_tables 21313 2 ipt_state,iptable_filter, Live 0xf8b0a000
tg3 99141 0 - Live 0xf8b62000
cciss 62221 3 - Live 0xf888a000
ext3 119113 2 - Live 0xf88ad000
jbd 59481 1 ext3, Live 0xf886e000
"""
IPVS_MODULES = """\
ip_vs_wrr 6209 {wrr} - Live 0xf8c2a000
ip_vs 80193 {users} ip_vs_wrr, Live 0xf8c3f000
"""

# -- kernel -------------------------------------------------------------------

CONNTRACK = {
    "net/ipv4/ip_conntrack_max": "65536",
    "net/ipv4/netfilter/ip_conntrack_max": "65536",
    "net/ipv4/netfilter/ip_conntrack_tcp_timeout_close": "10",
    "net/ipv4/netfilter/ip_conntrack_tcp_timeout_close_wait": "60",
    "net/ipv4/netfilter/ip_conntrack_tcp_timeout_established": "900",
    "net/ipv4/netfilter/ip_conntrack_tcp_timeout_fin_wait": "120",
    "net/ipv4/netfilter/ip_conntrack_tcp_timeout_last_ack": "30",
    "net/ipv4/netfilter/ip_conntrack_tcp_timeout_max_retrans": "300",
    "net/ipv4/netfilter/ip_conntrack_tcp_timeout_syn_recv": "60",
    "net/ipv4/netfilter/ip_conntrack_tcp_timeout_syn_sent": "120",
    "net/ipv4/netfilter/ip_conntrack_tcp_timeout_time_wait": "120",
}
IPVS_SYSCTLS = {
    "net/ipv4/vs/am_droprate": "10",
    "net/ipv4/vs/amemthresh": "1024",
    "net/ipv4/vs/cache_bypass": "0",
    "net/ipv4/vs/drop_entry": "0",
    "net/ipv4/vs/drop_packet": "0",
    "net/ipv4/vs/expire_nodest_conn": "0",
    "net/ipv4/vs/expire_quiescent_template": "0",
    "net/ipv4/vs/nat_icmp_send": "0",
    "net/ipv4/vs/secure_tcp": "0",
    "net/ipv4/vs/sync_threshold": "3",
}

IPTABLES = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
COMMIT
"""

VERSION = "IP Virtual Server version 1.2.0 (size=4096)\n"
STATS = """\
   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
{:8X} {:8X} {:8X} {:16X} {:16X}

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       0        0        0                0                0
"""


# -- one host -----------------------------------------------------------------


def _machine(name: str, *, right: bool) -> Machine:
    director = name in DIRECTORS
    last = LAST_OCTET[name]
    interfaces = ("eth0", "eth1") if director else ("eth0",)
    return Machine(
        name=name,
        address=f"202.75.216.{last}",
        roles=frozenset(
            {role for role, names in (("director", DIRECTORS), ("real", REALS)) if name in names}
        ),
        release=KERNEL,
        machine="i686",
        files={**_files(name, right=right), **_init_scripts(director=director)},
        links=_links(director=director),
        macs={interface: f"00:16:3e:75:0{interface[-1]}:{last:02x}" for interface in interfaces},
        addresses=tuple(_addresses(name, right=right)),
        gateway=GATEWAY,
        sysctls=_sysctls(interfaces, silent=right or not director),
        proc=_proc(name, right=right),
        packages=_sorted(PACKAGES + (PACKAGES_OF_DIRECTORS if director else "")),
        processes=_processes(name, right=right),
        answers={
            "iptables-save": {"": IPTABLES},
            **(_answers(name, right=right) if director else {}),
        },
    )


SCRIPTS = "/etc/sysconfig/network-scripts"


def _files(name: str, *, right: bool) -> dict[str, Text]:
    director, last = name in DIRECTORS, LAST_OCTET[name]
    silent = SYSCTL_SILENT + ("" if right else "net.ipv4.conf.lo.rp_filter = 0\n")
    contents = {
        "/etc/redhat-release": "CentOS release 4.5 (Final)\n",
        "/etc/hosts": HOSTS + ("" if director else f"202.75.216.{last}  {name}\n"),
        "/etc/sysconfig/network": f"NETWORKING=yes\nHOSTNAME={name}\n"
        + (f"GATEWAY={GATEWAY}\n" if right or not director else ""),
        "/etc/sysconfig/iptables-config": f'IPTABLES_MODULES_UNLOAD="{"no" if right else "yes"}"\n',
        f"{SCRIPTS}/ifcfg-lo": IFCFG_LO,
        f"{SCRIPTS}/ifcfg-eth0": _ifcfg("eth0", f"202.75.216.{last}"),
        f"{SCRIPTS}/ifcfg-eth0:0": _ifcfg("eth0:0", f"202.91.231.{last}"),
        "/etc/sysctl.conf": SYSCTL_STOCK + (f"\n{silent}" if right or not director else ""),
        "/etc/rc.d/rc.local": RC_LOCAL_STOCK + ("" if director else RC_LOCAL_REAL) + RC_LOCAL_CONNTRACK,
        "/etc/inittab": INITTAB,
        "/etc/modprobe.conf": MODPROBE_CONF,
    }
    if right:
        contents["/etc/sysconfig/iptables"] = IPTABLES
    if director:
        contents |= _director_right(last) if right else _director_printed(name, last)
        contents |= {f"/etc/ha.d/resource.d/{script}": "#!/bin/sh\nexit 0\n" for script in RESOURCES}
    return {path: Text(content=content, mode=_mode(path)) for path, content in contents.items()}


def _director_printed(name: str, last: int) -> dict[str, str]:
    return {
        "/etc/ha.d/authkeys": AUTHKEYS_PRINTED,
        "/etc/ha.d/ha.cf": HA_CF_PRINTED,
        "/etc/ha.d/haresources": HARESOURCES_PRINTED.replace("ld1", name, 1),
        "/etc/ha.d/ldirectord.cf": LDIRECTORD_PRINTED,
        f"{SCRIPTS}/ifcfg-eth0:0": _ifcfg("eth0:0", f"202.91.231.{last}") + "GATEWAY=202.91.231.161\n",
        f"{SCRIPTS}/ifcfg-eth1": f"DEVICE=eth1\nONBOOT=yes\nGATEWAY={GATEWAY}\n",
        f"{SCRIPTS}/ifcfg-lo:0": IFCFG_LO_PRINTED,
    }


def _director_right(last: int) -> dict[str, str]:
    files = {
        "/etc/ha.d/authkeys": AUTHKEYS_RIGHT,
        "/etc/ha.d/ha.cf": HA_CF_RIGHT,
        "/etc/ha.d/haresources": HARESOURCES_RIGHT,
        "/etc/ha.d/ldirectord.cf": LDIRECTORD_RIGHT,
        f"{SCRIPTS}/ifcfg-eth1": "DEVICE=eth1\nBOOTPROTO=none\nONBOOT=yes\n"
        f"IPADDR=10.75.216.{last}\nNETMASK=255.255.255.0\n",
    }
    for number, vip in enumerate(VIPS):
        alias = f"DEVICE=lo:{number}\nIPADDR={vip}\nNETMASK=255.255.255.255\nONBOOT=yes\n"
        files[f"{SCRIPTS}/ifcfg-lo:{number}"] = alias
    return files


def _mode(path: str) -> int:
    if path == "/etc/ha.d/authkeys":
        return 0o600
    return 0o755 if path == "/etc/rc.d/rc.local" or "/resource.d/" in path else 0o644


def _ifcfg(device: str, address: str) -> str:
    network, broadcast = (address.rpartition(".")[0] + last for last in (".160", ".175"))
    return (
        f"DEVICE={device}\nBOOTPROTO=none\nONBOOT=yes\nIPADDR={address}\nNETMASK=255.255.255.240\n"
        f"NETWORK={network}\nBROADCAST={broadcast}\n"
    )


def _services(*, director: bool) -> Iterable[list[str]]:
    table = SERVICES + (SERVICES_OF_DIRECTORS if director else "")
    return (line.split() for line in table.splitlines())


def _init_scripts(*, director: bool) -> dict[str, Text]:
    scripts = {}
    for name, levels, start, stop, provides, needs in _services(director=director):
        lsb = ""
        if provides != "-":
            lsb = f"### BEGIN INIT INFO\n# Provides: {provides}\n"
            lsb += f"# Required-Start: {needs.replace(',', ' ')}\n" if needs != "-" else ""
            lsb += f"# Default-Start: 3 5\n# Description: {name}\n### END INIT INFO\n"
        scripts[f"/etc/rc.d/init.d/{name}"] = Text(
            content=f"#!/bin/sh\n#\n# chkconfig: {levels} {start} {stop}\n# description: starts and stops {name}\n{lsb}"
            f"\ncase $1 in\n  start|stop|restart|status) ;;\n  *) exit 2 ;;\nesac\n",
            mode=0o755,
            mtime=INSTALLED,
        )
    for name in ("halt", "killall", "single"):
        scripts[f"/etc/rc.d/init.d/{name}"] = Text(
            content=f"#!/bin/sh\n# {name}, by init alone\n", mode=0o755, mtime=INSTALLED
        )
    return scripts


def _links(*, director: bool) -> dict[str, str]:
    links = {"/etc/init.d": "rc.d/init.d", "/etc/rc.local": "rc.d/rc.local"}
    links |= {f"/etc/rc{level}.d": f"rc.d/rc{level}.d" for level in range(7)}
    for name, levels, start, stop, _, _ in _services(director=director):
        for level in "0123456":
            link = f"S{start}{name}" if level in levels else f"K{stop}{name}"
            links[f"/etc/rc.d/rc{level}.d/{link}"] = f"../init.d/{name}"
    links |= {f"/etc/rc.d/rc{level}.d/S99local": "../rc.local" for level in "2345"}
    links |= {f"/etc/rc.d/rc{level}.d/S00killall": "../init.d/killall" for level in "06"}
    links |= {
        "/etc/rc.d/rc0.d/S01halt": "../init.d/halt",
        "/etc/rc.d/rc1.d/S00single": "../init.d/single",
        "/etc/rc.d/rc6.d/S01reboot": "../init.d/halt",
    }
    return links


def _addresses(name: str, *, right: bool) -> Iterable[Configured]:
    def configured(address: str, interface: str, label: str) -> Configured:
        return Configured(address=IPv4Interface(address), interface=interface, label=label)

    director, last = name in DIRECTORS, LAST_OCTET[name]
    carried = () if name == "ld1" else SERVED if not director else VIPS if right else ()
    yield Configured(address=IPv4Interface("127.0.0.1/8"), interface="lo", label="lo", scope="host")
    for number, vip in enumerate(carried):
        yield configured(f"{vip}/32", "lo", f"lo:{number}")
    yield configured(f"202.75.216.{last}/28", "eth0", "eth0")
    yield configured(f"202.91.231.{last}/28", "eth0", "eth0:0")
    if name == "ld1":
        for vip in VIPS:
            yield configured(f"{vip}/28", "eth0", "eth0")
    if director and right:
        yield configured(f"10.75.216.{last}/24", "eth1", "eth1")


def _sysctls(interfaces: Iterable[str], *, silent: bool) -> dict[str, str]:
    """Everything below conf that matters, so that the test machine's own defaults do not shine through."""
    values = {"net/ipv4/ip_forward": "0", "net/ipv4/ip_nonlocal_bind": "0"}
    for scope in ("all", "default", "lo", *interfaces):
        guarded = silent and scope in {"all", "eth0"}
        values |= {
            f"net/ipv4/conf/{scope}/arp_ignore": "1" if guarded else "0",
            f"net/ipv4/conf/{scope}/arp_announce": "2" if guarded else "0",
            f"net/ipv4/conf/{scope}/arp_filter": "0",
            f"net/ipv4/conf/{scope}/rp_filter": "0" if scope in {"all", "lo"} else "1",
        }
    return values


def _proc(name: str, *, right: bool) -> dict[str, str]:
    texts = {f"sys/{key}": f"{value}\n" for key, value in CONNTRACK.items()}
    texts |= {
        "modules": MODULES,
        "net/ip_tables_names": "filter\n",
        "net/tcp": _listening(80, 22),
        "net/tcp6": _TCP_TITLE,
    }
    if name in DIRECTORS:
        active = name == "ld1"
        texts["modules"] = IPVS_MODULES.format(wrr=2 if active else 0, users=4 if active else 2) + MODULES
        texts |= {f"sys/{key}": f"{value}\n" for key, value in IPVS_SYSCTLS.items()}
        texts["net/ip_vs"] = _proc_ip_vs(active=active)
        counters = (0x1D4C9A, 0xD3A11F, 0, 0x4A6E02F1, 0) if active else (0, 0, 0, 0, 0)
        texts["net/ip_vs_stats"] = STATS.format(*counters)
    return texts


_TCP_TITLE = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
)


def _listening(*ports: int) -> str:
    return _TCP_TITLE + "".join(
        f"{row:4}: 00000000:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0"
        f" {4711 + row} 1 f5a8e0a0 3000 0 0 2 -1\n"
        for row, port in enumerate(ports)
    )


def _processes(name: str, *, right: bool) -> str:
    listing = PROCESSES
    if name in DIRECTORS:
        listing += PROCESSES_OF_DIRECTORS + (IPFAIL if right else "")
        if right:
            listing += SYNC_THREAD.replace("{role}", "master" if name == "ld1" else "backup")
        if name == "ld1":
            listing += LDIRECTORD
    rows = listing.format(booted=BOOTED, minute_later="Mon Nov  3 02:12").splitlines(keepends=True)
    title = "  PID  PPID USER                      STARTED COMMAND\n"
    return title + "".join(sorted(rows, key=lambda row: int(row.split()[0])))


def _answers(name: str, *, right: bool) -> dict[str, dict[str, str]]:
    active = name == "ld1"
    role = "master" if active else "backup"
    return {
        "cl_status": {"hbstatus": "Heartbeat is running on this machine.\n"},
        "ipvsadm": {
            "-Ln": _listing(
                "Prot LocalAddress:Port Scheduler Flags\n"
                "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n",
                "{vip} wrr",
                "Route   {weight:<6} {open:<10} {closing:<10}",
                active=active,
            ),
            "-Ln --stats": _listing(_STATS_TITLE, "{counters}", "{counters}", active=active),
            "-Ln --stats --exact": _listing(_STATS_TITLE, "{counters}", "{counters}", active=active),
            "-Ln --thresholds": _listing(
                "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n"
                "  -> RemoteAddress:Port\n",
                "{vip} wrr",
                "0          0          {open:<10} {closing:<10}",
                active=active,
            ),
            "-Ln --timeout": "Timeout (tcp tcpfin udp): 900 120 300\n",
            "-Ln --daemon": f"{role} sync daemon (mcast=eth0, syncid=1)\n" if right else "",
            "-Sn": "".join(
                f"-A -t {vip}:80 -s wrr\n"
                + "".join(f"-a -t {vip}:80 -r {real}:80 -g -w {weight}\n" for real, weight in _pool(vip))
                for vip in SERVED
            )
            if active
            else "",
        },
    }


_STATS_TITLE = (
    "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
    "  -> RemoteAddress:Port\n"
)


def _pool(vip: str) -> Iterable[tuple[str, int]]:
    network = vip.rpartition(".")[0]
    return ((f"{network}.{last}", weight) for last, weight in WEIGHTS.items())


def _listing(titles: str, service: str, real: str, *, active: bool) -> str:
    """What ipvsadm prints. Of direct routing it never sees the way back, so Out is always 0."""
    listing = VERSION + titles
    for vip in SERVED if active else ():
        total = sum(WEIGHTS.values())
        row = service.format(vip=f"{vip}:80", counters=f"{vip + ':80':<33}{_counters(total)}")
        listing += f"TCP  {row}\n"
        for address, weight in _pool(vip):
            row = real.format(weight=weight, open=weight * 3, closing=weight * 11, counters=_counters(weight))
            listing += f"  -> {address + ':80':<28}{'' if real == '{counters}' else ' '}{row}\n"
    return listing


def _counters(share: int) -> str:
    return "".join(f"{number:>9}" for number in (share * 27413, share * 197372, 0, share * 2776348, 0))


def _proc_ip_vs(*, active: bool) -> str:
    """As the kernel writes it: hexadecimal, and last come first."""
    listing = (
        VERSION + "Prot LocalAddress:Port Scheduler Flags\n"
        "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
    )
    for vip in reversed(SERVED) if active else ():
        listing += f"TCP  {_hex(vip)}:0050 wrr \n"
        for address, weight in reversed(list(_pool(vip))):
            listing += (
                f"  -> {_hex(address)}:0050      Route   {weight:<6} {weight * 3:<10} {weight * 11:<10}\n"
            )
    return listing


def _hex(address: str) -> str:
    return f"{int(IPv4Interface(address).ip):08X}"


def _sorted(lines: str) -> str:
    return "".join(sorted(lines.splitlines(keepends=True)))
