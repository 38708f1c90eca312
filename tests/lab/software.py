"""Debian's cluster software, unpacked beside this machine's own; nothing of it is installed here."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.lab.say import say

PACKAGES = (
    *("heartbeat", "ldirectord", "ipvsadm", "libnet-inet6glue-perl"),
    *("sysvinit-core", "kmod", "psmisc", "net-tools", "iputils-arping", "inetutils-ping", "strace"),
)
# Since Debian has /usr merged, what packages put elsewhere would hide the links that lead there.
MERGED = ("bin", "sbin", "lib", "lib64")


def software() -> Path:
    """A folder with usr and etc of all PACKAGES and of what they need that this machine lacks; kept."""
    wanted = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:12]
    place = Path(".cache/lab").resolve() / wanted
    if not place.exists():
        say("downloading and unpacking Debian's cluster software, once")
        draft = place.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        _unpack(_download(draft / "debs"), draft)
        draft.rename(place)
    return place


def version(place: Path, package: str) -> tuple[str, str]:
    """Version and release of a package as rpm would tell them, without Debian's epoch."""
    (deb,) = (place / "debs").glob(f"{package}_*.deb")
    text = deb.name.split("_")[1].rpartition("%3a")[2]
    number, _, release = text.rpartition("-")
    return number, release


def _download(folder: Path) -> list[Path]:
    (folder / "partial").mkdir(parents=True)
    fetch = [
        *("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "--download-only"),
        *("--reinstall", "-o", f"Dir::Cache::archives={folder}", *PACKAGES),
    ]
    if subprocess.run(fetch, capture_output=True, check=False).returncode:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(fetch, check=True, stdout=subprocess.DEVNULL)
    return sorted(folder.glob("*.deb"))


def _unpack(debs: list[Path], folder: Path) -> None:
    for deb in debs:
        subprocess.run(["dpkg-deb", "--extract", deb, folder], check=True)
    for name in MERGED:
        if (folder / name).is_dir():
            shutil.copytree(folder / name, folder / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(folder / name)
