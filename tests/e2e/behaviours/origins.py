"""A server that tells what reached it, for behaviours that change requests and handshakes on their way."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from http import HTTPStatus

from tierwall.opening import ClientHello, read_client_hello
from tierwall.standins.origins.base import TlsOrigin
from tierwall.standins.origins.http import Answer, Asked, Upgrade, Upgraded, serve_http, text
from tierwall.standins.origins.websocket import serve_websocket
from tierwall.standins.streams import TcpStream, TlsStream


class TellingOrigin(TlsOrigin):
    """Tells at `/seen` what it was asked and offered; `/open` sends one event and stays open; `/socket`."""

    async def serve(self, tcp: TcpStream) -> None:
        """Look at the ClientHello on its way in."""
        self._hello: ClientHello | None = None
        opening = await tcp.read()
        if opening:
            hello = read_client_hello(opening)
            self._hello = hello if isinstance(hello, ClientHello) else None
            tcp.unread(opening)
            await super().serve(tcp)

    async def serve_tls(self, tls: TlsStream, name: str | None) -> None:
        """HTTP, until it becomes a WebSocket."""
        hello = self._hello
        ending = await serve_http(tls, b"", self.reached, lambda asked: self._answer(asked, hello))
        if isinstance(ending, Upgraded):
            await serve_websocket(tls, ending, self.reached)

    def _answer(self, asked: Asked, hello: ClientHello | None) -> Answer | Upgrade:
        match asked.target:
            case "/seen":
                seen = {
                    "headers": [f"{name}: {value}" for name, value in asked.headers],
                    "alpn": list(hello.alpn) if hello else [],
                    "newest": max(v for v in hello.versions if v <= 0x0304) if hello else 0,
                }
                return text(json.dumps(seen), via="1.1 inner", keep_alive="timeout=5", x_powered_by="tests")
            case "/open":
                return Answer(media_type="text/event-stream", body=_one_event())
            case "/later":
                return Answer(length=6, body=_later())
            case "/socket" if re.search("websocket", asked.header("upgrade"), re.IGNORECASE):
                return Upgrade()
            case "/socket":
                return text("a WebSocket lives here\n", status=HTTPStatus.UPGRADE_REQUIRED, upgrade="websocket")
            case _:
                return text("nothing here\n", status=HTTPStatus.NOT_FOUND)


async def _one_event() -> AsyncIterator[bytes]:
    yield b"data: first\n\n"
    await asyncio.Event().wait()


async def _later() -> AsyncIterator[bytes]:
    yield b"now "
    await asyncio.sleep(1.5)  # longer than a response is held before that is noted
    yield b"on"
