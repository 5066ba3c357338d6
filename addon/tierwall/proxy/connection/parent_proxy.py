"""The parent proxy of upstream mode: opens tunnels through it, and hears its refusals instead of hiding them.

Knows CONNECT from the client's side (RFC 9110 section 9.3.6). Refuses to decide: what it asks for was judged before.
"""

import asyncio
import base64
import ssl
from dataclasses import dataclass, field
from typing import Final

from tierwall.policy.authority import host_port
from tierwall.policy.hostname import normalise
from tierwall.policy.limits import DIAL_S, REQUEST_HEAD_OCTETS
from tierwall.policy.model import Address
from tierwall.proxy.connection.dial import Dialled, Unreachable
from tierwall.proxy.state.destinations import Destination, Destinations
from tierwall.proxy.transport.endpoint import End

_REFUSAL_BODY_OCTETS: Final = 64 * 1024


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
class ParentRefused:
    """The parent answered, and not with 2xx: its answer, for the client."""

    status: str
    answer: bytes


async def dial_through(
    parent: Parent, destinations: Destinations, host: str | Address, port: int, credentials: str | None
) -> Dialled | ParentRefused | Unreachable:
    """Open a tunnel to host:port through the parent; `credentials` is the client's own Proxy-Authorization value."""
    try:
        async with asyncio.timeout(DIAL_S):
            found = await destinations.find(normalise(parent.host), parent.port)
            if any(destinations.is_self(address, found.port) for address in found.addresses):
                return Unreachable(f"the parent proxy {parent} is this proxy itself")
            server, address = await _connect(parent, found)
            try:
                server.write(_request(parent, host, port, credentials))
                return await _answer(parent, server, address)
            except BaseException:
                server.reset()  # too late, or the client's end is no more: nobody will close it
                raise
    except TimeoutError:
        return Unreachable(f"the parent proxy {parent} did not answer within {DIAL_S:.0f} s", timed_out=True)
    except OSError as exc:
        return Unreachable(f"the parent proxy {parent} cannot be reached: {exc.strerror or exc}")


async def _connect(parent: Parent, found: Destination) -> tuple[End, Address]:
    """The first address that answers. Raises the last one's OSError where none does."""
    loop, context = asyncio.get_running_loop(), _tls(parent) if parent.tls else None
    failed = OSError("it has no address")
    for address in found.addresses:
        try:
            _, server = await loop.create_connection(
                End, str(address), found.port, ssl=context, server_hostname=parent.host if parent.tls else None
            )
            return server, address
        except OSError as exc:
            failed = exc
    raise failed


async def _answer(parent: Parent, server: End, address: Address) -> Dialled | ParentRefused | Unreachable:
    while (end := server.received.find(b"\r\n\r\n")) < 0:
        if len(server.received) > REQUEST_HEAD_OCTETS or not await server.more():
            server.close()
            return Unreachable(f"the parent proxy {parent} gave no HTTP answer")
    head = bytes(server.received[: end + 4])
    version, _, status = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    if not version.startswith("HTTP/1.") or not status[:3].isdigit():
        server.close()
        return Unreachable(f"the parent proxy {parent} gave no HTTP answer")
    if status.startswith("2"):
        del server.received[: end + 4]
        server.octets = len(server.received)  # the parent's answer is none of the tunnel's
        return Dialled(server, address)
    while not _complete(head, server.received) and await server.more():
        pass
    server.close()
    return ParentRefused(status, bytes(server.received[: len(head) + _REFUSAL_BODY_OCTETS]))


def _request(parent: Parent, host: str | Address, port: int, credentials: str | None) -> bytes:
    authority = host_port(host, port)
    if credentials is None and parent.credentials is not None:
        credentials = "Basic " + base64.b64encode(parent.credentials.encode()).decode()
    line = f"Proxy-Authorization: {credentials}\r\n" if credentials else ""
    # As the client's own octets came; our own user:password went into the base64 as UTF-8 (RFC 7617 section 2.1).
    return f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{line}\r\n".encode("utf-8", "surrogateescape")


def _complete(head: bytes, received: bytearray) -> bool:
    """Whether the answer's body is there, as far as it is relayed (RFC 9112 section 6.3)."""
    fields = dict(_field(line) for line in head.split(b"\r\n")[1:-2])
    body = len(received) - len(head)
    if body >= _REFUSAL_BODY_OCTETS:
        return True
    if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
        return received.endswith(b"0\r\n\r\n")
    length = fields.get(b"content-length", b"0")
    return not length.isdigit() or body >= int(length[:9])


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.strip().lower(), value.strip()


def _tls(parent: Parent) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not parent.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
