"""Everything that real sites and real programs wrote is understood, or the reason why not stands here.

KINDS says what each file is. LEFT holds what is not understood there: files, lines and the reason. A line that is left
without a reason fails the test, and so does a reason that nothing needs any more. ``pytest -s`` shows the shares.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

from auditor.parse import read
from auditor.parse.text import read_document

CORPUS = os.environ.get("LVSAUDIT_CORPUS")
pytestmark = pytest.mark.skipif(CORPUS is None, reason="LVSAUDIT_CORPUS is not set")

# Paths, from the most particular to the most general; the first that fits counts.
KINDS = {
    "corpus/authkeys/*": "authkeys",
    "corpus/ha.cf/*": "ha.cf",
    "corpus/haresources/*": "haresources",
    "corpus/ldirectord*/*.cf": "ldirectord",
    "corpus/hosts/*": "hosts",
    "corpus/ifcfg/*": "ifcfg",
    "corpus/sysconfig-network/*": "network",
    "corpus/sysctl/*.conf": "sysctl.conf",
    "corpus/sysctl/*.txt": "sysctl",
    "corpus/modprobe/*": "modprobe",
    "corpus/keepalived/*": "keepalived",
    "corpus/rpm/*": "packages",
    "corpus/ha-log/*": "log",
    "corpus/rc-order/*chkconfig*": "chkconfig",
    "corpus/rc-order/*": "listing",
    "corpus/netinfo/*ifconfig*": "ifconfig",
    "corpus/netinfo/*ip-route*": "ip-route",
    "corpus/netinfo/*-route-*": "route",
    "corpus/netinfo/*lsmod*": "modules",
    "corpus/netinfo/*ip-a*": "ip-addr",
    "corpus/ipvsadm/*-proc-ip_vs-*": "proc-ip-vs",
    "corpus/ipvsadm/*-proc-ip_vs_stats-*": "proc-ip-vs-stats",
    "corpus/ipvsadm/45-stats-fullnat.txt": "ipvsadm",
    "corpus/ipvsadm/*stats*": "ipvsadm-stats",
    "corpus/ipvsadm/*rate*": "ipvsadm-stats",
    "corpus/ipvsadm/*[Ll]nc-*": "ipvsadm-connections",
    "corpus/ipvsadm/*state-before-expire*": "ipvsadm-connections",
    "corpus/ipvsadm/*daemon*": "ipvsadm-daemon",
    "corpus/ipvsadm/*timeout*": "ipvsadm-timeout",
    "corpus/ipvsadm/*": "ipvsadm",
    "captures/*/etc_authkeys.txt": "authkeys",
    "captures/*/etc_ha.cf.txt": "ha.cf",
    "captures/*/etc_haresources.txt": "haresources",
    "captures/*ldirectord.cf*": "ldirectord",
    "captures/30-oracles/*.cf": "ldirectord",
    "captures/*/uname.txt": "uname",
    "captures/*/date.txt": "date",
    "captures/*/ip_addr.txt": "ip-addr",
    "captures/*/ip_route.txt": "ip-route",
    "captures/*/ifconfig.txt": "ifconfig",
    "captures/*/sysctl_net.txt": "sysctl",
    "captures/*/lsmod.txt": "modules",
    "captures/*/ps.txt": "ps",
    "captures/*/*_ls.txt": "listing",
    "captures/*/log_*.txt": "log",
    "captures/*ipvsadm_S*.txt": "ipvsadm-rules",
    "captures/*/ipvsadm_Ln_stats*.txt": "ipvsadm-stats",
    "captures/*/ipvsadm_Ln_rate*.txt": "ipvsadm-stats",
    "captures/*/after_35_requests.txt": "ipvsadm-stats",
    "captures/*/ipvsadm_Ln_persistent.txt": "ipvsadm-persistent",
    "captures/*/ipvsadm_Ln_thresholds.txt": "ipvsadm-thresholds",
    "captures/*/ipvsadm_Lnc*.txt": "ipvsadm-connections",
    "captures/*/ipvsadm_L_timeout.txt": "ipvsadm-timeout",
    "captures/*/ipvsadm_L_daemon.txt": "ipvsadm-daemon",
    "captures/*/ipvsadm_L*.txt": "ipvsadm",
    "captures/*/proc_ip_vs.txt": "proc-ip-vs",
    "captures/*/proc_ip_vs_conn*.txt": "proc-ip-vs-conn",
    "captures/*/proc_ip_vs_stats*.txt": "proc-ip-vs-stats",
    "captures/10-*/input.sh": "rc.local",
}
UNREAD = {
    "corpus/MANIFEST.tsv": "about the corpus",
    "corpus/*micro*.tsv": "verdicts of the real parsers",
    "corpus/ldirectord-micro/RESULTS.tsv": "verdicts of the real parsers",
    "captures/*/INDEX": "about the captures",
    "captures/*.json": "verdicts of the real parsers",
    "captures/*/cl_status_*": "cl_status: one word, and its own errors",
    "captures/*/ldirectord*status.*": "ldirectord status: one sentence of its own",
    "captures/*/ldirectord_debug_crash.txt": "a trace of Perl",
    "captures/*/ipvsadm_version.txt": "the version of ipvsadm: the package list tells it",
    "captures/*/proc_ip_vs_app.txt": "helpers for protocols of NAT, which direct routing has no use for",
    "captures/*neigh.txt": "neighbours: not collected, they are gone a minute later",
    "corpus/netinfo/08-arp-a.txt": "neighbours: not collected, they are gone a minute later",
    "captures/*/ss.txt": "sockets: /proc/net/tcp is collected, which hosts of 2004 have too",
    "captures/*/client*.txt": "what a client saw",
    "captures/2[01]-modern-*/*": "clusters of today: what a legacy cluster may become, not what it is",
    "captures/30-oracles/*.txt": "transcripts of other programs",
    "captures/*/*result*.txt": "transcripts of sessions",
    "captures/*/before.txt": "transcripts of sessions",
    "captures/16-*/*.txt": "transcripts of sessions",
    "captures/10-*/*.txt": "transcripts of sessions",
    "captures/11-*/*.txt": "transcripts of sessions",
    "captures/04-*/listen_127_vs_any.txt": "transcripts of sessions",
}
# fmt: off
LEFT = (
    # What people and their terminals added to an output.
    ("corpus/*", r"\s*(\S*@|\[[^\]]*\]|example-01:)\S*.*[#$>].*|# ipvsadm .*", "a prompt, and what was typed there"),
    ("corpus/rc-order/11-*", r" +chkconfig .*", "commands among what they printed"),
    ("corpus/rpm/03-*", r"COMMAND> .*", "a command among what it printed"),
    ("corpus/netinfo/11-*", r"ipvsadm, ip addr list.*", "prose below the listing"),
    ("corpus/ipvsadm/07-*", r"--- IPVS Services ---", "a banner of another program"),
    ("corpus/ipvsadm/26-*", r"172\.168\.2\.31 \| SUCCESS.*", "a banner of another program"),
    ("corpus/ipvsadm/40-*", r"# Timeout .*", "an output that somebody made a comment: outputs have none"),
    ("corpus/ifcfg/07-*", "~", "the end of a screen of vi"),
    ("corpus/sysctl/16-*", r"cat >>.*|EOF", "the command that makes the file, pasted with it"),
    ("corpus/ldirectord/48-*", r"\{%.*|    .*", "a template: ldirectord refuses, and no service is open below"),
    ("captures/01-*/after_35_requests.txt", r"IPVS conn.*|pro expire.*|TCP \d\d:.*", "another listing below the first"),
    # What nobody's program prints.
    ("corpus/ipvsadm/46-*", r".* [\d.]+K +[\d.]+K", "invented: ipvsadm cuts to whole numbers"),
    ("corpus/ipvsadm/47-*", r"pro state expire.*|TCP \w+ +\d\d:\d\d .*", "invented: the state stands behind the time"),
    ("corpus/ha-log/03-*", r"Heartbeat \[\d+\]:.*", "mangled by a translation engine"),
    ("corpus/ipvsadm/16-*", r"TCP .* dest-check .*|  -> .* FullNat .*", "words of another balancer (DPVS)"),
    # Messages among the values, as the program prints them.
    ("corpus/sysctl/*.txt", r"error: .*", "sysctl could not read a key, or does not know it"),
    ("corpus/rc-order/03-*", r"ls: cannot access .*", "ls did not find one of its folders"),
    ("corpus/rc-order/08-*", r" +Removing any system startup links .*", "update-rc.d tells what it does"),
    ("captures/13-*/log_ha-debug.txt", r"INFO:  Success", "a helper's line without a time"),
    # What the program refuses, or passes over, too.
    ("corpus/authkeys/19-*", r"// .*", "// begins no comment: heartbeat refuses the file"),
    ("corpus/ifcfg/05-*", r"value_with_\w+ ?[:=] .*", "no assignment: for the shell it is a command"),
    ("corpus/ifcfg/06-*", r"\w+ = .*", "blanks around the sign: for the shell it is a command"),
    ("corpus/modprobe/02-*", r"alias", "a verb without words: modprobe passes over it"),
    ("corpus/ldirectord/44-*", r"(  |\t)\w+ = .*", "no service is open here: an unknown command for ldirectord"),
    ("captures/30-*/15_space_indent_mixed.cf", r"(  |\t)\w+ = .*", "no service is open here: an unknown command"),
    ("corpus/ldirectord-micro/*", r"\t\w+=.*| {1,3}\S.*|\u3000.*", "no service is open here, or not indented enough"),
)
# fmt: on


def _files() -> list[Path]:
    root = Path(str(CORPUS))
    return sorted(
        path for folder in (root, root.parent / "captures") for path in folder.rglob("*") if path.is_file()
    )


def _name(path: Path) -> str:
    return path.relative_to(Path(str(CORPUS)).parent).as_posix()


def _kind(path: Path, kinds: dict[str, str]) -> str | None:
    return next((kind for pattern, kind in kinds.items() if fnmatch(_name(path), pattern)), None)


def test_every_file_is_of_a_kind() -> None:
    for path in _files():
        kind, reason = _kind(path, KINDS), _kind(path, UNREAD)
        assert kind or reason, f"{_name(path)}: of which kind?"
    for pattern in (*KINDS, *UNREAD):
        assert any(fnmatch(_name(path), pattern) for path in _files()), f"{pattern} fits no file"


def test_every_line_is_understood_or_left_for_a_reason() -> None:
    shares: dict[str, Counter[str]] = {}
    needed: set[int] = set()
    unexplained = []
    for path in _files():
        kind = _kind(path, KINDS)
        if kind is None:
            continue
        reading = read(kind, read_document(path.read_bytes(), source=path.name))
        share = shares.setdefault(kind, Counter())
        share.update(files=1, understood=len(reading.facts), left=len(reading.unparsed))
        for line in reading.unparsed:
            reasons = [
                index
                for index, (files, pattern, _) in enumerate(LEFT)
                if fnmatch(_name(path), files) and re.fullmatch(pattern, line.text, re.DOTALL)
            ]
            needed.update(reasons[:1])
            if not reasons:
                unexplained.append(f"{_name(path)}:{line.at.line}: {line.text[:90]!r}")
    _show(shares)
    assert not unexplained, "\n".join(unexplained)
    assert [reason for index, reason in enumerate(LEFT) if index not in needed] == []


def _show(shares: dict[str, Counter[str]]) -> None:
    print(f"\n{'format':22}{'files':>6}{'lines':>7}{'left':>6}  understood")
    for kind, share in sorted(shares.items()):
        lines = share["understood"] + share["left"]
        percent = 100 * share["understood"] / lines if lines else 100
        print(f"{kind:22}{share['files']:6}{lines:7}{share['left']:6}  {percent:9.2f} %")
