"""How long operating systems are maintained, by their makers' published dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.derive.evidence import unknown
from auditor.model.cluster import Support
from auditor.model.place import Unknown

if TYPE_CHECKING:
    from auditor.model.facts import Release

_RHEL = {
    "3": "2010-10-31",
    "4": "2012-02-29",
    "5": "2017-03-31",
    "6": "2020-11-30",
    "7": "2024-06-30",
    "8": "2029-05-31",
    "9": "2032-05-31",
    "10": "2035-05-31",
}
# Last days of maintenance for everybody; what is sold beyond them does not count.
ENDS = {
    "rhel": _RHEL,
    "centos": {key: day for key, day in _RHEL.items() if key in {"3", "4", "5", "6", "7"}}
    | {"8": "2021-12-31"},
    "scientific": {key: day for key, day in _RHEL.items() if key in {"3", "4", "5", "6", "7"}},
    "rocky": {key: day for key, day in _RHEL.items() if key in {"8", "9", "10"}},
    "almalinux": {key: day for key, day in _RHEL.items() if key in {"8", "9", "10"}},
    "debian": {
        "3": "2008-03-31",
        "4": "2010-02-15",
        "5": "2012-02-06",
        "6": "2016-02-29",
        "7": "2018-05-31",
        "8": "2020-06-30",
        "9": "2022-06-30",
        "10": "2024-06-30",
        "11": "2026-08-31",
        "12": "2028-06-30",
        "13": "2030-06-30",
    },
}


def derive_support(release: Release | None | Unknown, day: str) -> Support | None | Unknown:
    """Until when, and whether that was over on ``day`` (RFC 3339); None where no file names a release."""
    if release is None or isinstance(release, Unknown):
        return release
    major = release.version.split(".")[0]
    ends = ENDS.get(release.id, {}).get(major)
    if ends is None:
        return unknown(
            release.at,
            f"until when {release.text} is maintained is not known",
            f"{release.text} 的维护期限未知",
        )
    return Support(system=release.text, ends=ends, over=day[:10] > ends, at=release.at)
