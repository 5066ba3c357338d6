"""What became of one client's try: how far it got, what stopped it, what it had heard until then.

`step` is the one place where errors and time-outs become failures.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import h11
from wsproto.utilities import RemoteProtocolError

from tierwall.standins.frames import FrameError

LIMIT_S: Final = 5.0
"""Seconds that each stage of a try may take."""


class Stage(StrEnum):
    """The steps of a try, in their order."""

    DIAL = "dial"
    """TCP to the proxy, or to the destination where there is none."""
    PROXY = "proxy"
    """Asking the proxy for the destination: CONNECT, or SOCKS5."""
    TLS = "tls"
    EXCHANGE = "exchange"
    """The protocol itself."""


class Cause(StrEnum):
    """What a failure looked like to the client."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """The proxy said no, in its own words: an HTTP status, or a SOCKS reply."""
    ALERT = "alert"
    UNTRUSTED = "untrusted"
    """Someone else's certificate came, such as an inspecting proxy's."""
    RESET = "reset"
    CLOSED = "closed"
    TIMEOUT = "timeout"
    STATUS = "status"
    """An HTTP error that does not come from tierwall."""
    PROTOCOL = "protocol"
    """What came is not the protocol that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP response, whoever gave it."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case."""
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The value of a header, None where it is absent."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    @property
    def reason(self) -> str | None:
        """Why tierwall denied it, where it did."""
        return self.header("x-tierwall-reason")

    @property
    def tier(self) -> str | None:
        """The tier that tierwall's denial breaks."""
        return self.header("x-tierwall-tier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one try."""

    stage: Stage
    """How far it got: where it failed, else `exchange`."""
    cause: Cause | None = None
    """What stopped it; None where nothing did."""
    detail: str = ""
    """The same for people."""
    alert: str | None = None
    """The TLS alert's name, as RFC 8446 section 6 spells it."""
    socks_reply: int | None = None
    """The REP field that refused (RFC 1928 section 6)."""
    reply: Reply | None = None
    """The HTTP response that refused or answered."""
    issuer: str | None = None
    """The common name of who issued the server's certificate: it shows who ended the TLS."""
    pushes: tuple[bytes, ...] = ()
    """What the server said on its own."""
    echoes: tuple[bytes, ...] = ()
    """What came back of what the client sent."""
    farewell: bytes = b""
    """What the server still said after the client had ended its direction."""

    @property
    def ok(self) -> bool:
        """Whether the client got all that it wanted."""
        return self.cause is None


class Failed(Exception):
    """A try that ended early. Its arguments are those of the Outcome to be."""

    def __init__(  # noqa: PLR0913 - as many as an Outcome has of a failure
        self,
        stage: Stage,
        cause: Cause,
        detail: str,
        *,
        alert: str | None = None,
        socks_reply: int | None = None,
        reply: Reply | None = None,
    ) -> None:
        super().__init__(detail)
        self.stage = stage
        self.cause = cause
        self.detail = detail
        self.alert = alert
        self.socks_reply = socks_reply
        self.reply = reply


@asynccontextmanager
async def step(stage: Stage, limit_s: float) -> AsyncIterator[None]:
    """Run a stage within its limit; what goes wrong comes out as Failed."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except (OSError, EOFError, h11.RemoteProtocolError, RemoteProtocolError, FrameError) as error:
        raise _failed(stage, error) from error


def rejected(stage: Stage, reply: Reply) -> Failed | None:
    """The failure that an HTTP response stands for, None for a good one."""
    if reply.reason is not None or (stage is Stage.PROXY and not 200 <= reply.status < 300):
        detail = f"{reply.status}, reason {reply.reason or 'not given'}, tier {reply.tier or 'not given'}"
        return Failed(stage, Cause.REFUSED, detail, reply=reply)
    if reply.status >= 400:
        return Failed(stage, Cause.STATUS, f"{reply.status}", reply=reply)
    return None


def _failed(stage: Stage, error: Exception) -> Failed:
    detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    match error:
        case ssl.SSLCertVerificationError():
            return Failed(stage, Cause.UNTRUSTED, error.verify_message)
        case ssl.SSLError():
            # OpenSSL: "TLSV1_ALERT_ACCESS_DENIED", "SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV13_ALERT_…"
            alert = re.search(r"^(?:SSL|TLS)V\w*?_ALERT_(\w+)$", error.reason or "")
            if alert:
                return Failed(stage, Cause.ALERT, f"TLS alert {alert[1].lower()}", alert=alert[1].lower())
            return Failed(stage, Cause.PROTOCOL, detail)
        case TimeoutError():
            return Failed(stage, Cause.TIMEOUT, "no answer in time")
        case OSError() if stage is Stage.DIAL:
            return Failed(stage, Cause.UNREACHABLE, detail)
        case ConnectionError():
            return Failed(stage, Cause.RESET, detail)
        case EOFError():
            return Failed(stage, Cause.CLOSED, str(error) or "the connection ended early")
        case _:
            return Failed(stage, Cause.PROTOCOL, detail)
