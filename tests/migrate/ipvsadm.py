"""Stands in for ipvsadm and the kernel's table, which the kernel of a test machine need not have.

Keeps the table in the file that LVS_TABLE names, refuses what the kernel refuses, and prints ``-Sn`` and ``-Ln``
as ipvsadm 1.31 does. Each change is written to the log beside it.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from pathlib import Path
from typing import Any

FLAGS = {"-g": "Route", "-i": "Tunnel", "-m": "Masq"}
WITH_VALUE = {"-s", "-p", "-M", "-r", "-w", "-x", "-y", "-b", "-t", "-u", "-f"}


def main(words: list[str]) -> int:
    path = Path(os.environ["LVS_TABLE"])
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        table: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        fault = act(table, words)
        if fault is not None:
            print(fault, file=sys.stderr)
            return 255
        path.write_text(json.dumps(table))
        if words[0] in {"-A", "-E", "-D", "-a", "-e", "-d", "-C"}:
            with path.with_suffix(".log").open("a") as log:
                log.write(" ".join(words) + "\n")
    return 0


def act(table: dict[str, Any], words: list[str]) -> str | None:
    verb, given = words[0], options(words[1:])
    if verb in {"-S", "-Sn", "-L", "-Ln"}:
        print((rules if "S" in verb else listing)(table), end="")
        return None
    if verb == "-C":
        table.clear()
        return None
    key = next(f"{flag} {given[flag]}" for flag in ("-t", "-u", "-f") if flag in given)
    key += " -6" if "-6" in given else ""
    if verb == "-A" and key in table:
        return "Service already exists"
    if verb != "-A" and key not in table:
        return "No such service"
    if verb in {"-A", "-E"}:
        extra = " ".join(f"{flag} {given[flag]}" for flag in ("-p", "-M", "-b") if flag in given)
        extra += " -o" if "-o" in given else ""
        reals = table[key]["reals"] if verb == "-E" else {}
        table[key] = {"scheduler": given.get("-s", "wlc"), "extra": extra.strip(), "reals": reals}
    elif verb == "-D":
        del table[key]
    else:
        return destination(table[key]["reals"], verb, key, given)
    return None


def destination(reals: dict[str, Any], verb: str, key: str, given: dict[str, str]) -> str | None:
    real, forward = given["-r"], next((flag for flag in FLAGS if flag in given), "-g")
    if verb != "-d" and not key.startswith("-f") and forward != "-m":
        real = f"{real.rpartition(':')[0]}:{key.split()[1].rpartition(':')[2]}"  # as ipvsadm itself does
    if verb == "-a" and real in reals:
        return "Destination already exists"
    if verb != "-a" and real not in reals:
        return "No such destination"
    if verb == "-d":
        del reals[real]
    else:
        reals[real] = [forward, int(given.get("-w", "1")), given.get("-x", "0"), given.get("-y", "0")]
    return None


def options(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        found[word] = next(rest) if word in WITH_VALUE else ""
    return found


def rules(table: dict[str, Any]) -> str:
    text = ""
    for key, service in sorted(table.items()):
        text += f"-A {key} -s {service['scheduler']} {service['extra']}".rstrip() + "\n"
        for real, (forward, weight, _, _) in sorted(service["reals"].items()):
            tunnel = " --tun-type ipip" if forward == "-i" else ""
            text += f"-a {key} -r {real} {forward}{tunnel} -w {weight}\n"
    return text


def listing(table: dict[str, Any]) -> str:
    text = (
        "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"
        "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
    )
    names = {"-t": "TCP ", "-u": "UDP ", "-f": "FWM "}
    for key, service in sorted(table.items()):
        flag, name = key.split()[:2]
        text += f"{names[flag]} {name} {service['scheduler']}\n"
        for real, (forward, weight, _, _) in sorted(service["reals"].items()):
            text += f"  -> {real:<28} {FLAGS[forward]:<7} {weight:<6} 0          0         \n"
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
