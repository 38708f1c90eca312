"""The command line. Verbs are loaded when they are called: ``--help`` needs none of them."""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import os
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn

from auditor import __version__
from auditor.cli import exits
from auditor.cli.streams import drop_output, open_all, say

_EPILOG = """\
lvsaudit scan hosts.txt     does the whole job
lvsaudit demo               shows it on a recorded cluster

exit status: 0 nothing found at or above --fail-on; 1 findings; 2 usage, nothing was contacted;
3 no such finding, but something could not be looked at; 4 refused for safety; 5 a bug; 130 interrupted
"""

FORMATS = ("console", "json", "html", "csv", "markdown", "junit", "sarif", "prometheus")

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def run() -> NoReturn:
    """The program. An interrupted one does not wait for visits to hosts that hang."""
    open_all()
    collect_seldom()
    status = main()
    if status == exits.INTERRUPTED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def collect_seldom() -> None:
    """Records form no rings: to look for some after every 700 new objects, as Python does, is time for nothing."""
    gc.set_threshold(200_000)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; the exit status. Data goes to standard output, everything else to standard error."""
    parser = _parser()
    options = parser.parse_args(argv)
    options.words = sys.argv[1:] if argv is None else list(argv)
    try:
        module, _, function = options.verb.partition(":")
        status: int = getattr(import_module(f"auditor.cli.{module}"), function)(options)
        sys.stdout.flush()
        return status
    except exits.Failure as failure:
        say(f"lvsaudit: {failure.message}")
        return failure.status
    except KeyboardInterrupt:
        say("lvsaudit: interrupted")
        return exits.INTERRUPTED
    except BrokenPipeError:
        drop_output()
        return int(options.status)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            return _bug(error)
        drop_output()
        say(f"lvsaudit: {error.filename or 'the output'}: {error.strerror}; make room and try again")
        return int(options.status) or exits.INCOMPLETE
    except Exception as error:
        return _bug(error)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(exits.USAGE, f"lvsaudit: {message}{self._nearest(message)}\n")

    def _nearest(self, message: str) -> str:
        """The option or verb that a wrong one comes closest to."""
        wrong = re.search(r"unrecognized arguments: (\S+)|invalid choice: '([^']*)'", message)
        if wrong is None:
            return ""
        known = [option for action in self._actions for option in action.option_strings]
        for action in self._actions:
            known += list(action.choices or ())
            for parser in (action.choices or {}).values() if isinstance(action.choices, dict) else ():
                known += [option for one in parser._actions for option in one.option_strings]
        near = get_close_matches((wrong[1] or wrong[2]).split("=")[0], known, 1, 0.6)
        return f"; did you mean {near[0]}?" if near else ""


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="lvsaudit",
        description="Read-only audit of heartbeat, ldirectord and LVS direct-routing clusters over SSH.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"lvsaudit {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    def verb(name: str, function: str, help: str, status: int = exits.OK) -> argparse.ArgumentParser:
        """``status``: what the shell sees when the reader of the output leaves before the verb knows better."""
        sub = verbs.add_parser(name, help=help, description=help, allow_abbrev=False)
        sub.set_defaults(verb=function, status=status)
        return sub

    scan = verb("scan", "scan:scan", "collect, check and report: the main job", exits.INCOMPLETE)
    scan.add_argument(
        "hosts", metavar="HOSTS", help="a file, - for standard input, or a list ending in a comma"
    )
    scan.add_argument("-o", "--output", metavar="DIR", help="where to write (default ./lvsaudit-TIME)")
    scan.add_argument("--resume", action="store_true", help="go on with the interrupted run in DIR")
    _add_connection(scan)
    _add_verdict(scan)

    collect = verb("collect", "scan:collect", "read-only collection, no verdict", exits.INCOMPLETE)
    collect.add_argument(
        "hosts", metavar="HOSTS", help="a file, - for standard input, or a list ending in a comma"
    )
    collect.add_argument(
        "-o", "--output", metavar="SNAPSHOT", required=True, help="the snapshot folder to write"
    )
    collect.add_argument("--resume", action="store_true", help="go on with the interrupted run in SNAPSHOT")
    _add_connection(collect)

    check = verb("check", "scan:check", "the same verdict offline, from a snapshot", exits.INCOMPLETE)
    check.add_argument("snapshot", metavar="SNAPSHOT")
    check.add_argument("-o", "--output", metavar="DIR", help="also write report.json and report.html there")
    _add_verdict(check)

    report = verb("report", "report:report", "show a stored run again", exits.INCOMPLETE)
    report.add_argument("report", metavar="REPORT.json")
    report.add_argument("-f", "--format", choices=FORMATS, default="console")
    _add_rules(report)
    _add_language(report)

    inventory = verb(
        "inventory", "inventory:inventory", "what stands there before a migration", exits.INCOMPLETE
    )
    inventory.add_argument("snapshot", metavar="SNAPSHOT")
    inventory.add_argument("-f", "--format", choices=("table", "json", "csv"), default="table")
    _add_language(inventory)

    diff = verb("diff", "diff:diff", "two snapshots or two reports side by side", exits.INCOMPLETE)
    diff.add_argument("old", metavar="OLD", help="a snapshot, a report.json, or the folder of a scan")
    diff.add_argument("new", metavar="NEW")
    diff.add_argument("-f", "--format", choices=("text", "json"), default="text")
    _add_rules(diff)
    _add_language(diff)

    rules = verb("rules", "rules:list_rules", "the catalogue of rules")
    rules.add_argument("action", nargs="?", choices=("list",), default="list")
    rules.add_argument("-f", "--format", choices=("table", "json"), default="table")
    _add_rules(rules)
    _add_language(rules)

    explain = verb(
        "explain", "rules:explain", "one rule: what, why, how it is judged, false alarms, fix, source"
    )
    explain.add_argument("rule", metavar="RULE")
    _add_rules(explain)
    _add_language(explain)

    hosts = verb("hosts", "hosts:hosts", "HOSTS as understood; nothing is contacted")
    hosts.add_argument("hosts", metavar="HOSTS")
    hosts.add_argument("-f", "--format", choices=("table", "json"), default="table")
    _add_connection(hosts)

    commands = verb("commands", "hosts:commands", "everything that can ever run on a host")
    commands.add_argument("--sudoers", action="store_true", help="what an account that is not root needs")

    read = verb(
        "read", "read:read", "one file on its own: what the daemon would make of it", exits.INCOMPLETE
    )
    read.add_argument("file", metavar="FILE", help="a file, or - for standard input")
    read.add_argument("--format", dest="reader", metavar="FORMAT", help="when the file's name does not tell")
    read.add_argument("--release", choices=("2004", "2009", "4.12"), default="4.12", help="of ldirectord")
    read.add_argument("-f", "--output-format", dest="format", choices=("text", "json"), default="text")
    _add_language(read)

    migrate = verb(
        "migrate", "migrate:migrate", "the files of a modern cluster, and a ledger", exits.INCOMPLETE
    )
    migrate.add_argument("snapshot", metavar="SNAPSHOT")
    migrate.add_argument("--to", required=True, choices=("debian-12", "el9"), help="the target system")
    migrate.add_argument(
        "--ha", choices=("pacemaker", "none"), default="pacemaker", help="the cluster manager"
    )
    migrate.add_argument(
        "--cluster", metavar="NAME", help="one of several; without it each gets a folder of its own"
    )
    migrate.add_argument("-o", "--output", metavar="DIR", required=True, help="an empty or new folder")
    _add_language(migrate)

    demo = verb(
        "demo",
        "demo:demo",
        "scan a recorded runbook cluster over real SSH on loopback; needs no root",
        exits.INCOMPLETE,
    )
    demo.add_argument("-o", "--output", metavar="DIR", help="where to write (default ./lvsaudit-TIME)")
    _add_verdict(demo)
    return parser


def _add_connection(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("connection", "for hosts about which HOSTS says nothing else")
    group.add_argument("--user")
    group.add_argument("--port")
    group.add_argument(
        "--identity", action="append", metavar="FILE", default=[], help="a private key; may repeat"
    )
    group.add_argument("--jump", metavar="[USER@]HOST[:PORT]", help="bastions, with commas between them")
    group.add_argument("--ssh-config", metavar="FILE", help="default ~/.ssh/config")
    group.add_argument("--known-hosts", metavar="FILE", action="append", help="default ~/.ssh/known_hosts")
    group.add_argument("--host-key", choices=("strict", "accept-new"), default="strict")
    group.add_argument(
        "--legacy-ssh",
        choices=("auto", "never"),
        default="auto",
        help="SHA-1 towards hosts with nothing better",
    )
    group.add_argument("--sudo", action="store_true", help="read as root through sudo")
    group.add_argument("--ask-pass", action="store_true", help="ask once for the password of all hosts")
    group.add_argument("--forks", type=_count, default=32, metavar="N", help="hosts at a time (default 32)")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text[:9]) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text[:9])


def _add_verdict(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("verdict")
    group.add_argument(
        "--fail-on",
        choices=("critical", "high", "medium", "low", "info"),
        default="high",
        help="the least severity that makes the exit status 1 (default high)",
    )
    for option, what in (("--select", "judge by these rules alone"), ("--ignore", "leave these rules out")):
        group.add_argument(
            option, action="append", metavar="RULE,AREA.*", default=[], help=f"{what}; may repeat"
        )
    group.add_argument(
        "--waivers", metavar="FILE", help="default waivers.toml beside HOSTS or SNAPSHOT, if there is one"
    )
    group.add_argument(
        "--baseline", metavar="REPORT.json", help="compare with it; only failures that are new give status 1"
    )
    _add_rules(group)
    _add_language(parser)


def _add_rules(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--rules",
        action="append",
        metavar="DIR",
        default=[],
        help="rules of your own beside ours; may repeat",
    )


def _add_language(parser: argparse.ArgumentParser) -> None:
    language = "zh" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh") else "en"
    parser.add_argument("--lang", choices=("en", "zh"), default=language)


def _bug(error: Exception) -> int:
    """The places of the fault go to a file of our own; its words may quote a host and stay out."""
    import tempfile
    import traceback

    frames = (
        f"{frame.filename}:{frame.lineno} in {frame.name}\n"
        for frame in traceback.extract_tb(error.__traceback__)
    )
    text = f"lvsaudit {__version__}, Python {sys.version}\n{''.join(frames)}{type(error).__name__}\n"
    place = "(no place to write it)"
    with contextlib.suppress(OSError):
        handle, place = tempfile.mkstemp(prefix="lvsaudit-", suffix=".log")
        with os.fdopen(handle, "w") as log:
            log.write(text)
    say(f"lvsaudit: a bug ({type(error).__name__}); please report it with {place}")
    return exits.BUG
