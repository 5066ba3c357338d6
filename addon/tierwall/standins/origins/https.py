"""The vendors' web servers: one TLS port that serves pages, a WebSocket and the native app's own protocol.

So it is at Vevox, where the web apps and the native apps use the same hosts and port: what a connection speaks shows
only inside TLS. RedirectOrigin is port 80 beside it.
"""

import asyncio
import html
from collections.abc import AsyncIterator
from http import HTTPStatus

from tierwall.standins.origins.base import TcpOrigin, TlsOrigin
from tierwall.standins.origins.http import Answer, Asked, Upgrade, Upgraded, serve_http, text
from tierwall.standins.origins.native import serve_native
from tierwall.standins.origins.websocket import serve_websocket
from tierwall.standins.streams import TcpStream, TlsStream

PIECE_OCTETS = 64 * 1024
SLOW_PIECES = 4
SLOW_PAUSE_S = 0.1
EVENTS = 3

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{name}</title>
<style>
  body {{ font: 1.2em/1.5 sans-serif; margin: 3em auto; max-width: 40em; }}
  #state {{ background: #eee; border-left: .5em solid #999; padding: .5em 1em; }}
  #state.works {{ background: #dfd; border-color: #080; }}
  #state.broken {{ background: #fdd; border-color: #b00; }}
</style>
<h1>{name}</h1>
<p>A stand-in of tierwall's: this page came by HTTPS. As at the vendor, a WebSocket carries what changes.</p>
<p id="state">The WebSocket is being opened.</p>
<ol id="said"></ol>
<script>
  const state = document.getElementById("state");
  const tell = (what) => {{
    document.title = "socket: " + what;
    fetch("/told/" + encodeURIComponent(what));
  }};
  const list = (what) => {{
    document.getElementById("said").appendChild(document.createElement("li")).textContent = what;
  }};
  const show = (kind, what) => {{ state.className = kind; state.textContent = what; }};
  const since = Date.now();
  const counting = setInterval(() => {{
    const seconds = Math.round((Date.now() - since) / 1000);
    if (answered) show("works", "The WebSocket is connected, and has been for " + seconds + " s.");
  }}, 1000);
  const end = (what) => {{ clearInterval(counting); show("broken", what); }};
  const socket = new WebSocket("wss://" + location.host + "/socket");
  let pushed = false, answered = false;
  socket.onmessage = (message) => {{
    list((pushed ? "answered: " : "pushed: ") + message.data);
    if (pushed) {{ answered = true; show("works", "The WebSocket is connected."); tell(message.data); }}
    else {{ pushed = true; socket.send("hello"); }}
  }};
  socket.onerror = () => {{
    end("The WebSocket does not work: the page is here, and nothing on it will change.");
    tell("failed");
  }};
  socket.onclose = () => {{ if (answered) end("The WebSocket was closed."); }};
</script>
</html>
"""


class HttpsOrigin(TlsOrigin):
    """Serves `/`, `/bytes/N`, `/slow`, `/events`, `/socket`; POST echoes; other first octets are a native app's.

    The page at `/` opens the WebSocket and tells by `/told/hello`, or `/told/failed`, what came of it: with a real
    browser, the record's targets show it.
    """

    async def serve_tls(self, tls: TlsStream, name: str | None) -> None:
        """Serve whichever protocol the first octet begins."""
        opening = await tls.read()
        if not opening:
            return
        if not opening[:1].isalpha():
            await serve_native(tls, opening, self.reached)
            return
        ending = await serve_http(tls, opening, self.reached, lambda asked: _answer(asked, name))
        if isinstance(ending, Upgraded):
            await serve_websocket(tls, ending, self.reached)


class RedirectOrigin(TcpOrigin):
    """Plain HTTP that does nothing but answer 301 to the same target on https."""

    async def serve(self, tcp: TcpStream) -> None:
        """Redirect every request."""
        await serve_http(tcp, b"", self.reached, _redirect)


def _redirect(asked: Asked) -> Answer:
    location = f"https://{asked.header('host')}{asked.target}"
    return text("Moved to https\n", status=HTTPStatus.MOVED_PERMANENTLY, location=location)


def _answer(asked: Asked, name: str | None) -> Answer | Upgrade:
    if asked.method == "POST":
        return text(asked.body.decode(errors="replace"))
    match asked.target.split("?")[0].strip("/").split("/"):
        case [""]:
            page = PAGE.format(name=html.escape(name or asked.header("host")))
            return text(page, media_type="text/html; charset=utf-8")
        case ["bytes", count] if count.isdecimal():
            return Answer(media_type="application/octet-stream", length=int(count), body=_zeros(int(count)))
        case ["slow"]:
            return Answer(body=_slowly())
        case ["events"]:
            return Answer(media_type="text/event-stream", headers=(("cache-control", "no-store"),), body=_events())
        case ["told", _]:
            return text("noted\n")
        case ["socket"] if asked.header("upgrade").lower() == "websocket":
            return Upgrade()
        case ["socket"]:
            return text("a WebSocket lives here\n", status=HTTPStatus.UPGRADE_REQUIRED, upgrade="websocket")
        case _:
            return text("nothing here\n", status=HTTPStatus.NOT_FOUND)


async def _zeros(count: int) -> AsyncIterator[bytes]:
    piece = bytes(PIECE_OCTETS)
    while count:
        yield piece[:count]
        count -= min(count, PIECE_OCTETS)


async def _slowly() -> AsyncIterator[bytes]:
    for number in range(1, SLOW_PIECES + 1):
        await asyncio.sleep(SLOW_PAUSE_S)
        yield f"piece {number} of {SLOW_PIECES}\n".encode()


async def _events() -> AsyncIterator[bytes]:
    for number in range(1, EVENTS + 1):
        yield f"id: {number}\ndata: state {number}\n\n".encode()
