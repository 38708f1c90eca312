"""The same hosts as snapshots in memory, as a collector run by root brings them home; nothing is contacted."""

from __future__ import annotations

import fnmatch
import hashlib
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from auditor.collect.probes import COMMAND, FILES, PROBES, Probe
from auditor.model.snapshot import Artifact, HostSnapshot, Snapshot, Ssh
from tests.hosts.machine import INSTALLED, Configured, Machine
from tests.hosts.runbook import cluster

NOW = 1763978400  # 2025-11-24T10:00:00Z

CENTOS_4 = Ssh(
    server="SSH-2.0-OpenSSH_3.9p1",
    kex="diffie-hellman-group14-sha1",
    host_key="ssh-rsa",
    cipher="aes128-ctr",
    mac="hmac-sha1",
    fingerprint="SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
    legacy=("diffie-hellman-group14-sha1", "ssh-rsa", "hmac-sha1"),
)


def snapshot(variant: str) -> Snapshot:
    """``printed`` or ``right``."""
    return Snapshot(
        schema_version="1.0",
        tool_version="0",
        run_id="0",
        started="2025-11-24T10:00:00Z",
        finished="2025-11-24T10:00:02Z",
        hosts=tuple(host_snapshot(machine) for machine in cluster(variant)),
    )


def host_snapshot(machine: Machine) -> HostSnapshot:
    """All probes of the table are answered, whatever the host's roles are."""
    artifacts = {artifact.id: artifact for probe in PROBES for artifact in _artifacts(probe, machine)}
    return HostSnapshot(
        id=machine.name,
        name=machine.name,
        address=machine.address,
        status="ok",
        user="root",
        port=22,
        roles=machine.roles,
        ssh=CENTOS_4,
        artifacts=artifacts,
    )


def _artifacts(probe: Probe, machine: Machine) -> Iterator[Artifact]:
    """What the probe brings home of this host, as ``auditor.collect.script`` says it."""
    if probe.kind == COMMAND:
        yield _command(probe, machine)
        return
    folders = _folders(machine)
    for path in probe.paths:
        folder, name = posixpath.split(path)
        if "*" in name:
            state = "read" if folder in folders else "absent"
            yield Artifact(id=folder, probe=probe.name, kind="directory", state=state, path=folder)
            for match in fnmatch.filter(folders.get(folder, ()), name):
                yield _content(probe, machine, posixpath.join(folder, match))
        elif probe.kind == FILES and (path in machine.files or path in machine.links):
            yield _content(probe, machine, path)
        elif probe.kind == FILES:
            yield Artifact(id=path, probe=probe.name, kind="file", state="absent", path=path)
        elif path in machine.links:
            yield _name(probe, machine, path)
        elif path not in folders:
            yield Artifact(id=path, probe=probe.name, kind="directory", state="absent", path=path)
        else:
            yield _lying(probe, path, kind="directory", state="read", mode=0o755)
            for inner in folders[path]:
                yield _name(probe, machine, posixpath.join(path, inner))


def _folders(machine: Machine) -> Mapping[str, set[str]]:
    """Folder to the names in it."""
    found: dict[str, set[str]] = {}
    for path in (*machine.files, *machine.links):
        while path != "/":
            folder, name = posixpath.split(path)
            found.setdefault(folder, set()).add(name)
            path = folder
    return found


def _content(probe: Probe, machine: Machine, path: str) -> Artifact:
    """A file; of a link what it points at."""
    target = machine.links.get(path)
    text = machine.files[posixpath.normpath(posixpath.join(posixpath.dirname(path), target or path))]
    lying = _lying(
        probe,
        path,
        kind="link" if target else "file",
        state="read",
        mode=text.mode,
        mtime=text.mtime,
        size=len(text.content),
        target=target,
    )
    content = text.content.encode()
    return replace(lying, content=content, sha256=hashlib.sha256(content).hexdigest())


