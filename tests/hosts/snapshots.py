"""The same hosts as snapshots in memory, as a collector run by root brings them home; nothing is contacted."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase

from auditor.collect.probes import COMMAND, FILES, PROBES, Probe
from auditor.model.snapshot import Artifact, HostSnapshot, Snapshot, Ssh
from tests.hosts.machine import Configured, Machine
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
    if probe.kind == COMMAND:
        yield _command(probe, machine)
        return
    folders = _folders(machine)
    for path in probe.paths:
        if "*" in path:
            folder, pattern = posixpath.split(path)
            inside = [name for name in folders.get(folder, ()) if fnmatchcase(name, pattern)]
            # A link to a folder is looked through, as the shell does it.
            yield _artifact(probe, folder, kind="directory", state="read" if folder in folders else "absent")
            for name in inside:
                yield _file(probe, machine, posixpath.join(folder, name))
        elif path in machine.links and probe.kind == FILES:
            yield _file(probe, machine, path)
        elif path in machine.links:
            yield _link(probe, machine, path)
        elif probe.kind == FILES:
            yield (
                _file(probe, machine, path)
                if path in machine.files
                else _artifact(probe, path, kind="file", state="absent")
            )
        else:
            yield _artifact(probe, path, kind="directory", state="read" if path in folders else "absent")
            for name in sorted(folders.get(path, ())):
                inner = posixpath.join(path, name)
                yield (
                    _link(probe, machine, inner)
                    if inner in machine.links
                    else _artifact(probe, inner, kind="file", state="skipped", why="only its name is wanted")
                )


def _folders(machine: Machine) -> Mapping[str, set[str]]:
    """Folder to the names in it."""
    found: dict[str, set[str]] = {}
    for path in (*machine.files, *machine.links):
        while path != "/":
            folder, name = posixpath.split(path)
            found.setdefault(folder, set()).add(name)
            path = folder
    return found


def _file(probe: Probe, machine: Machine, path: str) -> Artifact:
    target = machine.links.get(path)
    text = machine.files[posixpath.normpath(posixpath.join(posixpath.dirname(path), target or path))]
    content = text.content.encode()
    return _artifact(
        probe,
        path,
        kind="link" if target else "file",
        state="read",
        content=content,
        size=len(content),
        mode=f"{text.mode:04o}",
        mtime=text.mtime,
        target=target,
    )


def _link(probe: Probe, machine: Machine, path: str) -> Artifact:
    return _artifact(probe, path, kind="link", state="read", target=machine.links[path])


def _artifact(
    probe: Probe,
    path: str,
    *,
    kind: str,
    state: str,
    why: str | None = None,
    content: bytes = b"",
    size: int | None = None,
    mode: str | None = None,
    mtime: str | None = None,
    target: str | None = None,
) -> Artifact:
    return Artifact(
        id=path,
        probe=probe.name,
        kind=kind,
        state=state,
        path=path,
        why=why,
        size=size,
        mode=mode,
        owner="root" if mode else None,
        group="root" if mode else None,
        mtime=mtime,
        target=target,
        sha256=hashlib.sha256(content).hexdigest() if state == "read" else None,
        content=content,
    )


# -- commands -----------------------------------------------------------------


def _command(probe: Probe, machine: Machine) -> Artifact:
    if not _exists(probe.exists, machine):
        read_itself = probe.source == probe.exists
        return Artifact(
            id=probe.name,
            probe=probe.name,
            kind="command",
            state="absent" if read_itself else "skipped",
            path=probe.source,
            argv=(probe.command,),
            why=None if read_itself else f"run only where {probe.exists} exists",
        )
    said = _COMMANDS[probe.name](machine).encode()
    return Artifact(
        id=probe.name,
        probe=probe.name,
        kind="command",
        state="read",
        path=probe.source,
        argv=(probe.command,),
        exit_status=0,
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
        if fnmatchcase(path, pattern)
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
