"""Where a host is reached: HOSTS before the ssh config, and the config as ssh itself reads it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.parse.inventory import read_inventory
from auditor.parse.text import read_document
from auditor.remote.endpoint import Endpoint, resolve
from auditor.remote.policy import Policy, RemoteError

CONFIG = """\
Include {included}
Host ld1 ld2
  HostName %h.lvs.example.com
  Port 2222
Host ld*
  User balance
Host !ld3 rs*
  ProxyJump door
Match originalhost web1 user root
  Port 2200
Match exec "touch {trace}"
  User executed
Host *
  User audit
  Port 22
"""
INCLUDED = "Host door\n  HostName=192.0.2.7\n  User jumper\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    included, path = tmp_path / "included", tmp_path / "config"
    included.write_text(INCLUDED)
    path.write_text(CONFIG.format(included=included, trace=tmp_path / "trace"))
    return path


def reach(hosts: str, config: Path | None) -> Endpoint:
    inventory = read_inventory(read_document(hosts.encode(), source="hosts"))
    return resolve(inventory.targets[0], inventory, Policy(known_hosts=(), ssh_config=config))


@pytest.mark.parametrize("alias", ["ld1", "ld2", "ld3", "rs1", "door", "web1", "elsewhere"])
def test_the_config_is_read_as_ssh_reads_it(
    alias: str, config: Path, require_tool: Callable[[str], str]
) -> None:
    # The command of Match exec is for ssh alone; without it both have the same to go by.
    config.write_text(
        "".join(line for line in config.read_text().splitlines(keepends=True) if "exec" not in line)
    )
    said = subprocess.run(
        [require_tool("ssh"), "-G", "-F", config, alias], capture_output=True, text=True, check=True
    )
    theirs = dict(line.split(" ", 1) for line in said.stdout.splitlines() if " " in line)
    ours = reach(alias, config)
    assert (ours.host, str(ours.port), ours.user) == (theirs["hostname"], theirs["port"], theirs["user"])
    assert (ours.via.name if ours.via else None) == theirs.get("proxyjump")


def test_what_hosts_says_wins(config: Path) -> None:
    one = reach("ld1 addr=10.0.0.1 port=22 user=root", config)
    assert (one.host, one.port, one.user) == ("10.0.0.1", 22, "root")


def test_a_command_of_the_config_is_never_run(config: Path) -> None:
    assert reach("elsewhere", config).user == "audit"
    assert not (config.parent / "trace").exists()


def test_hops_are_hosts_aliases_or_places(config: Path) -> None:
    assert str(reach("ld9 jump=door", config).via) == "jumper@door (192.0.2.7)"
    one = reach("ld9 jump=a,root@[::1]:2200\na addr=10.0.0.9\n", config)
    assert one.via is not None
    assert (one.via.host, one.via.port, one.via.user) == ("::1", 2200, "root")
    assert one.via.via is not None
    assert one.via.via.host == "10.0.0.9"


def test_a_circle_is_told() -> None:
    with pytest.raises(RemoteError) as caught:
        reach("a jump=b\nb jump=a\n", None)
    assert caught.value.code == "jump_failed"
