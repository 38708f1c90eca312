"""Other people's tools take what a migration writes, and refuse its broken twin."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from tests.hosts.snapshots import snapshot
from tests.migrate.worlds import SHAPES, WORLDS, altered, migrated, migrated_world, texts
from tests.oracles.modern import judged, laid_out

PACEMAKER = [shape for shape in SHAPES if shape[1] == "pacemaker"]
CASES = [(name, *shape) for name in WORLDS for shape in SHAPES]
WITH_CLUSTER = [(name, *shape) for name in WORLDS for shape in PACEMAKER]


@pytest.mark.parametrize("case", WITH_CLUSTER, ids="-".join)
def test_corosync_takes_the_file(case: tuple[str, str, str], tmp_path: Path) -> None:
    files = texts(migrated_world(*case))
    good = files["ld1/etc/corosync/corosync.conf"]
    for host in ("ld1", "ld2"):
        laid_out({f"{host}.conf": files[f"{host}/etc/corosync/corosync.conf"]}, tmp_path)
    assert good == files["ld2/etc/corosync/corosync.conf"]
    laid_out({"bad.conf": good.replace("nodeid: 2", "nodeid: 1")}, tmp_path)
    ran = judged(
        "hostname ld1\nip addr add 202.75.216.162/28 dev lo\nip addr add 10.75.216.162/24 dev lo\n"
        # The key is made on the target; without one corosync asks no further.
        "mkdir -p etc/corosync; head -c 256 /dev/zero > etc/corosync/authkey\n"
        "mount -t overlay -o lowerdir=$PWD/etc:/etc overlay /etc\n"
        "corosync -t -c $PWD/ld1.conf; echo good $?; corosync -t -c $PWD/bad.conf; echo bad $?",
        tmp_path,
    )
    assert "good 0" in ran.stdout, ran.stderr
    assert "bad 0" not in ran.stdout


@pytest.mark.parametrize("case", WITH_CLUSTER, ids="-".join)
def test_pacemaker_takes_the_cib(case: tuple[str, str, str], tmp_path: Path) -> None:
    cib = texts(migrated_world(*case))["cluster/cib.xml"]
    laid_out({"good.xml": cib, "bad.xml": cib.replace('rsc="g-lvs"', 'rsc="g-other"', 1)}, tmp_path)
    ran = judged(
        "crm_verify -V -x good.xml; echo good $?; crm_verify -x bad.xml; echo bad $?\n"
        "CIB_file=$PWD/good.xml crm_resource --list-raw\n"
        "cibadmin --empty > live.xml; export CIB_file=$PWD/live.xml\n"
        "cibadmin --replace --scope configuration --xml-file good.xml && crm_resource --list-raw | sed 's/^/live /'",
        tmp_path,
    )
    assert "good 0" in ran.stdout, ran.stderr
    assert "bad 0" not in ran.stdout
    assert "\nvip-202-75-216-173" in ran.stdout
    assert "live vip-202-75-216-173" in ran.stdout, ran.stderr


def test_the_agent_takes_the_parameters(tmp_path: Path) -> None:
    ask = (
        "crm_resource --validate --class ocf --provider heartbeat --agent IPaddr2 --option ip=202.75.216.{last} "
        "--option cidr_netmask=28 --option nic=eth0 --option lvs_support=true"
    )
    ran = judged(
        "ip link add eth0 type veth peer name eth0p\n"
        f"{ask.format(last='173')}; echo good $?; {ask.format(last='999')}; echo bad $?",
        tmp_path,
    )
    assert "good 0" in ran.stdout, ran.stdout + ran.stderr
    assert "bad 0" not in ran.stdout


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_systemd_takes_the_units(case: tuple[str, str, str], tmp_path: Path) -> None:
    files = texts(migrated_world(*case))
    units = {path: text for path, text in files.items() if path.endswith((".service", ".timer"))}
    laid_out(units, tmp_path)
    some = next(iter(units))
    bad = some.replace(".service", "-bad.service")
    laid_out(
        {
            bad: units[some]
            .replace("Type=oneshot", "Type=oneshoot")
            .replace("[Service]", "[Service]\nExecStrat=/bin/true")
        },
        tmp_path,
    )
    verify = "systemd-analyze verify --man=no --recursive-errors=no"
    ran = judged(
        "".join(f"{verify} {path} && echo good {path}\n" for path in units) + f"{verify} {bad}; echo bad $?",
        tmp_path,
    )
    for path in units:
        assert f"good {path}\n" in ran.stdout, ran.stderr
    assert "bad 0" not in ran.stdout


@pytest.mark.parametrize("name", WORLDS)
def test_ldirectord_takes_the_file(name: str, tmp_path: Path) -> None:
    """Asked for its status it reads the file: 3 is stopped, 2 is refused."""
    good = texts(migrated_world(name, "debian-12", "pacemaker"))["ld1/etc/ha.d/ldirectord.cf"]
    laid_out(
        {
            "good.cf": good,
            "bad.cf": good.replace("scheduler=", "schedule=", 1),
            "etc/hosts": "127.0.0.1 localhost\n10.0.0.9 web.example.com\n",
        },
        tmp_path,
    )
    ran = judged(
        "mount -t overlay -o lowerdir=$PWD/etc:/etc overlay /etc\n"
        "mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/log\n"
        "ldirectord $PWD/good.cf status; echo good $?; ldirectord $PWD/bad.cf status; echo bad $?",
        tmp_path,
    )
    assert "good 3" in ran.stdout, ran.stdout + ran.stderr
    assert "bad 2" in ran.stdout


def networks(files: dict[str, str], host: str) -> dict[str, str]:
    return {
        path.rpartition("/")[2]: text
        for path, text in files.items()
        if path.startswith(f"{host}/etc/systemd/network/")
    }


def test_networkd_sets_the_addresses_up(tmp_path: Path) -> None:
    """A networkd of its own, in namespaces, with two interfaces of these names."""
    files = networks(texts(migrated_world("right", "debian-12", "pacemaker")), "ld1")
    laid_out(files, tmp_path / "good")
    laid_out({name: text.replace("Address=", "Adress=") for name, text in files.items()}, tmp_path / "bad")
    script = """\