def _name(probe: Probe, machine: Machine, path: str) -> Artifact:
    if path in machine.links:
        target = machine.links[path]
        return _lying(probe, path, kind="link", state="read", mode=0o777, target=target, size=len(target))
    text = machine.files[path]
    lying = _lying(
        probe, path, kind="file", state="skipped", mode=text.mode, mtime=text.mtime, size=len(text.content)
    )
    return replace(lying, why="only its name is wanted")


def _lying(
    probe: Probe,
    path: str,
    *,
    kind: str,
    state: str,
    mode: int,
    mtime: str = INSTALLED,
    size: int | None = None,
    target: str | None = None,
) -> Artifact:
    return Artifact(
        id=path,
        probe=probe.name,
        kind=kind,
        state=state,
        path=path,
        size=size,
        mode=f"{mode:04o}",
        owner="root",
        group="root",
        mtime=mtime,
        target=target,
    )


# -- commands -----------------------------------------------------------------


def _command(probe: Probe, machine: Machine) -> Artifact:
    path = probe.source if probe.source and probe.source.startswith("/") else None
    line = probe.source if probe.source and path is None else probe.command
    unasked = Artifact(
        id=probe.name,
        probe=probe.name,
        kind="command",
        state="skipped",
        path=path,
        argv=tuple(line.split()),
        why=f"run only where {probe.exists} exists"
        + (f" and {probe.unless} does not" if probe.unless else ""),
    )
    if not _exists(probe.exists, machine) and probe.source == probe.exists:
        return replace(unasked, state="absent", why=None)
    if not _exists(probe.exists, machine):
        return unasked
    said = _COMMANDS[probe.name](machine).encode()
    # grep misses some of its many files on every kernel.
    status = 2 if probe.name == "sysctl" else 0
    return replace(
        unasked,
        state="read",
        why=None,
        exit_status=status,
        size=len(said),
        sha256=hashlib.sha256(said).hexdigest(),
        content=said,
    )


def _exists(path: str | None, machine: Machine) -> bool:
    if path is None:
        return True
    if path.startswith("/proc/"):
        return path.removeprefix("/proc/") in machine.proc
    if path.startswith("/usr/"):
        return posixpath.basename(path) in machine.answers
    return path in machine.links or path in machine.files


def _says(program: str, arguments: str) -> Callable[[Machine], str]:
    return lambda machine: machine.answers[program][arguments]


def _proc(path: str) -> Callable[[Machine], str]:
    return lambda machine: machine.proc[path]


def _uname(machine: Machine) -> str:
    return f"Linux\n{machine.name}\n{machine.release}\n{machine.machine}\n"


def _ip_addr(machine: Machine) -> str:
    """As iproute2 6.1 prints it."""
    listing = (
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n"
        "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n" + _inet(machine, "lo")
    )
    for number, (name, mac) in enumerate(machine.macs.items(), 2):
        listing += (
            f"{number}: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UNKNOWN"
            f" group default qlen 32\n    link/ether {mac} brd ff:ff:ff:ff:ff:ff\n" + _inet(machine, name)
        )
    return listing


def _inet(machine: Machine, interface: str) -> str:
    lines = ""
    networks = set()
    for address in machine.addresses:
        if address.interface != interface:
            continue
        network = address.address.network
        broadcast = f" brd {address.broadcast}" if interface != "lo" else ""
        secondary = " secondary" if network in networks else ""
        networks.add(network)
        lines += (
            f"    inet {address.address}{broadcast} scope {address.scope}{secondary} {address.label}\n"
            "       valid_lft forever preferred_lft forever\n"
        )
    return lines


