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


LONG = """\
/etc/rc.d/rc3.d:
total 4
drwxr-xr-x.  2 root root   58 Jul  6 23:32 .
lrwxrwxrwx.  1 root root   20 Jul  6  2007 S75heartbeat -> ../init.d/heartbeat
lrwxrwxrwx   1 root root   20 2007-07-06 23:32 K01x y -> ../init.d/x y
-rw-r-Sr-T   1 root wheel 321 7月  6 23:32 README

/etc/ha.d:
-rw-------  1 root root   63 Nov 22 09:50 authkeys
"""


def test_links_of_boot_in_a_long_listing() -> None:
    folder, heartbeat, other, readme, authkeys = value("listing", LONG)
    assert (heartbeat.runlevel, heartbeat.kind, heartbeat.number, heartbeat.service, heartbeat.target) == (
        "3", "S", 75, "heartbeat", "../init.d/heartbeat",
    )  # fmt: skip
    assert (heartbeat.at.line, heartbeat.at.column) == (4, 44)
    assert (other.name, other.target) == ("K01x y", "../init.d/x y")
    assert (folder.kind, folder.path) == ("directory", "/etc/rc.d/rc3.d/.")
    assert (readme.kind, readme.mode, readme.group, readme.size) == ("file", "3644", "wheel", 321)
    assert (authkeys.path, authkeys.mode, authkeys.owner) == ("/etc/ha.d/authkeys", "0600", "root")


def test_links_of_boot_as_find_and_a_bare_ls_list_them() -> None:
    entries = value(
        "listing",
        """\
        /etc/rc2.d/S75heartbeat
        /etc/rc.d/rc0.d/K05heartbeat -> ../init.d/heartbeat
        /etc/rc3.d
        S99local
        K02apache2 -> ../init.d/apache2
          1234    0 lrwxrwxrwx   1 root     root           20 Jul  6 23:32 /etc/rcS.d/S10udev -> ../init.d/udev
        """,
    )
    assert [(getattr(one, "runlevel", None), getattr(one, "name", None)) for one in entries] == [
        ("2", "S75heartbeat"),
        ("0", "K05heartbeat"),
        (None, None),
        ("", "S99local"),
        ("", "K02apache2"),
        ("S", "S10udev"),
    ]


def test_messages_in_a_listing_are_not_understood() -> None:
    text = "ls: cannot access 'x': No such file or directory\nok\nRemoving links for /etc/init.d/x ...\n"
    assert left("listing", text) == [1, 2, 3]


def test_a_chkconfig_line_that_chkconfig_cannot_read() -> None:
    text = "==> /etc/init.d/x <==\n# chkconfig: always 99\n"
    found = reading("init-header", text)
    assert ([one.at.line for one in found.unparsed], found.value[0].levels) == ([2], None)
