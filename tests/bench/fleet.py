"""Scan N real sshd on loopback, beside the OpenSSH client driven by xargs with the same two programs.

    python -m tests.bench.fleet [--hosts 100] [--rounds 5] [--forks 32]

Both sides are run in turn, round by round, so that a slow moment of the machine hits both; what is printed are
medians and ratios of whole processes: wall clock, CPU of the client with all its children, peak memory. Needs
root: the servers get an empty home in a mount namespace of their own, since a login shell's start-up files cost
more than the scan.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from auditor.collect import script

ADDRESSES_PER_SERVER = 5
PORT = 22022


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds and MiB of one whole process with its children."""

    wall: float
    cpu: float
    memory: float


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--forks", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lvsaudit-bench-") as name:
        folder = Path(name)
        addresses = [f"127.0.{1 + n // 250}.{1 + n % 250}" for n in range(options.hosts)]
        with servers(folder, addresses):
            ours, floor = [], []
            for number in range(options.rounds + 1):
                out = folder / f"snapshot{number}"
                ours.append(cost(collect(folder, out, options.forks)))
                complete(out, options.hosts)
                shutil.rmtree(out)
                floor.append(cost(openssh(folder)))
                answered(folder, addresses)
    report(f"collect, {options.hosts} hosts, {options.forks} at a time", ours[1:], floor[1:])
    return 0


@contextmanager
def servers(folder: Path, addresses: Sequence[str]) -> Iterator[None]:
    """One sshd for every five addresses, with one host key and one user key."""
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    host_key = (folder / "host.pub").read_text().split()[:2]
    (folder / "known_hosts").write_text(
        "".join(f"[{address}]:{PORT} {' '.join(host_key)}\n" for address in addresses)
    )
    (folder / "hosts.txt").write_text("".join(f"root@{address}:{PORT}\n" for address in addresses))
    Path("/run/sshd").mkdir(exist_ok=True)
    running = []
    try:
        for start in range(0, len(addresses), ADDRESSES_PER_SERVER):
            config = folder / f"sshd{start}"
            listen = "".join(
                f"ListenAddress {address}:{PORT}\n"
                for address in addresses[start : start + ADDRESSES_PER_SERVER]
            )
            config.write_text(
                f"{listen}HostKey {folder / 'host'}\nAuthorizedKeysFile {folder / 'user.pub'}\nPidFile none\n"
                "StrictModes no\nUsePAM no\nMaxStartups 500\nPermitRootLogin yes\nPrintMotd no\n"
            )
            inside = f"mount -t tmpfs none /root && exec /usr/sbin/sshd -D -e -f {shlex.quote(str(config))}"
            with (folder / f"sshd{start}.log").open("wb") as log:
                running.append(subprocess.Popen(["unshare", "-m", "sh", "-c", inside], stderr=log))
        for address in addresses:
            until_open(address)
        yield
    finally:
        for server in running:
            server.terminate()
        for server in running:
            server.wait()


def until_open(address: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((address, PORT), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def collect(folder: Path, out: Path, forks: int) -> list[str]:
    return [
        *(sys.executable, "-m", "auditor.cli", "collect", str(folder / "hosts.txt"), "-o", str(out)),
        *("--identity", str(folder / "user"), "--known-hosts", str(folder / "known_hosts")),
        *("--forks", str(forks), "--ssh-config", os.devnull),
    ]


def openssh(folder: Path) -> list[str]:
    """The floor: a process for each host, the cheapest key exchange, both programs one after the other."""
    program = folder / "program"
    if not program.exists():
        programs = (script.files_program("0" * 32), script.commands_program("0" * 32))
        # One login for both, as on our side.
        program.write_bytes(
            b"".join(b"sh <<'END-OF-PROGRAM'\n" + text + b"\nEND-OF-PROGRAM\n" for text in programs)
        )
    out = folder / "out"
    out.mkdir(exist_ok=True)
    ssh = shlex.join(
        [
            *("ssh", "-T", "-F", "none", "-p", str(PORT), "-l", "root", "-i", str(folder / "user")),
            *("-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={folder / 'known_hosts'}"),
            *("-o", "KexAlgorithms=curve25519-sha256", "-o", "BatchMode=yes"),
        ]
    )
    shell = "exec env -i PATH=/sbin:/usr/sbin:/bin:/usr/bin LC_ALL=C /bin/sh -s"
    each = f'{ssh} "$1" "{shell}" <{program} >{out}/"$1" 2>/dev/null'
    hosts = f"sed 's/.*@//; s/:.*//' {folder / 'hosts.txt'}"
    return ["sh", "-c", f"{hosts} | xargs -P16 -I{{}} sh -c {shlex.quote(each)} one {{}}"]


def cost(command: Sequence[str]) -> Cost:
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    if os.waitstatus_to_exitcode(status) not in {0, 3}:
        sys.exit(f"{shlex.join(command)}: {said.decode()}")
    return Cost(wall=wall, cpu=usage.ru_utime + usage.ru_stime, memory=usage.ru_maxrss / 1024)


def complete(snapshot: Path, hosts: int) -> None:
    found = len(list((snapshot / "hosts").glob("*/host.json")))
    if found != hosts:
        sys.exit(f"{snapshot}: {found} of {hosts} hosts")


def answered(folder: Path, addresses: Sequence[str]) -> None:
    short = [address for address in addresses if (folder / "out" / address).stat().st_size < 10_000]
    if short:
        sys.exit(f"no whole answer from {short[:3]}")


def report(title: str, ours: Sequence[Cost], floor: Sequence[Cost]) -> None:
    print(title)
    print(f"{'':8} {'lvsaudit':>10} {'ssh+xargs':>10} {'ratio':>7}   (medians of {len(ours)} rounds)")
    for name, unit in (("wall", "s"), ("cpu", "s"), ("memory", "MiB")):
        left, right = ([getattr(one, name) for one in costs] for costs in (ours, floor))
        ratio = statistics.median(a / b for a, b in zip(left, right, strict=True))
        print(
            f"{name:8} {statistics.median(left):8.2f} {unit:3}{statistics.median(right):6.2f} {unit:3} {ratio:6.2f}"
        )


if __name__ == "__main__":
    sys.exit(main())
