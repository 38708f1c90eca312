"""What several verbs make of their options."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from auditor.cli.exits import Failure
from auditor.model.inventory import Inventory
from auditor.parse.inventory import InventoryError, read_inventory
from auditor.parse.text import read_document
from auditor.remote.policy import Once, Policy


def load_inventory(options: argparse.Namespace) -> Inventory:
    """HOSTS with the connection options applied to hosts that say nothing themselves."""
    wanted: str = options.hosts
    if wanted == "-":
        content, source = sys.stdin.buffer.read(), "-"
    elif wanted.endswith(","):
        content, source = wanted.replace(",", "\n").encode(), "HOSTS"
    else:
        try:
            content, source = Path(wanted).read_bytes(), wanted
        except OSError as error:
            raise Failure(
                f"{wanted}: {error.strerror}; give a file with one host a line, or a list such as ld1,ld2,"
            ) from None
    try:
        inventory = read_inventory(read_document(content, source=source))
    except InventoryError as error:
        raise Failure("\n".join(error.problems)) from None
    jump = tuple(options.jump.split(",")) if options.jump else ()
    return replace(
        inventory,
        targets=tuple(
            replace(
                target,
                user=target.user or options.user,
                port=target.port or options.port,
                jump=target.jump or (jump if target.name not in jump else ()),
                sudo=target.sudo or options.sudo,
            )
            for target in inventory.targets
        ),
    )


def load_policy(options: argparse.Namespace) -> Policy:
    config = Path(options.ssh_config).expanduser()
    known = [Path(path).expanduser() for path in options.known_hosts or ()]
    return Policy(
        legacy=options.legacy_ssh == "auto",
        accept_new=options.host_key == "accept-new",
        known_hosts=tuple(known)
        or (Path("~/.ssh/known_hosts").expanduser(), Path("/etc/ssh/ssh_known_hosts")),
        identities=tuple(Path(path).expanduser() for path in options.identity),
        ssh_config=config if config.exists() else None,
        ask=_ask(options.ask_pass),
    )


def stamp() -> str:
    """The time in UTC as a folder's name."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def _ask(once_for_all: bool) -> Once | None:
    """A person is asked on a terminal only, and never through standard input, which may be HOSTS."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return None
    if not sys.stderr.isatty():
        return None
    if not once_for_all:
        return Once(getpass.getpass)
    password = getpass.getpass("SSH password of all hosts: ")
    return Once(lambda question: password if question.startswith("Password") else getpass.getpass(question))
