"""The parent proxy of upstream mode: opens tunnels through it, and hears its refusals instead of hiding them.

Knows CONNECT from the client's side (RFC 9110 section 9.3.6). Refuses to decide: what it asks for was judged before.
"""

import asyncio
import base64
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import h11

from tierwall.policy.authority import host_port
from tierwall.policy.hostname import normalise
from tierwall.policy.limits import DIAL_S, REQUEST_HEAD_OCTETS
from tierwall.policy.model import Address
from tierwall.proxy.connection.dial import Dialled, Unreachable
from tierwall.proxy.state.destinations import Destination, Destinations
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint
from tierwall.proxy.transport.endpoints.endpoint import Endpoint

_REFUSAL_OCTETS: Final = 64 * 1024
"""Octets of a parent's refusal that are relayed, its head included."""
_ASKS: Final = 407


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """Where the parent proxy is, and what it wants to know of us."""

    host: str
    port: int
    tls: bool = False
    verify: bool = True
    credentials: str | None = field(default=None, repr=False)
    """`user:password`, sent where the client brings none of its own."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection to the parent on which it may be asked again: NTLM and Negotiate authenticate connections."""

    server: Endpoint
    address: Address
    http: h11.Connection


@dataclass(frozen=True, slots=True)
class ParentRefused:
    """The parent answered, and not with 2xx: its answer, for the client."""

    status: str
    answer: bytes
    standing: Standing | None = None
    """Where it asks for a name and a password, and leaves the connection standing for them."""


async def dial_through(  # noqa: PLR0913, PLR0917  # whom to ask, for what, as whom, and on which connection
    parent: Parent,
    destinations: Destinations,
    host: str | Address,
    port: int,
    credentials: str | None,
    standing: Standing | None = None,
) -> Dialled | ParentRefused | Unreachable:
    """Open a tunnel to host:port through the parent; `credentials` is the client's own Proxy-Authorization value.

    `standing`: what an earlier answer left, which is used as long as the parent has not ended it.
    """
    try:
        async with asyncio.timeout(DIAL_S):
            if standing is not None and not (standing.server.eof or standing.server.gone):
                asked = standing
                asked.http.start_next_cycle()
            else:
                found = await destinations.find(normalise(parent.host), parent.port)
                if any(destinations.is_self(address, found.port) for address in found.addresses):
                    return Unreachable(f"the parent proxy {parent} is this proxy itself")
                http = h11.Connection(h11.CLIENT, max_incomplete_event_size=REQUEST_HEAD_OCTETS)
                asked = Standing(*await _connect(parent, found), http)
            try:
                asked.server.write(_request(asked.http, parent, host, port, credentials))
                return await _answer(parent, asked)
            except BaseException:
                asked.server.reset()  # too late, or the client's end is no more: nobody will close it
                raise
    except TimeoutError:
        return Unreachable(f"the parent proxy {parent} did not answer within {DIAL_S:.0f} s", timed_out=True)
    except OSError as exc:
        return Unreachable(f"the parent proxy {parent} cannot be reached: {exc.strerror or exc}")


async def _connect(parent: Parent, found: Destination) -> tuple[Endpoint, Address]:
    """The first address that answers. Raises the last one's OSError where none does."""
    loop, context = asyncio.get_running_loop(), _tls(parent) if parent.tls else None
    name = parent.host if parent.tls else None
    failed = OSError("it has no address")
    for address in found.addresses:
        try:
            _, server = await loop.create_connection(
                AsyncioEndpoint, str(address), found.port, ssl=context, server_hostname=name
            )
            return server, address
        except OSError as exc:
            failed = exc
    raise failed


async def _answer(parent: Parent, asked: Standing) -> Dialled | ParentRefused | Unreachable:
    server, http = asked.server, asked.http
    try:
        head, answer = await _head(asked)
    except h11.RemoteProtocolError:
        server.close()
        return Unreachable(f"the parent proxy {parent} gave no HTTP answer")
    if 200 <= head.status_code < 300:
        server.received = bytearray(http.trailing_data[0])
        server.octets = len(server.received)  # the parent's answer is none of the tunnel's
        return Dialled(server, asked.address)
    with suppress(h11.RemoteProtocolError):  # a body that breaks off is relayed as far as it came
        while len(answer) < _REFUSAL_OCTETS and not isinstance(event := http.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                answer += await _heard(server, http)
    stands = http.our_state is h11.DONE and http.their_state is h11.DONE and not (server.eof or server.gone)
    stays = stands and head.status_code == _ASKS
    if not stays:
        server.close()
    said = f"{head.status_code} {head.reason.decode('latin-1')}"
    return ParentRefused(said, bytes(answer[:_REFUSAL_OCTETS]), asked if stays else None)


async def _head(asked: Standing) -> tuple[h11.Response, bytearray]:
    """The last answer's head, and the octets that came from its start on. Raises RemoteProtocolError."""
    answer = bytearray()
    while True:
        match asked.http.next_event():
            case h11.NEED_DATA:
                answer += await _heard(asked.server, asked.http)
            case h11.InformationalResponse():
                answer = bytearray(asked.http.trailing_data[0])
            case h11.Response() as head:
                return head, answer
            case _:
                raise h11.RemoteProtocolError("no answer")


async def _heard(server: Endpoint, http: h11.Connection) -> bytes:
    """What the parent says next, which `http` has read then; empty at the end."""
    if not server.received:
        await server.more()
    octets, server.received = bytes(server.received), bytearray()
    http.receive_data(octets)
    return octets


def _request(http: h11.Connection, parent: Parent, host: str | Address, port: int, credentials: str | None) -> bytes:
    authority = host_port(host, port)
    if credentials is None and parent.credentials is not None:
        credentials = "Basic " + base64.b64encode(parent.credentials.encode()).decode()
    # As the client's own octets came; our own user:password went into the base64 as UTF-8 (RFC 7617 section 2.1).
    fields = [(b"Host", authority.encode())]
    if credentials:
        fields.append((b"Proxy-Authorization", credentials.encode("utf-8", "surrogateescape")))
    asked = h11.Request(method="CONNECT", target=authority, headers=fields)
    return (http.send(asked) or b"") + (http.send(h11.EndOfMessage()) or b"")


def _tls(parent: Parent) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not parent.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
