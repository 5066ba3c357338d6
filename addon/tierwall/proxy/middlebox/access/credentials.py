"""A name and a password as clients give them, and whether they are among those that a site knows.

Knows Basic credentials (RFC 7617) and compares in a time that tells nothing. What it reads is never to be written.
"""

import base64
import hashlib
import hmac
from binascii import Error
from collections.abc import Iterable

from tierwall.policy.behaviour.parameters import Credential

_SCHEME = "basic "


def basic(header: str | None) -> bytes | None:
    """The `name:password` in a Proxy-Authorization of scheme Basic; None for another scheme, or none at all."""
    if header is None or header[: len(_SCHEME)].lower() != _SCHEME:
        return None
    try:
        return base64.b64decode(header[len(_SCHEME) :].strip(), validate=True)
    except (Error, ValueError):  # ValueError: what is not ASCII
        return None


def knows(users: Iterable[Credential], login: bytes) -> bool:
    """Whether the login is one of these. All are compared, so that the time says nothing of how close it came."""
    given = hashlib.sha256(login).hexdigest()
    found = False
    for user in users:
        found |= hmac.compare_digest(user, given)
    return found
