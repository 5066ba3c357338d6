"""The internet behind the lab's gateway, as far as a probe meets it: `python -m tests.diagnosis.matrix.world FOLDER`.

Every name of the vendors' has an address, and on SIGUSR1 another, as names behind a CDN do. Everything there speaks
what its port is asked for: pages that take a second, WebSocket, a native app's protocol, HTTP/2 and QUIC by ALPN, TURN
by UDP, TCP and TLS. Knows nothing of sites, nor of what a probe is after.
"""

import argparse
import asyncio
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from typing import Final

from tests.netns.lab import SERVER
from tierwall.cli.probing.policies import compiled
from tierwall.loader import load_catalogue
from tierwall.probe.policies import Place, plan
from tierwall.standins.certificates import Authority
from tierwall.standins.dns import A, address
from tierwall.standins.origins import RedirectOrigin
from tierwall.standins.origins.any_name import CERTIFICATES, AnyNameOrigin
from tierwall.standins.origins.http import Answer, Asked, Upgrade, Upgraded, serve_http
from tierwall.standins.origins.names import NameServerOrigin
from tierwall.standins.origins.native import serve_native
from tierwall.standins.origins.udp import UdpOrigin
from tierwall.standins.origins.websocket import serve_websocket
from tierwall.standins.quic import QuicEchoOrigin
from tierwall.standins.streams import Stream, TcpStream, TlsStream
from tierwall.standins.stun import Endpoint, binding_answer

VENDORS: Final = ("vevox", "8x8", "vsee-qatar", "google-meet", "spotme")
"""What is probed: between them all that the bundled sites do can be met."""
_FIRST, _MOVED = 10, 120
"""Where the addresses of names begin in 203.0.113.0/24, before and after they move."""
READY: Final = "ready"

_PIECE, _PIECES, _PAUSE_S = b"." * 16384, 16, 0.06
"""A page of 256 KiB at 2 Mbit/s."""
_COOKIE: Final = b"\x21\x12\xa4\x42"
_ALLOCATE: Final = 0x0003


def places() -> tuple[Place, ...]:
    """All that a probe of these vendors tries."""
    found, _ = plan(compiled(load_catalogue(())), VENDORS)
    return found


def addresses() -> tuple[str, ...]:
    """All addresses that the world has, besides the name server's."""
    named = [addresses[index] for addresses in by_name().values() for index in (0, 1)]
    return tuple(dict.fromkeys((*named, *(place.host for place in places() if place.is_address))))


def by_name() -> dict[str, tuple[str, str]]:
    """Each name's address, and where it moves to."""
    hosts = sorted({place.host for place in places() if not place.is_address})
    assert len(hosts) < _MOVED - _FIRST
    return {host: (f"203.0.113.{_FIRST + number}", f"203.0.113.{_MOVED + number}") for number, host in enumerate(hosts)}


class Everything(AnyNameOrigin):
    """Whatever is spoken on a TCP port of a vendor's."""

    def __init__(self, authority: Authority, *, host: str, port: int) -> None:
        super().__init__(authority, ["unnamed.example"], host=host, port=port)
        self._context.set_alpn_protocols(["h2", "http/1.1"])
        self._context_for = lru_cache(CERTIFICATES)(lambda name: _both_http(authority.server_context([name])))

    async def serve(self, tcp: TcpStream) -> None:
        """TLS, or STUN without."""
        opening = await tcp.read()
        if _is_stun(opening):
            await _serve_stun(tcp, opening)
        elif opening:
            tcp.unread(opening)
            await super().serve(tcp)

    async def serve_tls(self, tls: TlsStream, name: str | None) -> None:
        """What is inside it."""
        opening = await tls.read()
        if not opening or tls.tls.selected_alpn_protocol() == "h2":
            return
        if _is_stun(opening):
            await _serve_stun(tls, opening)
        elif not opening[:1].isalpha():
            await serve_native(tls, opening, self.reached)
        else:
            ending = await serve_http(tls, opening, self.reached, _page)
            if isinstance(ending, Upgraded):
                await serve_websocket(tls, ending, self.reached)


class Turn(UdpOrigin):
    """A TURN server that asks for credentials."""

    def answer(self, datagram: bytes, client: Endpoint) -> bytes | None:
        """A binding, or 401."""
        return _stun_answer(datagram) or binding_answer(datagram, client)


def _both_http(context: ssl.SSLContext) -> ssl.SSLContext:
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def _page(asked: Asked) -> Answer | Upgrade:
    if asked.header("upgrade").lower() == "websocket":
        return Upgrade()
    headers = (("date", formatdate(usegmt=True)),)
    return Answer(media_type="text/html", length=len(_PIECE) * _PIECES, headers=headers, body=_slowly())


async def _slowly() -> AsyncIterator[bytes]:
    for _ in range(_PIECES):
        yield _PIECE
        await asyncio.sleep(_PAUSE_S)


def _is_stun(octets: bytes) -> bool:
    return octets[4:8] == _COOKIE and octets[0] < 4


async def _serve_stun(stream: Stream, opening: bytes) -> None:
    answer = _stun_answer(opening)
    if answer is not None:
        await stream.write(answer)
        await stream.read()


def _stun_answer(request: bytes) -> bytes | None:
    """401 to an Allocate (RFC 8656 section 7.2)."""
    if not _is_stun(request) or int.from_bytes(request[:2]) != _ALLOCATE:
        return None
    attribute = b"\x00\x09\x00\x04\x00\x00\x04\x01"
    return b"\x01\x13" + len(attribute).to_bytes(2) + request[4:20] + attribute


async def serve(folder: Path) -> None:
    """All of it, until the process is ended."""
    authority = Authority(folder)
    records: dict[tuple[str, int], bytes] = {}
    names = by_name()

    def put(which: int) -> None:
        for host, where in names.items():
            records[host, A] = address(where[which])

    put(0)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, put, 1)
    tcp_ports = sorted({place.port for place in places() if not place.udp} - {80})
    named = sorted({(place.host, place.port) for place in places() if place.udp and not place.is_address})
    relays = sorted({(place.host, place.port) for place in places() if place.udp and place.is_address})
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(NameServerOrigin(records, host=SERVER))
        for everywhere in ("0.0.0.0", "::"):
            await stack.enter_async_context(RedirectOrigin(host=everywhere, port=80))
            for port in tcp_ports:
                await stack.enter_async_context(Everything(authority, host=everywhere, port=port))
        for name, port in named:
            for there in names[name]:
                origin = QuicEchoOrigin(authority, [name], host=there) if port == 443 else Turn(host=there, port=port)
                await stack.enter_async_context(origin)
        for there, port in relays:
            await stack.enter_async_context(Turn(host=there, port=port))
        print(READY, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=Path)
    try:
        asyncio.run(serve(arguments.parse_args().folder))
    except KeyboardInterrupt:
        sys.exit(0)
