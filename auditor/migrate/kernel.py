"""Kernel parameters and modules: sysctl.d and modules-load.d."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.derive.evidence import known
from auditor.migrate.design import Design, NewHost
from auditor.migrate.tell import Told, changed, decide, kept, lost
from auditor.model.facts import ModuleLine, ScriptCommand, Sysctl

SYSCTL = "etc/sysctl.d/90-lvs.conf"
MODULES = "etc/modules-load.d/lvs.conf"

_OLD_CONNTRACK = re.compile(r"net\.ipv4\.(?:netfilter\.)?ip_conntrack_(.+)")
_GUARD = re.compile(r"net\.ipv4\.conf\.(?P<scope>[^.]+)\.(?P<name>arp_ignore|arp_announce)")
_GUARD_SLASHED = re.compile(r"net/ipv4/conf/(?P<scope>[^/]+)/(?P<name>arp_ignore|arp_announce)")

# Keys of the legacy kernels that a current one still has with the same meaning.
_STILL = re.compile(
    r"""net\.ipv4\.(?:
          ip_forward|ip_nonlocal_bind|ip_local_port_range|ip_default_ttl|ip_no_pmtu_disc
        | icmp_[a-z_]+ | igmp_max_memberships
        | tcp_(?:syncookies|fin_timeout|keepalive_time|keepalive_intvl|keepalive_probes|max_syn_backlog
              |max_tw_buckets|max_orphans|mem|rmem|wmem|window_scaling|timestamps|sack|tw_reuse
              |syn_retries|synack_retries|retries1|retries2|orphan_retries|abort_on_overflow|ecn
              |moderate_rcvbuf|no_metrics_save|slow_start_after_idle|congestion_control|mtu_probing)
        | conf\.[a-z0-9]+\.(?:arp_filter|rp_filter|accept_redirects|send_redirects|secure_redirects
              |accept_source_route|log_martians|forwarding|proxy_arp|accept_local|arp_notify)
        | neigh\.default\.gc_(?:thresh[123]|interval|stale_time)
        | route\.flush
        | vs\.(?:am_droprate|amemthresh|backup_only|cache_bypass|conn_reuse_mode|conntrack|drop_entry
              |drop_packet|expire_nodest_conn|expire_quiescent_template|nat_icmp_send|secure_tcp|sloppy_tcp
              |snat_reroute|sync_period|sync_ports|sync_qlen_max|sync_refresh_period|sync_retries
              |sync_sock_size|sync_threshold|sync_version|schedule_icmp|ignore_tunneled)
      )
      | net\.ipv6\.conf\.[a-z0-9]+\.(?:disable_ipv6|forwarding|accept_ra|accept_redirects|autoconf|accept_dad)
      | net\.core\.(?:somaxconn|netdev_max_backlog|rmem_max|wmem_max|rmem_default|wmem_default|optmem_max)
      | net\.netfilter\.nf_conntrack_(?:max|tcp_timeout_[a-z_]+|udp_timeout|udp_timeout_stream|generic_timeout
              |icmp_timeout|tcp_be_liberal|tcp_loose|tcp_max_retrans|log_invalid|acct)
      | net\.nf_conntrack_max
      | kernel\.(?:sysrq|core_uses_pid|panic|panic_on_oops|msgmnb|msgmax|msgmni|shmmax|shmall|shmmni|sem
              |pid_max|threads-max|printk|randomize_va_space|hung_task_timeout_secs)
      | vm\.(?:swappiness|overcommit_memory|overcommit_ratio|dirty_ratio|dirty_background_ratio
              |min_free_kbytes|vfs_cache_pressure|max_map_count|panic_on_oom)
      | fs\.(?:file-max|aio-max-nr|inotify\.max_user_watches|suid_dumpable)
    """,
    re.VERBOSE,
)


def new_sysctls(host: NewHost) -> dict[str, tuple[str, Sysctl | ScriptCommand | None]]:
    """New key to value and to the assignment that counts at boot: sysctl files in their order, rc.local last.

    A guard that runs and that no file gives is written too, from what runs.
    """
    found: dict[str, tuple[str, Sysctl | ScriptCommand | None]] = {}
    for assignment in assignments(host):
        key, value = new_key(assignment), new_value(assignment)
        if key is not None and value is not None:
            old = found.pop(key, None)
            found[key] = _stronger(old, value, assignment) if _guard(assignment) else (value, assignment)
    for name in ("arp_ignore", "arp_announce") if host.lo_vips else ():
        key = f"net.ipv4.conf.all.{name}"
        running = running_guard(host, name)
        if key not in found and running is not None:
            found[key] = (str(running), None)
    return found


def missing_guards(host: NewHost) -> list[str]:
    """What lvs-vip-lo.service will look for in vain."""
    if not any(":" not in address for address in host.lo_vips):
        return []
    wanted = {"arp_ignore": {"1", "2"}, "arp_announce": {"2"}}
    given = {key: value for key, (value, _) in new_sysctls(host).items()}
    return [name for name, good in wanted.items() if given.get(f"net.ipv4.conf.all.{name}") not in good]


def running_guard(host: NewHost, name: str) -> int | None:
    """The value in force on all interfaces now, where it makes the host silent."""
    sysctls = known(host.evidence.sysctls)
    one = sysctls.get(f"net.ipv4.conf.all.{name}") if sysctls is not None else None
    wanted = {1, 2} if name == "arp_ignore" else {2}
    return one.number if one is not None and one.number in wanted else None


def assignments(host: NewHost) -> list[Sysctl | ScriptCommand]:
    script = known(host.evidence.rc_local)
    commands = script.commands if script is not None else ()
    return [
        *(known(host.evidence.sysctl_files) or ()),
        *(command for command in commands if command.kind == "sysctl" and not command.where),
    ]


def _stronger(
    old: tuple[str, Sysctl | ScriptCommand | None] | None, value: str, by: Sysctl | ScriptCommand
) -> tuple[str, Sysctl | ScriptCommand | None]:
    """The kernel takes the greater of ``all`` and the interface's own."""
    if old is not None and int(old[0]) > int(value):
        return old
    return value, by