def _ip_route(machine: Machine) -> str:
    """The routes that the kernel makes of the addresses, after the one that was given."""
    interface = next(iter(machine.macs))
    main = [f"default via {machine.gateway} dev {interface} \n"]
    local: list[tuple[int, str]] = []
    sources: dict[tuple[str, object], Configured] = {}
    for address in machine.addresses:
        network, ip = address.address.network, address.address.ip
        first = sources.setdefault((address.interface, network), address)
        source = f"src {first.address.ip}"
        dev, tail = f"dev {address.interface}", "proto kernel scope host"
        local.append((int(ip), f"local {ip} {dev} table local {tail} {source} \n"))
        if address is not first:
            continue
        if address.interface == "lo" and network.prefixlen < 32:
            local.append(
                (int(network.network_address), f"local {network} {dev} table local {tail} {source} \n")
            )
        elif network.prefixlen < 32:
            main.append(f"{network} {dev} proto kernel scope link {source} \n")
        if address.broadcast is not None:
            text = f"broadcast {address.broadcast} {dev} table local proto kernel scope link {source} \n"
            local.append((int(network.broadcast_address), text))
    main[1:] = sorted(main[1:], key=lambda line: [int(part) for part in line.split("/")[0].split(".")])
    return "".join(main) + "".join(text for _, text in sorted(local, key=lambda pair: pair[0]))


_IP_RULE = "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"


def _sysctl(machine: Machine) -> str:
    """As ``grep -H .`` prints it: pattern by pattern, each in the order of the names."""
    values = {
        f"/proc/sys/{key}": value for key, value in machine.sysctls.items() if key.startswith("net/ipv4")
    }
    scopes = ("all", "default", "lo", *machine.macs)
    values |= {f"/proc/sys/net/ipv4/conf/{scope}/forwarding": "0" for scope in scopes}
    values |= {
        f"/proc/{path}": text.strip() for path, text in machine.proc.items() if path.startswith("sys/")
    }
    patterns = next(probe for probe in PROBES if probe.name == "sysctl").command.split()[3:]
    return "".join(
        f"{path}:{values[path]}\n"
        for pattern in patterns
        for path in sorted(values)
        if fnmatch.fnmatchcase(path, pattern)
    )


def _init_headers(machine: Machine) -> str:
    """The comments of each script's first sixty lines."""
    listing = ""
    for path, text in sorted(machine.files.items()):
        folder, name = posixpath.split(path)
        if folder == "/etc/rc.d/init.d":
            comments = [line for line in text.content.splitlines()[:60] if line.startswith("#")]
            listing += f"==> /etc/init.d/{name} <==\n" + "".join(f"{line}\n" for line in comments)
    return listing


def _listening(machine: Machine) -> str:
    lines = (machine.proc["net/tcp"] + machine.proc["net/tcp6"]).splitlines(keepends=True)
    return "".join(line for line in lines if " 0A " in line)


_COMMANDS: Mapping[str, Callable[[Machine], str]] = {
    "uname": _uname,
    "date": lambda machine: f"{NOW}\n",
    "packages": lambda machine: machine.packages,
    "ip-addr": _ip_addr,
    "ip-route": _ip_route,
    "ip-rule": lambda machine: _IP_RULE,
    "modules": _proc("modules"),
    "ps": lambda machine: machine.processes,
    "sysctl": _sysctl,
    "init-headers": _init_headers,
    "listening": _listening,
    "proc-ip-vs": _proc("net/ip_vs"),
    "proc-ip-vs-stats": _proc("net/ip_vs_stats"),
    "ipvsadm": _says("ipvsadm", "-Ln"),
    "ipvsadm-stats": _says("ipvsadm", "-Ln --stats --exact"),
    "ipvsadm-thresholds": _says("ipvsadm", "-Ln --thresholds"),
    "ipvsadm-timeout": _says("ipvsadm", "-Ln --timeout"),
    "ipvsadm-daemon": _says("ipvsadm", "-Ln --daemon"),
    "ipvsadm-rules-live": _says("ipvsadm", "-Sn"),
    "iptables": _says("iptables-save", ""),
    "cl-status": _says("cl_status", "hbstatus"),
}
