"""HTTP clients: a page by https, and plain HTTP as a browser asks for it."""

from collections.abc import Sequence
from pathlib import Path

import h11

from tierwall.policy.authority import host_port
from tierwall.standins.clients.attempt import Heard, Secured, over_tcp, over_tls
from tierwall.standins.clients.outcome import LIMIT_S, Outcome, Stage, rejected, step
from tierwall.standins.clients.via import USER_AGENT, Direct, HttpProxy, Socks5Proxy, Via, receive_reply
from tierwall.standins.streams import Stream


async def fetch_https(  # noqa: PLR0913 - a destination and the way to it
    via: Via,
    host: str,
    port: int = 443,
    *,
    ca: Path,
    path: str = "/",
    sni: str | None = None,
    named: str | None = None,
    alpn: tuple[str, ...] = ("http/1.1",),
    limit_s: float = LIMIT_S,
) -> Outcome:
    """GET a page. `sni` and `named` (the Host header) are the destination's host unless given.

    Of `alpn` the server must choose http/1.1, or nothing: more of it makes the ClientHello longer.
    """

    async def exchange(stream: Stream, heard: Heard) -> None:
        async with step(Stage.EXCHANGE, limit_s):
            await _get(stream, heard, target=path, host=named or _host_header(host, port, default=443))

    secured = Secured(ca=ca, sni=sni, alpn=alpn)
    return await over_tls(exchange, via, host, port, secured, limit_s=limit_s)


async def plain_http(via: Via, host: str, port: int = 80, *, path: str = "/", limit_s: float = LIMIT_S) -> Outcome:
    """GET without TLS; an HTTP proxy is asked in absolute form (RFC 9112 section 3.2.2), not by CONNECT."""
    name = _host_header(host, port, default=80)

    async def exchange(stream: Stream, heard: Heard) -> None:
        async with step(Stage.EXCHANGE, limit_s):
            target = f"http://{name}{path}" if isinstance(via, HttpProxy) else path
            credentials = via.credentials if isinstance(via, HttpProxy) else []
            await _get(stream, heard, target=target, host=name, more=credentials)

    match via:
        case HttpProxy():
            direct = Direct(address=via.host, port=via.port, source=via.source)
            return await over_tcp(exchange, direct, host, port, limit_s=limit_s)
        case Direct() | Socks5Proxy():
            return await over_tcp(exchange, via, host, port, limit_s=limit_s)


async def _get(stream: Stream, heard: Heard, *, target: str, host: str, more: Sequence[tuple[str, str]] = ()) -> None:
    http = h11.Connection(h11.CLIENT)
    headers = [("host", host), ("user-agent", USER_AGENT), ("accept", "*/*"), *more]
    request = h11.Request(method="GET", target=target, headers=headers)
    await stream.write((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))
    heard.reply = await receive_reply(http, stream)
    if failed := rejected(Stage.EXCHANGE, heard.reply):
        raise failed
    await stream.close()


def _host_header(host: str, port: int, *, default: int) -> str:
    name = host_port(host, port)
    return name.removesuffix(f":{port}") if port == default else name