def _guard(assignment: Sysctl | ScriptCommand) -> re.Match[str] | None:
    key = assignment.key or ""
    return _GUARD.fullmatch(key) or _GUARD_SLASHED.fullmatch(key)


def new_key(assignment: Sysctl | ScriptCommand) -> str | None:
    """What a current kernel calls it; None where it has no such parameter, or where nobody here knows."""
    key = assignment.key or ""
    guard = _guard(assignment)
    if guard is not None:
        return None if guard["scope"] in {"lo", "default"} else f"net.ipv4.conf.all.{guard['name']}"
    old = _OLD_CONNTRACK.fullmatch(key)
    if old is not None:
        key = f"net.netfilter.nf_conntrack_{old[1]}"
    if key.endswith(".conf.lo.rp_filter"):
        return None
    return key if _STILL.fullmatch(key) else None


def new_value(assignment: Sysctl | ScriptCommand) -> str | None:
    """The numbers and words that the kernel takes."""
    value = (assignment.value or "").split("#")[0].strip()
    if _guard(assignment) is not None:
        leading = re.match(r"[0-9]", value)
        return leading[0] if leading else None
    return " ".join(value.split()) if re.fullmatch(r"[A-Za-z0-9_. \t-]{1,80}", value) else None


def write_sysctl(design: Design, host: NewHost) -> str | None:
    lines = [f"{key} = {value}" for key, (value, _) in new_sysctls(host).items()]
    if design.serves(host) and needs_forwarding(design) and "net.ipv4.ip_forward" not in new_sysctls(host):
        lines.append("net.ipv4.ip_forward = 1")
    return "\n".join(lines) + "\n" if lines else None


def needs_forwarding(design: Design) -> bool:
    virtuals = design.cf.virtuals if design.cf is not None else ()
    return any(real.forwarding == "masq" for virtual in virtuals for real in virtual.reals)


def schedulers(design: Design) -> list[str]:
    virtuals = design.cf.virtuals if design.cf is not None else ()
    return sorted(
        {virtual.scheduler for virtual in virtuals if re.fullmatch(r"[a-z]{1,8}", virtual.scheduler)}
    )