ip link add eth0 type veth peer name p0; ip link set p0 up
ip link add eth1 type veth peer name p1; ip link set p1 up
mount -t tmpfs tmpfs /run; mkdir -p /run/systemd/netif; chown -R systemd-network:systemd-network /run/systemd/netif
mount -t sysfs -o ro sysfs /sys 2>/dev/null
mount -t tmpfs tmpfs /etc/systemd/network; cp {kind}/* /etc/systemd/network/; chmod 644 /etc/systemd/network/*
SYSTEMD_LOG_TARGET=console /lib/systemd/systemd-networkd > out 2>&1 & networkd=$!
for i in $(seq {tries}); do ip -o -4 addr show dev eth1 | grep -q inet && break; sleep 0.1; done
ip -o -4 addr; ip route; cat out; kill $networkd
"""
    good = judged(script.replace("{kind}", "good").replace("{tries}", "300"), tmp_path)
    for wanted in (
        "202.75.216.162/28",
        "202.91.231.162/28",
        "10.75.216.162/24",
        "default via 202.75.216.161",
        "eth0:0",
    ):
        assert wanted in good.stdout, good.stdout + good.stderr
    assert "Unknown" not in good.stdout
    bad = judged(script.replace("{kind}", "bad").replace("{tries}", "30"), tmp_path)
    assert "Unknown key" in bad.stdout
    assert "202.75.216.162" not in bad.stdout


@pytest.mark.parametrize("host", ["ld1", "rs1"])
def test_the_kernel_takes_the_parameters(host: str, tmp_path: Path) -> None:
    """The real systemd-sysctl in a network namespace; values are read back."""
    text = texts(migrated_world("right", "debian-12", "pacemaker"))[f"{host}/etc/sysctl.d/90-lvs.conf"]
    own = "".join(line for line in text.splitlines(keepends=True) if "nf_conntrack" not in line)
    laid_out({"good.conf": own, "bad.conf": own.replace("arp_ignore", "arp_ingore")}, tmp_path)
    ran = judged(
        "/lib/systemd/systemd-sysctl --strict $PWD/good.conf; echo good $?\n"
        "cat /proc/sys/net/ipv4/conf/all/arp_ignore /proc/sys/net/ipv4/conf/all/arp_announce\n"
        "/lib/systemd/systemd-sysctl --strict $PWD/bad.conf; echo bad $?",
        tmp_path,
    )
    assert "good 0\n1\n2\n" in ran.stdout, ran.stderr
    assert "bad 0" not in ran.stdout


@pytest.mark.parametrize("host", ["ld1", "rs1"])
def test_networkmanager_takes_the_keyfiles(host: str, tmp_path: Path) -> None:
    """nmcli reads a keyfile and prints it as it would store it. It ends with 0 whatever it read, so the judge is
    what it left out."""
    files = texts(migrated_world("right", "el9", "pacemaker"))
    keyfiles = {
        path.rpartition("/")[2]: text
        for path, text in files.items()
        if path.startswith(f"{host}/") and "nmconn" in path
    }
    laid_out(keyfiles, tmp_path)
    laid_out({"bad": keyfiles["eth0.nmconnection"].replace("/28", "/280", 1)}, tmp_path)
    again = "nmcli --offline connection modify connection.autoconnect-priority 1"
    ran = judged(
        "".join(f"{again} < {name} > {name}.read; echo $? {name}\n" for name in keyfiles)
        + f"{again} < bad > bad.read",
        tmp_path,
    )
    for name, text in keyfiles.items():
        assert f"0 {name}" in ran.stdout, ran.stderr
        assert left_out(text, (tmp_path / f"{name}.read").read_text()) == []
    assert left_out((tmp_path / "bad").read_text(), (tmp_path / "bad.read").read_text())


def left_out(keyfile: str, read: str) -> list[str]:
    """Lines of a keyfile that are not stored. A gateway is, behind an address; autoconnect is on by itself."""
    lines = read.splitlines()
    return [
        line
        for line in keyfile.splitlines()
        if line
        and line != "autoconnect=true"
        and line not in lines
        and line.replace("gateway=", ",") not in read
        and not any(one.startswith(f"{line},") for one in lines)
    ]


@pytest.mark.parametrize("target", ["debian-12", "el9"])
def test_the_firewall_file_is_one(target: str, tmp_path: Path) -> None:
    world = altered(snapshot("right"), "iptables", ":INPUT ACCEPT", ":INPUT DROP")
    world = altered(
        world,
        "iptables",
        "COMMIT\n",
        "-A PREROUTING -d 202.75.216.173/32 -p tcp -m tcp --dport 80 -j MARK --set-mark 7\n"
        "-A PREROUTING -p udp -m multiport --dports 53,5000:5010 -j MARK --set-xmark 0x9/0xffffffff\nCOMMIT\n",
    )
    new = texts(migrated(world, target))
    files = {path: text for path, text in new.items() if path.startswith("ld1/etc/nftables.d/")}
    assert ("ld1/etc/nftables.d/lvs.nft" in files) is (target == "debian-12")
    laid_out({path.rpartition("/")[2]: text for path, text in files.items()}, tmp_path)
    bad = files["ld1/etc/nftables.d/lvs-marks.nft"].replace("dport", "doprt")
    laid_out({"bad": bad}, tmp_path)
    ran = judged(
        "for file in *.nft; do nft -c -f $file && echo good; done; nft -c -f bad; echo bad $?", tmp_path
    )
    assert ran.stdout.count("good") == len(files), ran.stderr
    assert "bad 0" not in ran.stdout
    if target == "el9":
        fromstring(new["ld1/etc/firewalld/services/lvs-cluster.xml"])
