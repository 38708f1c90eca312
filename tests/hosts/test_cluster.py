"""The hosts that other tests rely on: really apart, of their era, watched closely, and gone in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hosts.cluster import Cluster, Host

pytestmark = pytest.mark.sshd

SHA1 = (
    "-oKexAlgorithms=+diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1",
    "-oHostKeyAlgorithms=+ssh-rsa",
    "-oPubkeyAcceptedAlgorithms=ssh-rsa",
)


def ssh(cluster: Cluster, host: Host, command: str, *options: str, user: str = "root") -> str:
    """What OpenSSH's client gets; on a refusal, why."""
    known = f"-oUserKnownHostsFile={cluster.known_hosts}"
    done = subprocess.run(
        [
            *("ssh", "-F/dev/null", "-oBatchMode=yes", f"-p{host.port}", f"-i{cluster.identity}", known),
            *(*options, f"{user}@{host.address}", command),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else done.stderr


def test_each_host_is_itself(cluster: Cluster) -> None:
    for host in cluster.hosts.values():
        assert ssh(cluster, host, "uname -n; whoami", *SHA1) == f"{host.name}\nroot\n"
        assert f" {host.machine.address}/28 " in host.sh("ip addr show eth0")
    assert cluster["rs1"].sh("cat /proc/sys/net/ipv4/conf/all/arp_ignore") == "1\n"
    assert cluster["ld1"].sh("cat /proc/sys/net/ipv4/conf/all/arp_ignore") == "0\n"
    assert cluster["ld1"].sh("cat /etc/ha.d/haresources").startswith("ld1 ")
    assert cluster["ld2"].sh("cat /etc/ha.d/haresources").startswith("ld2 ")


def test_nothing_of_this_machine_shines_through(new_cluster: Callable[..., Cluster]) -> None:
    host = new_cluster(only="rs1")["rs1"]
    assert host.sh("ls -d /var/lib/dpkg /etc/os-release /usr/lib/sysctl.d /work 2>/dev/null; :") == ""
    assert "202.75.216" not in subprocess.check_output(["ip", "addr"], text=True)
    assert host.sh("ip -o link | cut -d' ' -f2") == "lo:\neth0:\n"


def test_an_ordinary_user_is_told_less(cluster: Cluster) -> None:
    host = cluster["ld1"]
    assert "Permission denied" in ssh(cluster, host, "cat /etc/ha.d/authkeys", *SHA1, user="audit")
    assert "you must be root" in ssh(cluster, host, "/sbin/ipvsadm -Ln", *SHA1, user="audit")
    assert ssh(cluster, host, "sudo -n /bin/sh -c whoami", *SHA1, user="audit") == "root\n"


@pytest.mark.parametrize(
    ("era", "wanted"),
    [
        ("centos4", "no matching key exchange method found. Their offer: diffie-hellman-group-exchange-sha1"),
        ("centos5", "no matching key exchange method found. Their offer: diffie-hellman-group-exchange-sha1"),
        ("centos6", "no matching host key type found. Their offer: ssh-rsa"),
        ("modern", "ld1\n"),
    ],
)
def test_an_era_offers_only_its_own(new_cluster: Callable[..., Cluster], era: str, wanted: str) -> None:
    cluster = new_cluster(era=era, only="ld1")
    assert wanted in ssh(cluster, cluster["ld1"], "uname -n")
    if era != "modern":
        assert ssh(cluster, cluster["ld1"], "uname -n", *SHA1) == "ld1\n"


@pytest.mark.parametrize(
    "change",
    [
        "chmod 0644 /etc/ha.d/authkeys",
        "touch /etc/ha.d/new && rm /etc/ha.d/new",
        "ip addr add 192.0.2.1/32 dev lo",
        "echo 3 >/proc/sys/net/ipv4/conf/eth0/arp_ignore",
        "rm /proc/net/ip_vs && ipvsadm -Ln",
        "setsid sleep 60 >/dev/null 2>&1 </dev/null &",
        "ln -s true /usr/bin/anything",
    ],
)
def test_a_change_shows_in_the_digest(new_cluster: Callable[..., Cluster], change: str) -> None:
    host = new_cluster(only="ld1")["ld1"]
    before = host.digest()
    assert host.digest() == before
    host.sh(f"{change}\n:")
    assert host.digest() != before


KILLED = """
import time
from tests.hosts.cluster import start_cluster
from tests.hosts.runbook import cluster
with start_cluster(cluster("printed")[:2]) as running:
    print(running["ld1"].sh("readlink /proc/self/ns/pid"), end="", flush=True)
    time.sleep(60)
"""


def test_a_killed_test_leaves_nothing_behind(cluster: Cluster) -> None:
    mounts = Path("/proc/self/mounts").read_text()
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        namespace = victim.stdout.readline().strip()
        assert namespace in _namespaces()
        victim.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while namespace in _namespaces() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert namespace not in _namespaces()
    assert Path("/proc/self/mounts").read_text() == mounts


def _namespaces() -> set[str]:
    found = set()
    for link in Path("/proc").glob("[0-9]*/ns/pid"):
        try:
            found.add(os.fspath(link.readlink()))
        except OSError:
            continue
    return found
