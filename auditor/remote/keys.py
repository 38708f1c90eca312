"""Private keys for logging in: from files, whatever wrote them, and from the agent."""

from __future__ import annotations

import base64
import binascii
import functools
import io
import threading
from pathlib import Path
from typing import Any

import paramiko
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from auditor.remote.legacy import SHA1RSAKey
from auditor.remote.policy import Ask

_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_loading = threading.Lock()


class KeyFileError(Exception):
    """Says what is wrong with which file and what to do about it."""


def load_key(path: Path, ask: Ask | None) -> paramiko.PKey:
    """A private key in PEM, PKCS#8 or OpenSSH format, decrypted once in a run. Raises KeyFileError.

    ``ask`` is asked for the passphrase of an encrypted key. RSA keys can also sign with SHA-1.
    """
    try:
        stat = path.stat()
        with _loading:
            loaded = _load(path, stat.st_mtime_ns, ask)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from None
    if isinstance(loaded, str):
        raise KeyFileError(f"{path}: {loaded}")
    return loaded


def public_part(path: Path) -> bytes | None:
    """The public blob of a private key file, without its passphrase; None where neither it nor ``.pub`` tells."""
    try:
        words = path.with_name(path.name + ".pub").read_bytes().split()
        return base64.b64decode(words[1], validate=True)
    except (OSError, IndexError, binascii.Error):
        pass
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return _public_part(content) if _OPENSSH in content else None


class AgentKeys:
    """The keys of the user's agent, and the connection to it that signing needs. To be closed."""

    def __init__(self) -> None:
        self._agent: Any = None
        self.keys: tuple[Any, ...] = ()
        try:
            self._agent = paramiko.Agent()
            self.keys = self._agent.get_keys()
        except Exception:
            # An agent that is none must not cost the key files their chance.
            self.close()

    def close(self) -> None:
        if self._agent is not None:
            self._agent.close()


# A passphrase is asked for, and paid for in time, once: what came of it is kept, also when it did not fit.
@functools.lru_cache(maxsize=64)
def _load(path: Path, _mtime: int, ask: Ask | None) -> paramiko.PKey | str:
    content = path.read_bytes()
    if b"PuTTY-User-Key-File" in content:
        return "a PuTTY key; export it in OpenSSH format (puttygen KEY -O private-openssh -o NEW)"
    if b"PRIVATE KEY-----" not in content:
        return "not a private key" + ("; name the file without .pub" if path.suffix == ".pub" else "")
    if not _is_encrypted(content):
        return _parse(content, None)
    passphrase = ask(f"Passphrase for {path}: ") if ask is not None else None
    if passphrase is None:
        return "encrypted, and there is no terminal to ask on; add the key to ssh-agent (ssh-add), or run on a terminal"
    return _parse(content, passphrase.encode())


def _parse(content: bytes, passphrase: bytes | None) -> paramiko.PKey | str:
    read = serialization.load_ssh_private_key if _OPENSSH in content else serialization.load_pem_private_key
    try:
        key = read(content, passphrase)
    except (InvalidTag, ValueError, TypeError):
        return "damaged, or not a key that SSH uses" if passphrase is None else "the passphrase is wrong"
    except UnsupportedAlgorithm as error:
        return f"not supported ({error})"
    return _to_paramiko(key)


def _to_paramiko(key: object) -> paramiko.PKey | str:
    if isinstance(key, rsa.RSAPrivateKey):
        return SHA1RSAKey(key=key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return paramiko.ECDSAKey(vals=(key, key.public_key()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        # paramiko takes this kind from a file only.
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        ).decode()
        return paramiko.Ed25519Key(file_obj=io.StringIO(text))
    if isinstance(key, dsa.DSAPrivateKey):
        return "a DSA key, which is not supported; make one with ssh-keygen -t rsa, which every server takes"
    return "a kind of key that SSH does not use"


def _is_encrypted(content: bytes) -> bool:
    if _OPENSSH not in content:
        return b"ENCRYPTED" in content
    message = _header(content)
    return message is not None and message.get_binary() != b"none"


def _public_part(content: bytes) -> bytes | None:
    message = _header(content)
    if message is None:
        return None
    for _ in ("cipher", "kdf", "kdf options"):
        message.get_binary()
    return message.get_binary() if message.get_int() == 1 else None


def _header(content: bytes) -> paramiko.Message | None:
    """What an OpenSSH key file says in clear, from the name of its cipher on."""
    body = b"".join(line for line in content.splitlines() if not line.startswith(b"-----"))
    try:
        raw = base64.b64decode(body)
    except binascii.Error:
        return None
    return paramiko.Message(raw[len(_MAGIC) :]) if raw.startswith(_MAGIC) else None
