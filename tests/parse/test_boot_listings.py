"""What chkconfig and listings of folders say of boot."""

from __future__ import annotations

from tests.parse.outcome import left, reading, value


def test_services_and_their_runlevels() -> None:
    services = value(
        "chkconfig",
        """\
        heartbeat      \t0:off\t1:off\t2:on\t3:on\t4:on\t5:on\t6:off
        ldirectord 0:off 1:off 2:off 3:off 4:off 5:off 6:off

        xinetd based services:
        \trsync:         \ton
        \ttime:          \toff
        """,
    )
    assert [(one.service, one.levels, one.on) for one in services] == [
        ("heartbeat", "2345", True),
        ("ldirectord", "", False),
        ("rsync", None, True),
        ("time", None, False),
    ]


def test_words_of_other_languages() -> None:
    for on, off in (("启用", "关闭"), ("開啟", "關閉"), ("オン", "オフ"), ("Ein", "Aus")):
        row = "\t".join(f"{level}:{on if level in (3, 5) else off}" for level in range(7))
        (service,) = value("chkconfig", f"heartbeat\t{row}\n")
        assert service.levels == "35"


def test_words_of_no_known_language_are_not_guessed() -> None:
    row = "\t".join(f"{level}:{'ja' if level == 3 else 'nej'}" for level in range(7))
    found = reading("chkconfig", f"heartbeat\t{row}\n")
    assert (found.value, [one.at.line for one in found.unparsed]) == ((), [1])
    assert left("chkconfig", "error reading information on service x: No such file or directory\n") == [1]
