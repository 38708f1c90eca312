"""What the SSH servers of each CentOS offered, as settings for today's OpenSSH, and nothing beyond it.

Lists of OpenSSH 3.9p1, 4.3p2 and 5.3p1, without the ciphers and MACs that OpenSSH has dropped since: arcfour,
blowfish, cast128 and ripemd160. RSA keys alone, signed with SHA-1; DSA is gone from newer servers.
"""

from __future__ import annotations

_OLD_MACS = "hmac-md5,hmac-sha1,hmac-sha1-96,hmac-md5-96"
_CBC = "aes128-cbc,3des-cbc,aes192-cbc,aes256-cbc"
_CTR = "aes128-ctr,aes192-ctr,aes256-ctr"
_SHA1_KEX = "diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1"
_SHA1_KEYS = {"HostKeyAlgorithms": "ssh-rsa", "PubkeyAcceptedAlgorithms": "ssh-rsa"}

# The key that identifies a host of the era: algorithm for ssh-keygen, and its length.
MODERN_KEY = "ed25519"
RSA_KEY = "rsa"

ERAS: dict[str, dict[str, str]] = {
    "centos4": {
        "KexAlgorithms": _SHA1_KEX,
        "Ciphers": f"{_CBC},{_CTR}",
        "MACs": _OLD_MACS,
        "HostKey": RSA_KEY,
        **_SHA1_KEYS,
    },
    "centos5": {
        "KexAlgorithms": _SHA1_KEX,
        "Ciphers": f"{_CTR},{_CBC}",
        "MACs": _OLD_MACS,
        "HostKey": RSA_KEY,
        **_SHA1_KEYS,
    },
    "centos6": {
        "KexAlgorithms": f"diffie-hellman-group-exchange-sha256,{_SHA1_KEX}",
        "Ciphers": f"{_CTR},{_CBC}",
        "MACs": "hmac-md5,hmac-sha1,umac-64@openssh.com,hmac-sha1-96,hmac-md5-96",
        "HostKey": RSA_KEY,
        **_SHA1_KEYS,
    },
    "modern": {"HostKey": MODERN_KEY},
}


def sshd_config(era: str) -> str:
    """One server of that era, for one connection that it is handed; raises KeyError for an unknown era."""
    settings = {
        **ERAS[era],
        "HostKey": "/etc/ssh/host_key",
        "ModuliFile": "/etc/ssh/moduli",
        "PermitRootLogin": "yes",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "UsePAM": "no",
        "UseDNS": "no",
        "PidFile": "none",
        "LogLevel": "VERBOSE",
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())
