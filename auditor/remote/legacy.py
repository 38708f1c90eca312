"""SSH as the servers of 2003 to 2017 speak it, for one connection at a time.

paramiko 5 knows no SHA-1: none of the key exchanges, host keys and user signatures of OpenSSH 3.6 to 5.3.
``LegacyTransport`` adds the smallest set of them behind the modern ones, so a server that can do better does
better, and the exchange hash protects that choice. Nothing outside the one connection changes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha1, sha256, sha512
from typing import Any, ClassVar

import paramiko
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, utils

try:
    from gmpy2 import powmod as _power
except ImportError:
    _power = pow

SSH_RSA = "ssh-rsa"
SSH_DSS = "ssh-dss"
RSA_SHA2 = ("rsa-sha2-512", "rsa-sha2-256")

_INIT, _REPLY, _GEX_GROUP, _GEX_INIT, _GEX_REPLY, _GEX_REQUEST = 30, 31, 31, 32, 33, 34
# Twice the bits of the strongest key that is derived from the exchange; OpenSSH sizes its own alike. A full
# exponent costs four times as much and protects nothing more.
_EXPONENT_BITS = 512
_OBSOLETE = frozenset({SSH_RSA, SSH_DSS, "3des-cbc", "hmac-md5", "hmac-md5-96", "hmac-sha1-96"})

_stock: Any = paramiko.Transport


def obsolete(names: Iterable[str]) -> tuple[str, ...]:
    """Those that rest on SHA-1 signatures or hashes, on MD5 or on a 64-bit cipher, each once.

    HMAC-SHA1 is not among them: nothing that is known about SHA-1 breaks it.
    """
    return tuple(
        dict.fromkeys(
            name
            for name in names
            if name in _OBSOLETE or (name.endswith("-sha1") and name.startswith("diffie-hellman-"))
        )
    )


def rsa_signatures(listed: bytes | None, server: str, host_key: str, *, legacy: bool) -> tuple[str, ...]:
    """The algorithms worth trying to sign with an RSA user key, best first; never empty.

    ``listed``: the server's server-sig-algs (RFC 8308), None when it sent none, as no OpenSSH before 7.2 does.
    ``server``: its identification. OpenSSH 7.4 takes SHA-2 signatures and forgets to list them.
    """
    if listed is None:
        if not legacy:
            return RSA_SHA2[:1]
        return (SSH_RSA,) if "OpenSSH" in server else (SSH_RSA, RSA_SHA2[0])
    names = listed.decode("ascii", "replace").split(",")
    modern = [name for name in RSA_SHA2 if name in names]
    if not modern and "OpenSSH_7.4" in server:
        modern = [RSA_SHA2[0]]
    # The list names what the program can do. Whether its settings let it is only to be guessed from the host key.
    sha1_only = not modern or host_key in {SSH_RSA, SSH_DSS}
    return (*modern[:1], *((SSH_RSA,) if legacy and sha1_only else ())) or RSA_SHA2[:1]


class FixedGroup:
    """The client's side of Diffie-Hellman over one group (RFC 4253, 8). paramiko's engine protocol."""

    name: str
    hash_algo: Callable[[bytes], Any]
    prime: int
    generator = 2

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._secret = secrets.randbits(_EXPONENT_BITS) | 1 << (_EXPONENT_BITS - 1)
        self._public = 0

    def start_kex(self) -> None:
        self._send_public(_INIT, expect=_REPLY)

    def parse_next(self, ptype: int, m: paramiko.Message) -> None:
        if ptype != _REPLY:
            raise paramiko.SSHException(f"message {ptype} is none of {self.name}")
        self._finish(m, paramiko.Message())

    def _send_public(self, ptype: int, expect: int) -> None:
        self._public = int(_power(self.generator, self._secret, self.prime))
        message = paramiko.Message()
        message.add_byte(bytes([ptype]))
        message.add_mpint(self._public)
        self._transport._send_message(message)
        self._transport._expect_packet(expect)

    def _finish(self, m: paramiko.Message, group: paramiko.Message) -> None:
        """``group``: what the exchange hash covers between the host key and the public values."""
        host_key = m.get_binary()
        theirs = m.get_mpint()
        signature = m.get_binary()
        if not 1 < theirs < self.prime - 1:
            raise paramiko.SSHException("the server's public value is out of range")
        shared = int(_power(theirs, self._secret, self.prime))
        transport = self._transport
        hashed = paramiko.Message()
        hashed.add_string(transport.local_version)
        hashed.add_string(transport.remote_version)
        hashed.add_string(transport.local_kex_init)
        hashed.add_string(transport.remote_kex_init)
        hashed.add_string(host_key)
        hashed.add_bytes(group.asbytes())
        for number in (self._public, theirs, shared):
            hashed.add_mpint(number)
        transport._set_K_H(shared, self.hash_algo(hashed.asbytes()).digest())
        transport._verify_key(host_key, signature)
        transport._activate_outbound()


class GroupExchange(FixedGroup):
    """The same over a group of the server's choice (RFC 4419)."""

    min_bits = 2048
    preferred_bits = 2048
    # A server that has lost its moduli answers with the largest group that it may. Not less than this: OpenSSH
    # 3.6 has none between 3191 and 4095 bits, and hangs on a smaller limit.
    max_bits = 4096

    def start_kex(self) -> None:
        message = paramiko.Message()
        message.add_byte(bytes([_GEX_REQUEST]))
        for bits in self._bits():
            message.add_int(bits)
        self._transport._send_message(message)
        self._transport._expect_packet(_GEX_GROUP)

    def parse_next(self, ptype: int, m: paramiko.Message) -> None:
        if ptype == _GEX_GROUP:
            self.prime, self.generator = m.get_mpint(), m.get_mpint()
            if not self.min_bits <= self.prime.bit_length() <= self.max_bits or self.prime % 2 == 0:
                raise paramiko.SSHException(f"a group of {self.prime.bit_length()} bits is out of range")
            if not 1 < self.generator < self.prime - 1:
                raise paramiko.SSHException("the server's generator is out of range")
            self._send_public(_GEX_INIT, expect=_GEX_REPLY)
        elif ptype == _GEX_REPLY and self._public:
            group = paramiko.Message()
            for bits in self._bits():
                group.add_int(bits)
            group.add_mpint(self.prime)
            group.add_mpint(self.generator)
            self._finish(m, group)
        else:
            raise paramiko.SSHException(f"message {ptype} is none of {self.name}")

    def _bits(self) -> tuple[int, int, int]:
        return self.min_bits, self.preferred_bits, self.max_bits


