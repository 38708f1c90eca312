"""No secret survives, equal ones stay recognisable, and nothing else changes."""

from __future__ import annotations

import pytest

from auditor.collect.redact import Redactor
from auditor.model.snapshot import Artifact
from auditor.parse.authkeys import read_authkeys
from auditor.parse.text import read_document

KEY = "canary-7f3a"


def artifact(content: bytes, probe: str = "authkeys", why: str | None = None) -> Artifact:
    return Artifact(
        id=probe, probe=probe, kind="file", state="read", path=f"/{probe}", content=content, why=why
    )


def test_equal_secrets_of_one_run_get_equal_marks() -> None:
    redactor = Redactor()
    first, second, other = (
        redactor.redact(artifact(f"auth 1\n1 sha1 {key}\n".encode())) for key in (KEY, KEY, KEY[::-1])
    )
    assert first.content.decode() == "auth 1\n1 sha1 «redacted:authkey:len11:1»\n"
    assert second.content == first.content
    assert other.content.decode() == "auth 1\n1 sha1 «redacted:authkey:len11:2»\n"
    assert first.redactions == 1


def test_that_a_key_is_out_of_a_manual_is_no_secret() -> None:
    shown = Redactor().redact(artifact(b"auth 2\n1 sha1 HI!\n2 md5 HI!!\n#3 md5 md5_any_password\n")).content
    assert [line.split()[-1].split(":")[1] for line in shown.decode().splitlines()[1:]] == [
        "sample-authkey",
        "authkey",
        "sample-authkey",
    ]
    read = read_authkeys(read_document(shown, source="/etc/ha.d/authkeys"))
    assert [key.sample for key in read.value.keys] == [True, False]


def test_the_same_secret_is_known_in_another_file_and_another_encoding() -> None:
    redactor = Redactor()
    key = "密钥-canary"
    files = [
        artifact(f"# 调度\nauth 1\n1 sha1 {key}\n".encode(encoding))
        for encoding in ("utf-8", "gb18030", "utf-8-sig")
    ]
    seen = [redactor.redact(file).content for file in files]
    for content, encoding in zip(seen, ("utf-8", "gb18030", "utf-8-sig"), strict=True):
        assert content == "# 调度\nauth 1\n1 sha1 «redacted:authkey:len9:1»\n".encode(encoding)


@pytest.mark.parametrize(
    "comment",
    [
        b"# \xff\xfe\x80\r\n",
        b"\xef\xbb\xbf# mark\n",
        b"#\xa2\xe3\x80\n",
        b"# \x95\x32\x82\x36\r\r\n",
        b"#\0\n",
    ],
)
def test_bytes_around_a_secret_stay_as_they_were(comment: bytes) -> None:
    content = comment + b"auth 1\n1 sha1 " + KEY.encode() + b"\n" + comment.lstrip(b"\xef\xbb\xbf")
    before, _, after = Redactor().redact(artifact(content)).content.partition(b"1 sha1 ")
    mark, _, rest = after.partition(b"\n")
    assert before == comment + b"auth 1\n"
    assert b"redacted:authkey:len11:1" in mark
    assert rest == comment.lstrip(b"\xef\xbb\xbf")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_wide_characters(codec: str) -> None:
    mark = b"\xff\xfe" if codec.endswith("le") else b"\xfe\xff"
    redacted = Redactor().redact(artifact(mark + f"auth 1\n1 sha1 {KEY}\n".encode(codec))).content
    assert redacted == mark + "auth 1\n1 sha1 «redacted:authkey:len11:1»\n".encode(codec)


def test_an_encoding_without_the_signs_of_a_mark_still_hides() -> None:
    host = artifact(f"auth 1\n1 sha1 {KEY}\n".encode())
    assert KEY.encode() not in Redactor().redact(host, encoding="ascii").content


def test_without_secrets_nothing_changes() -> None:
    plain = artifact(bytes(range(256)) * 4, probe="hosts")
    assert Redactor().redact(plain) == plain


def test_command_lines_and_complaints_are_searched_too() -> None:
    redactor = Redactor()
    line = f"  12     1 root     Sat Nov 22 11:00:00 2026 mysql --password={KEY} -h db\n"
    assert KEY.encode() not in redactor.redact(artifact(line.encode(), probe="ps")).content
    assert KEY not in (redactor.redact(artifact(b"", why=f"cannot log in: password={KEY}")).why or "")
