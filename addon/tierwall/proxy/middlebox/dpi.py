"""`dpi-https-only` where nothing has to be decrypted: a tunnel that opens without TLS, or by its ALPN.

Knows openings. What is inside TLS is sniff.py's; that the behaviour acts at all, the verdict's.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, assert_never

from tierwall.opening import ClientHello, Opening, PlainHttp
from tierwall.policy.behaviour import Basis, DpiHttpsOnly
from tierwall.proxy.transport.endpoints.endpoint import Endpoint

HTTP_PROTOCOLS: Final = frozenset({"h2", "http/1.1", "http/1.0"})
"""IANA's TLS ALPN protocol ids of what runs on TCP port 443 as HTTPS."""

SILENCE_S: Final = 60.0
"""Seconds that a connection may be silent where only HTTPS is let through. Browsers keep spare ones for as long."""

LOOK_EVERY_S: Final = 0.1
"""Seconds between two looks at whether the server spoke first. What it said has reached the client by then, as with
firewalls that let a connection begin before they know what it is."""

_HEURISTIC: Final = "by ALPN alone, a heuristic that also hits HTTPS clients without it"
_SHOWN_AT_MOST: Final = 3


async def first_octets(client: Endpoint, server: Endpoint) -> None:
    """Wait for the client's, but no longer than until the server spoke first, or nothing was said for SILENCE_S."""
    looking = asyncio.get_running_loop().create_task(_look(client, server))
    try:
        while not client.received and await client.more():
            pass
    finally:
        looking.cancel()
        client.expired = False


async def _look(client: Endpoint, server: Endpoint) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(SILENCE_S):
            while not server.octets:
                await asyncio.sleep(LOOK_EVERY_S)
    client.expire()


def against(behaviour: DpiHttpsOnly, opening: Opening | None) -> str | None:
    """What speaks against a tunnel that opens so, in one clause; None where nothing does so far."""
    match opening:
        case ClientHello(alpn=alpn):
            return _against_hello(behaviour.basis, alpn)
        case PlainHttp():
            return "plain HTTP without TLS on the port of HTTPS"
        case None:
            return "no TLS handshake begins it: the server spoke first, or nobody spoke"
        case _:
            return "it does not begin with a TLS handshake"


def _against_hello(basis: Basis, alpn: Sequence[str]) -> str | None:
    match basis:
        case Basis.INSPECT:
            return None
        case Basis.ALPN if not alpn:
            return f"the ClientHello offers no protocol ({_HEURISTIC})"
        case Basis.ALPN if HTTP_PROTOCOLS.isdisjoint(alpn):
            return f"the ClientHello offers only {_some(alpn)} ({_HEURISTIC})"
        case Basis.ALPN:
            return None
        case _:
            assert_never(basis)


def _some(protocols: Sequence[str]) -> str:
    """Client data: spelled so that a terminal sees nothing but text, and cut."""
    shown = [ascii(protocol[:32])[1:-1] for protocol in protocols[:_SHOWN_AT_MOST]]
    return ", ".join(shown) + (" and others" if len(protocols) > _SHOWN_AT_MOST else "")
