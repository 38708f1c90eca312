"""What a scan must not change on a node, and what it must not call."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from tests.lab.lab import Lab

# The tree in memory is all that a node can write to: its root and what lies over /usr. Not looked at: access
# times, and the records of logins, which a visit is known to leave.
_DIGEST = r"""
find / -xdev ! -path /var/log/messages ! -path '/var/log/*tmp' ! -path /var/log/lastlog ! -path /run/utmp \
  -printf 'file %p\t%y %m %u %g %s %T@ %C@ %l\n'
find / -xdev -type f ! -path /var/log/messages ! -path '/var/log/*tmp' ! -path /var/log/lastlog ! -path /run/utmp \
  -exec sha256sum {} + | sed 's/\([^ ]*\)  \(.*\)/content \2\t\1/'
sed 's/^\([^ ]*\) .*/module \1\tloaded/' /proc/modules
grep -rs . /proc/sys/net /proc/sys/kernel/hostname /proc/sys/kernel/modprobe | grep -v conntrack_count |
  sed 's/^\([^:]*\):/sysctl \1\t/'
{ ip addr; ip rule; ip route show table all; } | sed 's/^/network\t/'
[ ! -e /proc/net/ip_vs ] || { ipvsadm -Sn; ipvsadm -Ln --timeout; ipvsadm -Ln --daemon; } | sed 's/^/ipvs\t/'
sed 's/^/mount\t/' /proc/mounts
ps -eo pid,args | grep -vE 'kworker|ps -eo|bash -c|grep -vE|sed s/|\[sed\]' | sed 's/^/process\t/'
"""


def digest(lab: Lab, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lab.sh(name, _DIGEST).splitlines():
        what, _, value = line.partition("\t")
        found[what] = f"{found[what]}\n{value}" if what in found else value
    return found


# Calls that could change something; of opening, those that do not only read.
_CHANGING = (
    "creat mkdir mkdirat mknod mknodat unlink unlinkat rmdir rename renameat renameat2 link linkat symlink symlinkat"
    " chmod fchmod fchmodat chown fchown lchown fchownat truncate utime utimes utimensat setxattr fsetxattr removexattr"
    " mount umount2 init_module finit_module delete_module sethostname settimeofday reboot swapon"
)
# sshd's own: its log, its records of logins, and what it does for the process that becomes the shell.
_SSHD = re.compile(
    r"/dev/(null|log|tty|ptmx|pts)|/var/log/(wtmp|btmp|lastlog)|/run/(utmp|sshd)|/proc/self/(oom|loginuid)"
)


@contextlib.contextmanager
def traced(lab: Lab, name: str) -> Iterator[list[str]]:
    """In the end: the calls of all that sshd started during the block which open, start or change something."""
    calls: list[str] = []
    watch = f"open,openat,execve,{_CHANGING.replace(' ', ',')}"
    lab.sh(
        name,
        f"setsid strace -f -qq -o /tmp/calls -e trace={watch} -p $(pgrep -o -x sshd) </dev/null >/dev/null 2>&1 &"
        " sleep 1; pgrep -x strace",
    )
    yield calls
    lab.sh(name, "killall strace; while pgrep -x strace; do sleep 1; done >/dev/null")
    calls += lab.sh(name, "cat /tmp/calls; rm /tmp/calls").splitlines()


def writes(call: str) -> bool:
    """``call``: a line of strace's; signals, ends of processes and ends of calls that began above say nothing."""
    made = re.match(r"\d+ +(\w+)\(", call)
    if made is None or made[1] == "execve" or _SSHD.search(call):
        return False
    return (
        not made[1].startswith("open") or re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)", call) is not None
    )