class GroupExchangeSHA256(GroupExchange):
    name = "diffie-hellman-group-exchange-sha256"
    hash_algo = staticmethod(sha256)


class GroupExchangeSHA1(GroupExchange):
    name = "diffie-hellman-group-exchange-sha1"
    hash_algo = staticmethod(sha1)
    min_bits = 1024


class Group16SHA512(FixedGroup):
    name = "diffie-hellman-group16-sha512"
    hash_algo = staticmethod(sha512)
    prime = _stock._kex_info[name].P


class Group14SHA256(FixedGroup):
    name = "diffie-hellman-group14-sha256"
    hash_algo = staticmethod(sha256)
    prime = _stock._kex_info[name].P


class Group14SHA1(Group14SHA256):
    name = "diffie-hellman-group14-sha1"
    hash_algo = staticmethod(sha1)


class Group1SHA1(FixedGroup):
    """The 1024 bits of RFC 2409, 6.2."""

    name = "diffie-hellman-group1-sha1"
    hash_algo = staticmethod(sha1)
    prime = int(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
        "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
        "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
        16,
    )


class SHA1RSAKey(paramiko.RSAKey):
    """An RSA key that signs and verifies with SHA-1 as well."""

    HASHES: ClassVar[dict[str, Any]] = {**paramiko.RSAKey.HASHES, SSH_RSA: hashes.SHA1}  # type: ignore[misc]

    @classmethod
    def adopt(cls, key: paramiko.RSAKey) -> SHA1RSAKey:
        """The same private key, able to make ssh-rsa signatures."""
        return cls(key=key.key)


