"""What was put back for old servers: that it verifies, refuses what is forged, and changes nothing for others."""

from __future__ import annotations

import os

import paramiko
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, utils

from auditor.remote.legacy import (
    DSSKey,
    LegacyTransport,
    ModernTransport,
    SHA1RSAKey,
    obsolete,
    rsa_signatures,
)


def signed_by_dsa(data: bytes) -> tuple[DSSKey, bytes]:
    private = dsa.generate_private_key(1024)
    public = private.public_key().public_numbers()
    blob = paramiko.Message()
    blob.add_string("ssh-dss")
    for number in (
        public.parameter_numbers.p,
        public.parameter_numbers.q,
        public.parameter_numbers.g,
        public.y,
    ):
        blob.add_mpint(number)
    r, s = utils.decode_dss_signature(private.sign(data, hashes.SHA1()))
    signature = paramiko.Message()
    signature.add_string("ssh-dss")
    signature.add_string(r.to_bytes(20, "big") + s.to_bytes(20, "big"))
    return DSSKey(data=blob.asbytes()), signature.asbytes()


def spoilt(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def test_a_dsa_signature() -> None:
    data = os.urandom(40)
    key, signature = signed_by_dsa(data)
    other, _ = signed_by_dsa(data)
    assert key.verify_ssh_sig(data, paramiko.Message(signature))
    assert not key.verify_ssh_sig(spoilt(data), paramiko.Message(signature))
    assert not key.verify_ssh_sig(data, paramiko.Message(spoilt(signature)))
    assert not key.verify_ssh_sig(data, paramiko.Message(signature[:-3]))
    assert not other.verify_ssh_sig(data, paramiko.Message(signature))
    assert DSSKey(data=key.asbytes()) == key


def test_an_rsa_signature_with_sha1() -> None:
    data = os.urandom(40)
    plain = paramiko.RSAKey.generate(2048)
    key = SHA1RSAKey.adopt(plain)
    signature = key.sign_ssh_data(data, "ssh-rsa").asbytes()
    assert key.verify_ssh_sig(data, paramiko.Message(signature))
    assert not key.verify_ssh_sig(spoilt(data), paramiko.Message(signature))
    assert not plain.verify_ssh_sig(data, paramiko.Message(signature))


def test_nothing_is_changed_for_anybody_else() -> None:
    stock = paramiko.Transport
    assert not any(name.endswith("-sha1") for name in stock._kex_info)  # type: ignore[attr-defined]
    assert {"ssh-rsa", "ssh-dss"}.isdisjoint(stock._key_info)  # type: ignore[attr-defined]
    assert "ssh-rsa" not in paramiko.RSAKey.HASHES
    assert not any(name.endswith("-sha1") for name in ModernTransport._preferred_kex)


def test_modern_comes_first() -> None:
    kex, keys = LegacyTransport._preferred_kex, LegacyTransport._preferred_keys
    old = [name.endswith("-sha1") for name in kex]
    assert old == sorted(old)
    assert keys[-2:] == ("ssh-rsa", "ssh-dss")
    assert kex.index("diffie-hellman-group14-sha1") < kex.index("diffie-hellman-group1-sha1")


@pytest.mark.parametrize(
    "name",
    [
        "_preferred_kex",
        "_preferred_keys",
        "_kex_info",
        "_key_info",
        "_parse_kex_init",
        "_parse_disconnect",
        "_verify_key",
    ],
)
def test_what_is_used_of_paramikos_inside_is_there(name: str) -> None:
    assert hasattr(paramiko.Transport, name)


def test_which_names_are_old() -> None:
    names = (
        "curve25519-sha256@libssh.org",
        "diffie-hellman-group14-sha1",
        "ssh-rsa",
        "aes128-cbc",
        "hmac-sha1",
        "3des-cbc",
    )
    assert obsolete(names) == ("diffie-hellman-group14-sha1", "ssh-rsa", "3des-cbc")


@pytest.mark.parametrize(
    ("listed", "server", "host_key", "legacy", "first"),
    [
        (None, "SSH-2.0-OpenSSH_3.9p1", "ssh-rsa", True, "ssh-rsa"),
        (None, "SSH-2.0-OpenSSH_6.6.1", "ecdsa-sha2-nistp256", True, "ssh-rsa"),
        (None, "SSH-2.0-OpenSSH_3.9p1", "ssh-rsa", False, "rsa-sha2-512"),
        (b"ssh-rsa,ssh-dss", "SSH-2.0-OpenSSH_7.4", "ssh-ed25519", True, "rsa-sha2-512"),
        (b"rsa-sha2-256,rsa-sha2-512", "SSH-2.0-OpenSSH_9.2", "ssh-ed25519", True, "rsa-sha2-512"),
    ],
)
def test_how_a_user_key_signs(
    listed: bytes | None, server: str, host_key: str, legacy: bool, first: str
) -> None:
    assert rsa_signatures(listed, server, host_key, legacy=legacy)[0] == first
