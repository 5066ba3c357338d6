"""NTLM between a client and the proxy (MS-NTHT): its first message gets a challenge, its second proves the password.

Knows pyspnego, the extra `ntlm`; where that is missing nobody gets in. Refuses to keep a connection: access_state does.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

from tierwall.policy.behaviour.parameters import Credential

_STORE: Final = "NTLM_USER_FILE"
"""Where pyspnego looks for users, which it knows no other way to be told."""
MISSING: Final = "the extra `ntlm` of the package is not installed"


def is_there() -> bool:
    """Whether anybody can be let in."""
    return find_spec("spnego") is not None


class Exchange:
    """One client's, on one connection."""

    def __init__(self, users: Iterable[Credential]) -> None:
        self._store = "".join(f"{_domain_and_name(user.name)}:{user.password}\n" for user in users).encode()
        self._context: Any = None

    def answer(self, message: bytes) -> bytes | None:
        """The challenge to a first message, None where that message, or the second, is none or proves nothing."""
        from spnego import server  # noqa: PLC0415 - an extra

        try:
            with self._users():
                if self._context is None:
                    self._context = server(protocol="ntlm", service="HTTP")
                challenge: bytes | None = self._context.step(message)
        except Exception:  # noqa: BLE001  # a client may send anything, and whatever that leads to proves nothing
            self._context = None
            return None
        return challenge

    @property
    def proved(self) -> bool:
        """Whether the client knows a password of these users."""
        return self._context is not None and bool(self._context.complete)

    @contextmanager
    def _users(self) -> Iterator[None]:
        """In memory, under a name, while pyspnego looks."""
        descriptor = os.memfd_create("users")
        before = os.environ.get(_STORE)
        try:
            os.write(descriptor, self._store)
            os.environ[_STORE] = f"/proc/self/fd/{descriptor}"
            yield
        finally:
            os.close(descriptor)
            os.environ.pop(_STORE, None)
            if before is not None:
                os.environ[_STORE] = before


def _domain_and_name(name: str) -> str:
    domain, _, rest = name.rpartition("\\")
    return f"{domain}:{rest}"
