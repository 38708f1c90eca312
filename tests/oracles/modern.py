"""The programs of a current Debian as judges of the files that a migration writes.

They are unpacked, not installed, and laid over /usr in a mount namespace of their own, with a network and a
host name of their own: nothing of the machine changes.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import require
from tests.oracles import UNPACKED

_LAY_OVER = """\
set -e
over() { [ ! -d "$1" ] || mount -t overlay -o "lowerdir=$1:$2" overlay "$2"; }
over {root}/usr /usr
over {root}/sbin /usr/sbin
over {root}/bin /usr/bin
over {root}/lib /usr/lib
mount -t tmpfs tmpfs /var/lib
mkdir -p /var/lib/corosync /var/lib/pacemaker/cores
set +e
"""


def under(script: str, *, network: bool = True) -> list[str]:
    """The command that runs lines of shell with the unpacked programs at hand; ``network``: one of its own."""
    if os.geteuid() != 0 or not (UNPACKED / "usr/sbin/corosync").exists():
        require("the programs of the target are not unpacked (make test does it), or we are not root")
    prelude = _LAY_OVER.replace("{root}", str(UNPACKED))
    own = ["-n", "-u"] if network else []
    return ["unshare", "-m", *own, "sh", "-c", prelude + script]


def judged(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What lines of shell in ``folder`` said and how they ended."""
    return subprocess.run(
        under("ip link set lo up\n" + script),
        cwd=folder,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def laid_out(files: Mapping[str, str], folder: Path) -> Path:
    """The files below a folder."""
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder
