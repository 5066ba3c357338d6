"""What a SOCKS5 client says before its tunnel: which methods it has, who it is where that is asked, what it wants.

Knows the order of the messages (RFC 1928, RFC 1929). Refuses to decide: who is let in depends on the destination.
"""

from dataclasses import dataclass, field
from typing import Final

from tierwall.events import Stage
from tierwall.opening import (
    Malformed,
    Socks5Greeting,
    Socks5Login,
    Socks5Request,
    read_socks5_greeting,
    read_socks5_login,
    read_socks5_request,
)
from tierwall.proxy.connection.client_connection import ClientConnection
from tierwall.proxy.connection.first_bytes import read
from tierwall.proxy.state import refusal
from tierwall.proxy.state.refusal import Spoken

_NO_AUTHENTICATION: Final = 0
_NAME_AND_PASSWORD: Final = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the client asks for, and who it says it is."""

    request: Socks5Request
    login: bytes | None = field(repr=False)
    """`name:password`. Never to be written anywhere."""


@dataclass(frozen=True, slots=True)
class NoMethod:
    """The client offers no way to authenticate that is served."""

    why: str = "the client offers no SOCKS5 method without authentication"


async def negotiate(connection: ClientConnection, *, logins: bool) -> Wanted | NoMethod | Malformed | None:
    """Hear the client out up to its request. None where it says nothing. `logins`: ask it for a name and a password."""
    client = connection.client
    connection.stage, connection.spoken = Stage.SOCKS, Spoken.OTHER
    greeting = await read(client, read_socks5_greeting)
    if greeting is None:
        return None
    if not isinstance(greeting, Socks5Greeting):
        return greeting if isinstance(greeting, Malformed) else Malformed("not SOCKS5")
    del client.received[: greeting.consumed]
    login = None
    if logins and _NAME_AND_PASSWORD in greeting.methods:
        client.write(refusal.SOCKS_NAME_AND_PASSWORD)
        given = await read(client, read_socks5_login)
        if not isinstance(given, Socks5Login):
            return _unfinished(given, "the SOCKS5 name and password were not finished")
        del client.received[: given.consumed]
        login = given.login
        client.write(refusal.SOCKS_WELCOME)
    elif _NO_AUTHENTICATION in greeting.methods:
        client.write(refusal.SOCKS_NO_AUTHENTICATION)
    else:
        return NoMethod()
    request = await read(client, read_socks5_request)
    connection.spoken = Spoken.SOCKS
    if not isinstance(request, Socks5Request):
        return _unfinished(request, "the SOCKS5 request was not finished")
    del client.received[: request.consumed]
    return Wanted(request, login)


def _unfinished(read_so_far: object, why: str) -> Malformed:
    return read_so_far if isinstance(read_so_far, Malformed) else Malformed(why)