class DSSKey(paramiko.PKey):
    """A DSA host key. It verifies; nothing here can sign with one."""

    name = SSH_DSS

    def __init__(self, msg: paramiko.Message | None = None, data: bytes | None = None) -> None:
        blob = msg if msg is not None else paramiko.Message(data)
        self.public_blob = None
        if blob.get_text() != SSH_DSS:
            raise paramiko.SSHException("not an ssh-dss key")
        self._numbers = p, q, g, y = tuple(blob.get_mpint() for _ in range(4))
        self._key = dsa.DSAPublicNumbers(y, dsa.DSAParameterNumbers(p, q, g)).public_key()

    def asbytes(self) -> bytes:
        blob = paramiko.Message()
        blob.add_string(SSH_DSS)
        for number in self._numbers:
            blob.add_mpint(number)
        return blob.asbytes()

    @property
    def _fields(self) -> tuple[object, ...]:
        return (SSH_DSS, *self._numbers)

    def get_name(self) -> str:
        return SSH_DSS

    def get_bits(self) -> int:
        return self._key.key_size

    def can_sign(self) -> bool:
        return False

    def verify_ssh_sig(self, data: bytes, msg: paramiko.Message) -> bool:
        """r and s stand there as 160 bits each, without lengths (RFC 4253, 6.6)."""
        if msg.get_text() != SSH_DSS:
            return False
        signature = msg.get_binary()
        if len(signature) != 40:
            return False
        r, s = int.from_bytes(signature[:20], "big"), int.from_bytes(signature[20:], "big")
        try:
            self._key.verify(utils.encode_dss_signature(r, s), data, hashes.SHA1())  # noqa: S303
        except InvalidSignature:
            return False
        return True


_FIELDS = ("kex", "host key", "cipher", "cipher back", "MAC", "MAC back")


class ModernTransport(paramiko.Transport):
    """A client that speaks nothing obsolete, and that remembers what was offered, agreed on and said at the end.

    ``offered``: the server's names by kex, host key, cipher, MAC. ``farewell``: why the server hung up, if it said.
    """

    _preferred_ciphers: tuple[str, ...] = (
        "aes128-ctr",
        "aes192-ctr",
        "aes256-ctr",
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "aes128-cbc",
        "aes192-cbc",
        "aes256-cbc",
    )
    _preferred_macs: tuple[str, ...] = tuple(name for name in _stock._preferred_macs if not obsolete([name]))
    _kex_info: ClassVar[Mapping[str, Any]] = {
        **_stock._kex_info,
        **{kex.name: kex for kex in (GroupExchangeSHA256, Group14SHA256, Group16SHA512)},
    }
    _preferred_keys: tuple[str, ...] = _stock._preferred_keys

    offered: Mapping[str, tuple[str, ...]]
    agreed_kex = ""
    farewell = ""

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self.offered = {}

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """Without host certificates, which no host of this age has and known_hosts cannot vouch for here."""
        return tuple(self._preferred_keys)

    def prefer_known(self, kinds: Sequence[str]) -> None:
        """Ask first for host keys of these kinds (``ssh-rsa``, ...), so that a known key can be compared at all."""
        known = [name for name in self._preferred_keys if _key_kind(name) in kinds]
        others = [name for name in self._preferred_keys if name not in known]
        self._preferred_keys = (*known, *others)

    def _parse_kex_init(self, m: Any) -> None:
        copy = paramiko.Message(m.get_remainder())
        copy.get_bytes(16)
        self.offered = {field: tuple(copy.get_list()) for field in _FIELDS}
        super()._parse_kex_init(m)  # type: ignore[misc]
        if not self.agreed_kex:
            engines = {engine: name for name, engine in self._kex_info.items()}
            self.agreed_kex = engines[type(self.kex_engine)]

    def _parse_disconnect(self, m: paramiko.Message) -> None:
        m.get_int()
        self.farewell = m.get_binary().decode("utf-8", "replace")


class LegacyTransport(ModernTransport):
    """A client that prefers what is modern and still speaks SHA-1 to a server that has nothing else."""

    # group14 before group exchange: the same strength for half the arithmetic.
    _preferred_kex = (*_stock._preferred_kex, Group14SHA1.name, GroupExchangeSHA1.name, Group1SHA1.name)
    _preferred_keys = (*_stock._preferred_keys, SSH_RSA, SSH_DSS)
    _preferred_ciphers = (*ModernTransport._preferred_ciphers, "3des-cbc")
    _preferred_macs = (*ModernTransport._preferred_macs, "hmac-md5", "hmac-sha1-96", "hmac-md5-96")
    _kex_info: ClassVar[Mapping[str, Any]] = {
        **ModernTransport._kex_info,
        **{kex.name: kex for kex in (Group14SHA1, GroupExchangeSHA1, Group1SHA1)},
    }
    _key_info: ClassVar[Mapping[str, Any]] = {
        **_stock._key_info,
        SSH_RSA: SHA1RSAKey,
        SSH_DSS: DSSKey,
    }


def _key_kind(algorithm: str) -> str:
    return SSH_RSA if algorithm in RSA_SHA2 else algorithm