def new_modules(design: Design, host: NewHost) -> dict[str, str]:
    """Module to the key of why it is wanted."""
    wanted: dict[str, str] = {}
    if design.serves(host):
        wanted["ip_vs"] = "module-ipvs"
        wanted |= {f"ip_vs_{scheduler}": "module-scheduler" for scheduler in schedulers(design)}
        virtuals = design.cf.virtuals if design.cf is not None else ()
        if any(virtual.service == "ftp" for virtual in virtuals):
            wanted["ip_vs_ftp"] = "module-ftp"
        if any(real.forwarding == "ipip" for virtual in virtuals for real in virtual.reals):
            wanted["ipip"] = "module-ipip"
        if design.watchdog and design.pacemaker:
            wanted["softdog"] = "module-watchdog"
    if host.tunnel:
        wanted["ipip"] = "module-ipip"
    if any(key.startswith("net.netfilter.") for key in new_sysctls(host)):
        wanted["nf_conntrack"] = "module-conntrack"
    script = known(host.evidence.rc_local)
    for command in script.commands if script is not None else ():
        name = module_of(command) if command.kind == "module" else None
        if name is not None and (name in wanted or name.startswith(("ip_vs", "softdog", "ipip", "dummy"))):
            wanted.setdefault(name, "module-script")
    return wanted


def module_of(command: ScriptCommand) -> str | None:
    names = [
        word
        for word in command.words
        if re.fullmatch(r"[a-z][a-z0-9_-]{1,40}", word) and word not in {"modprobe", "insmod"}
    ]
    return names[-1].replace("-", "_") if names else None


def write_modules(design: Design, host: NewHost) -> str | None:
    names = new_modules(design, host)
    return "\n".join(names) + "\n" if names else None


def tell_sysctl(host: NewHost, fact: object) -> Iterator[Told]:
    """An assignment of a sysctl file, or a command of rc.local that makes one."""
    if isinstance(fact, Sysctl):
        yield _tell(host, fact, f"{fact.key} = {fact.value}")
    elif isinstance(fact, ScriptCommand):
        yield _tell(host, fact, fact.text)


def _tell(host: NewHost, fact: Sysctl | ScriptCommand, text: str) -> Told:
    new = new_sysctls(host)
    key, value = new_key(fact), new_value(fact)
    if fact.at.source.startswith("/usr/lib/"):
        return lost(text, "old-distribution")
    guard = _guard(fact)
    if guard is not None and guard["scope"] in {"lo", "default"}:
        return lost(text, "guard-elsewhere")
    if (fact.key or "").endswith(".conf.lo.rp_filter"):
        return lost(text, "lo-rp-filter")
    if key is None:
        return decide(text, "sysctl-unknown")
    if value is None:
        return decide(text, "value-refused")
    if key not in new:
        return decide(text, "file-unclear")
    written, by = new[key]
    line = f"{key} = {written}"
    if by is not fact and written != value:
        return lost(text, "overridden-sysctl", line=line)
    if key != fact.key:
        reason = "guard-all" if guard is not None else "conntrack-renamed"
        return changed(text, SYSCTL, line, reason)
    return (
        kept(text, SYSCTL, line) if isinstance(fact, Sysctl) else changed(text, SYSCTL, line, "sysctl-file")
    )


def tell_modprobe(design: Design, host: NewHost, fact: object) -> Iterator[Told]:
    if not isinstance(fact, ModuleLine):
        return
    text = " ".join((fact.verb, *fact.words))
    name = fact.words[0] if fact.words else ""
    if fact.verb == "alias" and name == "watchdog" and "softdog" in new_modules(design, host):
        yield changed(text, MODULES, "softdog", "module-watchdog")
    elif fact.verb == "alias" and name == "net-pf-10" and fact.words[-1:] == ("off",):
        yield decide(text, "ipv6-switch")
    elif fact.verb == "alias" and re.match(
        r"eth|scsi_hostadapter|usb-controller|snd-card|sound|char-major|block-major", name
    ):
        yield lost(text, "driver-alias")
    elif fact.at.source.startswith("/etc/modprobe.d/") and re.search(
        r"/(?:modprobe\.conf\.dist|blacklist|dist|openfwwf|anaconda)", fact.at.source
    ):
        yield lost(text, "old-distribution")
    else:
        yield decide(text, "module-option")
