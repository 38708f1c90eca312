"""What several verbs make of their options."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auditor.cli.exits import Failure
from auditor.model.inventory import Inventory
from auditor.parse.inventory import InventoryError, read_inventory, read_value
from auditor.parse.text import read_document
from auditor.remote.policy import Once, Policy


def load_inventory(options: argparse.Namespace) -> Inventory:
    """HOSTS with the connection options applied to hosts that say nothing themselves."""
    wanted: str = options.hosts
    if wanted == "-":
        content, source = sys.stdin.buffer.read(), "standard input"
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
    user, port, jump = (_given(options, key) for key in ("user", "port", "jump"))
    return replace(
        inventory,
        targets=tuple(
            replace(
                target,
                user=target.user or user,
                port=target.port or port,
                jump=target.jump or (jump if jump and target.name not in jump else ()),
                sudo=target.sudo or options.sudo,
            )
            for target in inventory.targets
        ),
    )


def load_policy(options: argparse.Namespace, *, ask: bool = True) -> Policy:
    """``ask``: a person may be asked for passwords, should there be one."""
    accept_new = options.host_key == "accept-new"
    config = (
        _file("--ssh-config", options.ssh_config)
        if options.ssh_config
        else Path("~/.ssh/config").expanduser()
    )
    known = [_file("--known-hosts", path, new=accept_new) for path in options.known_hosts or ()]
    return Policy(
        legacy=options.legacy_ssh == "auto",
        accept_new=accept_new,
        known_hosts=tuple(known)
        or (Path("~/.ssh/known_hosts").expanduser(), Path("/etc/ssh/ssh_known_hosts")),
        identities=tuple(_file("--identity", path) for path in options.identity),
        ssh_config=config if config.exists() else None,
        ask=_ask(options.ask_pass) if ask else None,
    )


def stamp() -> str:
    """The time in UTC as a folder's name."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def _given(options: argparse.Namespace, key: str) -> Any:
    text = getattr(options, key)
    try:
        return None if text is None else read_value(key, text)
    except ValueError as error:
        raise Failure(f"--{key}: {error}") from None


def _file(option: str, name: str, *, new: bool = False) -> Path:
    """What an option names must be there, unless it is made anew: a typo is told before anybody is contacted."""
    path = Path(name).expanduser()
    try:
        path.open("rb").close()
    except OSError as error:
        if not (new and isinstance(error, FileNotFoundError)):
            raise Failure(f"{option} {name}: {error.strerror}; name a file that can be read") from None
    return path


def _ask(once_for_all: bool) -> Once | None:
    """A person is asked on a terminal only, and never through standard input, which may be HOSTS."""
    if not _is_terminal_there():
        if once_for_all:
            raise Failure("--ask-pass: there is no terminal to ask on; use a key or ssh-agent")
        return None
    if not once_for_all:
        return Once(getpass.getpass)
    password = getpass.getpass("SSH password of all hosts: ")
    return Once(lambda question: password if question.startswith("Password") else getpass.getpass(question))


def _is_terminal_there() -> bool:
    with suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
        return sys.stderr.isatty()
    return False
