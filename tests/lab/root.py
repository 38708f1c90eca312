"""What a new host starts from: Debian 12 as its installer leaves it, on a disk; made once of Debian's packages."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.lab.cluster import GUEST
from tests.lab.say import say

# Beside what is essential: what the installer puts on every server, and what the lab's services and questions need.
INSTALLED = (
    *("systemd-sysv", "dbus", "udev", "openssh-server", "ifupdown", "iproute2", "procps", "kmod", "netbase"),
    *("iputils-ping", "busybox", "curl"),
)
_UNREAD = tuple(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "locale", "man"))


def disk(install: str) -> Path:
    """The image of a host on which root has done ``install`` as well, which may download packages; kept."""
    boot = GUEST / "install"
    wanted = hashlib.sha256("\n".join((*INSTALLED, install, boot.read_text())).encode()).hexdigest()[:12]
    place = Path(".cache/lab").resolve() / f"{wanted}.ext4"
    if not place.exists():
        say(f"installing Debian 12, once: {install or 'nothing else'}")
        place.parent.mkdir(parents=True, exist_ok=True)
        folder, draft = place.with_suffix(".root"), place.with_suffix(".draft")
        shutil.rmtree(folder, ignore_errors=True)
        _install(folder, install, boot)
        with draft.open("wb") as file:
            file.truncate(2**30)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-d", folder, draft], check=True)
        shutil.rmtree(folder)
        draft.rename(place)
    return place


def _install(folder: Path, install: str, boot: Path) -> None:
    bootstrap = [
        *("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(INSTALLED)}"),
        *("--aptopt=APT::Install-Recommends false", "--aptopt=APT::Get::Assume-Yes true"),
        *("--dpkgopt=force-unsafe-io", *_UNREAD),
        f"--customize-hook=chroot \"$1\" sh -ec '{install}'",
        f'--customize-hook=cp {boot} "$1/sbin/install"',
        *("bookworm", str(folder)),
    ]
    subprocess.run(bootstrap, check=True, stdin=subprocess.DEVNULL)
