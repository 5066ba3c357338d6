"""The ways from a client to its destination: straight, or asking an HTTP or SOCKS5 proxy for it.

Each way ends in a stream at whose other end the destination is, or so the proxy says.
"""

import asyncio
import ipaddress
import socket
import struct
from base64 import b64encode
from dataclasses import dataclass

import h11

from tierwall.policy.authority import host_port
from tierwall.standins.clients.outcome import Cause, Failed, Reply, Stage, rejected, step
from tierwall.standins.streams import Stream, TcpStream

USER_AGENT = "tierwall-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """No explicit proxy: a transparent gateway, or nothing in between."""

    address: str | None = None
    """Dial this instead of the destination's host, as curl's --resolve does."""
    port: int | None = None
    source: str | None = None
    """The client's own address, where it has several."""


@dataclass(frozen=True, slots=True)
class HttpProxy:
    """An HTTP proxy, asked by CONNECT; plain HTTP asks it in absolute form."""

    host: str
    port: int
    source: str | None = None
    """The client's own address, where it has several."""
    login: str | None = None
    """`name:password`, which is given with the request (RFC 7617); None for clients that know no answer to 407."""

    @property
    def credentials(self) -> list[tuple[str, str]]:
        """The header that has them, if any."""
        if self.login is None:
            return []
        return [("proxy-authorization", f"Basic {b64encode(self.login.encode()).decode()}")]


@dataclass(frozen=True, slots=True)
class Socks5Proxy:
    """A SOCKS5 proxy without authentication, which is given names as names (RFC 1928)."""

    host: str
    port: int


type Via = Direct | HttpProxy | Socks5Proxy

SOCKS_REPLIES = {
    1: "general failure",
    2: "not allowed by ruleset",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "TTL expired",
    7: "command not supported",
    8: "address type not supported",
}


async def dial(via: Via, host: str, port: int, *, limit_s: float) -> TcpStream:
    """Connect to the proxy, or to the destination where there is none."""
    match via:
        case Direct():
            target = (via.address or host, via.port or port)
        case HttpProxy() | Socks5Proxy():
            target = (via.host, via.port)
    async with step(Stage.DIAL, limit_s):
        local = None if isinstance(via, Socks5Proxy) or via.source is None else (via.source, 0)
        return TcpStream(*await asyncio.open_connection(*target, local_addr=local))


async def ask(via: Via, tcp: TcpStream, host: str, port: int, *, limit_s: float) -> None:
    """Have the proxy open the way, so that what is written next reaches the destination."""
    match via:
        case Direct():
            pass
        case HttpProxy():
            async with step(Stage.PROXY, limit_s):
                await _connect(tcp, host_port(host, port), via.credentials)
        case Socks5Proxy():
            async with step(Stage.PROXY, limit_s):
                await _socks5(tcp, host, port)


async def receive_reply(http: h11.Connection, stream: Stream) -> Reply:
    """Read one response to its end; of a CONNECT that succeeds, that is its head."""
    head: h11.Response | None = None
    body = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            octets = await stream.read()
            if not octets and head is None:
                raise EOFError("the connection ended without a response")
            http.receive_data(octets)
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif head is not None and (event is h11.PAUSED or isinstance(event, h11.EndOfMessage)):
            headers = tuple((name.decode(), value.decode("latin-1")) for name, value in head.headers)
            return Reply(status=head.status_code, headers=headers, body=bytes(body))


async def _connect(tcp: TcpStream, target: str, credentials: list[tuple[str, str]]) -> None:
    """RFC 9110 section 9.3.6."""
    http = h11.Connection(h11.CLIENT)
    headers = [("host", target), ("user-agent", USER_AGENT), *credentials]
    request = h11.Request(method="CONNECT", target=target, headers=headers)
    await tcp.write((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))
    reply = await receive_reply(http, tcp)
    if failed := rejected(Stage.PROXY, reply):
        raise failed
    surplus, _ended = http.trailing_data
    tcp.unread(surplus)


async def _socks5(tcp: TcpStream, host: str, port: int) -> None:
    """RFC 1928: version 5, one method offered, none needed; then command CONNECT."""
    octets = _Exactly(tcp)
    await tcp.write(b"\x05\x01\x00")
    if (method := await octets.read(2)) != b"\x05\x00":
        raise Failed(Stage.PROXY, Cause.PROTOCOL, f"SOCKS method selection {method.hex()}")
    await tcp.write(b"\x05\x01\x00" + _socks_address(host) + struct.pack("!H", port))
    version, reply, _reserved, kind = await octets.read(4)
    if version != 5:
        raise Failed(Stage.PROXY, Cause.PROTOCOL, f"SOCKS version {version} in the reply")
    if reply != 0:
        detail = f"SOCKS reply {reply}, {SOCKS_REPLIES.get(reply, 'unassigned')}"
        raise Failed(Stage.PROXY, Cause.REFUSED, detail, socks_reply=reply)
    lengths = {1: 4, 4: 16}
    length = lengths[kind] if kind in lengths else (await octets.read(1))[0]
    await octets.read(length + 2)
    octets.give_back()


def _socks_address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("ascii")
        return b"\x03" + bytes([len(name)]) + name
    if isinstance(address, ipaddress.IPv4Address):
        return b"\x01" + address.packed
    return b"\x04" + socket.inet_pton(socket.AF_INET6, str(address))


class _Exactly:
    """Reads an exact number of octets, and gives back what it read too far."""

    def __init__(self, tcp: TcpStream) -> None:
        self._tcp = tcp
        self._buffer = b""

    async def read(self, count: int) -> bytes:
        while len(self._buffer) < count:
            octets = await self._tcp.read()
            if not octets:
                raise EOFError("the connection ended inside the SOCKS reply")
            self._buffer += octets
        octets, self._buffer = self._buffer[:count], self._buffer[count:]
        return octets

    def give_back(self) -> None:
        self._tcp.unread(self._buffer)
