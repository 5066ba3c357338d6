"""What clients answer a 407 with, and whether it is a name and a password that a site knows: Basic and Digest.

Knows the fields of both (RFC 7617, RFC 7616), and compares in a time that tells nothing. NTLM is ntlm.py's. What it
reads is never to be written.
"""

import base64
import hashlib
import hmac
import re
import secrets
import time
from binascii import Error
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tierwall.policy.behaviour import AuthScheme
from tierwall.policy.behaviour.parameters import Credential

NONCE_S: Final = 300.0
"""How long a nonce may be answered."""

_PARAMETER: Final = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_SECRET: Final = secrets.token_bytes(32)
"""Of this process; workers of one run are forked from it, and know each other's nonces."""


@dataclass(frozen=True, slots=True)
class Login:
    """One answer."""

    scheme: AuthScheme
    said: bytes = field(repr=False)
    """Basic's `name:password`, NTLM's message, Digest's parameters."""


def given(header: str | None) -> Login | None:
    """What a Proxy-Authorization says; None where it says nothing that can be read, or there is none."""
    name, _, rest = (header or "").strip().partition(" ")
    if name.lower() not in AuthScheme or not rest.strip():
        return None
    scheme = AuthScheme(name.lower())
    if scheme is AuthScheme.DIGEST:
        return Login(scheme, rest.encode(errors="replace"))
    try:
        return Login(scheme, base64.b64decode(rest.strip(), validate=True))
    except (Error, ValueError):  # ValueError: what is not ASCII
        return None


def knows(users: Iterable[Credential], login: bytes) -> bool:
    """Whether the `name:password` is one of these. All are compared: the time says nothing of how close it came."""
    said = hashlib.sha256(login).digest()
    found = False
    for user in users:
        whole = f"{user.name}:{user.password}".encode()
        found |= hmac.compare_digest(hashlib.sha256(whole).digest(), said)
    return found


def nonce(now: Callable[[], float] = time.time) -> str:
    """A new one: when it was made, signed, so that nothing has to be remembered."""
    made = f"{now():.0f}"
    return f"{made}.{_signature(made)}"


def knows_digest(
    users: Iterable[Credential], realm: str, said: bytes, method: str, now: Callable[[], float] = time.time
) -> bool:
    """Whether the parameters of an answer (RFC 7616 section 3.4) prove a password of these users."""
    found = _PARAMETER.findall(said.decode(errors="replace"))
    fields = {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or bare for name, quoted, bare in found}
    if fields.get("realm") != realm or not _fresh(fields.get("nonce", ""), now()):
        return False
    said_so = fields.get("response", "").encode()
    proofs = [
        hmac.compare_digest(_response(user, realm, method, fields).encode(), said_so)
        for user in users
        if user.name == fields.get("username")
    ]
    return any(proofs)


def _response(user: Credential, realm: str, method: str, fields: dict[str, str]) -> str:
    first = _md5(f"{user.name}:{realm}:{user.password}")
    second = _md5(f"{method}:{fields.get('uri', '')}")
    middle = [fields["nonce"]]
    if fields.get("qop") == "auth":
        middle += [fields.get("nc", ""), fields.get("cnonce", ""), "auth"]
    return _md5(":".join([first, *middle, second]))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _fresh(said: str, now: float) -> bool:
    made, _, signature = said.partition(".")
    if not made.isdecimal() or not hmac.compare_digest(signature.encode(), _signature(made).encode()):
        return False
    return now - int(made) < NONCE_S


def _signature(made: str) -> str:
    return hmac.new(_SECRET, made.encode(), hashlib.sha256).hexdigest()[:32]
