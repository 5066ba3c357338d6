"""One try from dialling to the last octet: the way, TLS if asked for, then the protocol.

Knows the order; what is said inside is the exchange's.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from tierwall.standins.certificates import trusting
from tierwall.standins.clients.outcome import LIMIT_S, Failed, Outcome, Reply, Stage, step
from tierwall.standins.clients.via import Via, ask, dial
from tierwall.standins.streams import TcpStream, TlsStream


@dataclass(slots=True)
class Heard:
    """What a client has heard so far; it counts even where the try fails later."""

    issuer: str | None = None
    reply: Reply | None = None
    pushes: list[bytes] = field(default_factory=list)
    echoes: list[bytes] = field(default_factory=list)
    farewell: bytes = b""

    def outcome(self, failed: Failed | None = None) -> Outcome:
        """The frozen result."""
        return Outcome(
            stage=failed.stage if failed else Stage.EXCHANGE,
            cause=failed.cause if failed else None,
            detail=failed.detail if failed else "",
            alert=failed.alert if failed else None,
            socks_reply=failed.socks_reply if failed else None,
            reply=failed.reply if failed and failed.reply else self.reply,
            issuer=self.issuer,
            pushes=tuple(self.pushes),
            echoes=tuple(self.echoes),
            farewell=self.farewell,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """TLS to the destination: whom to trust, and which name to give."""

    ca: Path
    sni: str | None = None
    """The name in the ClientHello, by default the host; an IP address is never sent (RFC 6066 section 3)."""
    alpn: tuple[str, ...] = ()


async def over_tcp(
    exchange: Callable[[TcpStream, Heard], Awaitable[None]], via: Via, host: str, port: int, *, limit_s: float = LIMIT_S
) -> Outcome:
    """Try a protocol on bare TCP; `limit_s` is for each stage before it, the exchange has its own."""
    heard = Heard()
    try:
        tcp = await dial(via, host, port, limit_s=limit_s)
        try:
            await ask(via, tcp, host, port, limit_s=limit_s)
            await exchange(tcp, heard)
        finally:
            tcp.abort()
    except Failed as failed:
        return heard.outcome(failed)
    return heard.outcome()


async def over_tls(  # noqa: PLR0913 - a destination and the way to it
    exchange: Callable[[TlsStream, Heard], Awaitable[None]],
    via: Via,
    host: str,
    port: int,
    secured: Secured,
    *,
    limit_s: float = LIMIT_S,
) -> Outcome:
    """The same inside TLS."""
    context = trusting(secured.ca)
    if secured.alpn:
        context.set_alpn_protocols(list(secured.alpn))

    async def secure_first(tcp: TcpStream, heard: Heard) -> None:
        tls = TlsStream(tcp, context, server_name=secured.sni or host)
        async with step(Stage.TLS, limit_s):
            await tls.handshake()
        heard.issuer = _issuer(tls.tls)
        await exchange(tls, heard)

    return await over_tcp(secure_first, via, host, port, limit_s=limit_s)


async def stay_silent(hold_s: float, listen: Callable[[], Awaitable[bytes]], heard: Heard) -> None:
    """Send nothing for that long, as an idle app does; what the server pushes meanwhile is heard."""
    with suppress(TimeoutError):
        async with asyncio.timeout(hold_s):
            while True:
                heard.pushes.append(await listen())


def _issuer(tls: ssl.SSLObject) -> str | None:
    der = tls.getpeercert(binary_form=True)
    if der is None:
        return None
    names = x509.load_der_x509_certificate(der).issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else None
