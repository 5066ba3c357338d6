"""Behaviours that look inside TLS, with certificates of the lab CA.

Knows specifications only; proxy/middlebox/inspection, dpi.py and mitmproxy act.
"""

from dataclasses import dataclass
from typing import ClassVar

from tierwall.policy.behaviour.parameters import (
    Basis,
    HeaderFields,
    HeaderName,
    HostPattern,
    TlsVersion,
    UpgradeStop,
)
from tierwall.policy.behaviour.spec import EVERY_PROTOCOL, INSIDE_TLS, NOT_HTTP, Sees, Spec
from tierwall.policy.model import Network, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsInspection(Spec):
    """TLS is opened with certificates of the lab CA. Clients that do not trust it, pinned native apps say, give up.

    What it leaves alone, no other behaviour inspects either.
    """

    NAME: ClassVar[str] = "tls-inspection"
    SEES: ClassVar[Sees] = Sees.TLS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL - {Protocol.HTTP_REDIRECT}

    excepted: tuple[HostPattern | Network, ...] = ()
    """What it leaves alone: names, by any that the client gave, and networks, for what has no name at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DpiHttpsOnly(Spec):
    """Traffic on port 443 that is not HTTPS is cut, by a reset.

    HTTPS is TLS inside which the client begins with a request of HTTP/1 or the preface of HTTP/2. A server that speaks
    first, unless it speaks HTTP/2, a minute without a request, and whatever is no TLS at all are cut too.
    """

    NAME: ClassVar[str] = "dpi-https-only"
    SEES: ClassVar[Sees] = Sees.TLS
    HITS: ClassVar[frozenset[Protocol]] = NOT_HTTP

    basis: Basis = Basis.INSPECT
    """What it goes by. `alpn` does not inspect, and takes HTTPS clients that offer no ALPN for something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsMaxVersion(Spec):
    """The middlebox speaks TLS only up to a version, to client and server.

    Who speaks only newer ones fails, and that is journalled with what it breaks; with 1.0 and 1.1 that is anybody of
    today. That a client would have spoken a newer one is journalled too, and breaks nothing.
    """

    NAME: ClassVar[str] = "tls-max-version"
    SEES: ClassVar[Sees] = Sees.TLS
    HITS: ClassVar[frozenset[Protocol]] = INSIDE_TLS

    version: TlsVersion = TlsVersion.TLS_1_2
    """The newest that it speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoHttp2(Spec):
    """HTTP/2 is never agreed on (ALPN, RFC 7301), with client or server: everything is HTTP/1.1.

    Nothing documented breaks by it; a client that speaks only HTTP/2 (gRPC) does.
    """

    NAME: ClassVar[str] = "no-http2"
    SEES: ClassVar[Sees] = Sees.TLS
    HITS: ClassVar[frozenset[Protocol]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWebsocket(Spec):
    """Requests to change to WebSocket (RFC 6455 section 4) come to nothing."""

    NAME: ClassVar[str] = "no-websocket"
    SEES: ClassVar[Sees] = Sees.REQUESTS
    HITS: ClassVar[frozenset[Protocol]] = frozenset({Protocol.WEBSOCKET, Protocol.ANY})

    how: UpgradeStop = UpgradeStop.STRIP
    """What becomes of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffering(Spec):
    """A response is held until it is complete, to be scanned, so that server-sent events and streaming stand still.

    Up to 8 MiB are held; a longer response flows from there on. Where its length is unknown, its head goes on at once.
    """

    NAME: ClassVar[str] = "buffering"
    SEES: ClassVar[Sees] = Sees.REQUESTS
    HITS: ClassVar[frozenset[Protocol]] = frozenset({Protocol.HTTPS, Protocol.ANY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers(Spec):
    """What proxies add to requests and responses, and take away, beyond what all do (RFC 9110 section 7.6).

    Nothing documented breaks by any of it.
    """

    NAME: ClassVar[str] = "headers"
    SEES: ClassVar[Sees] = Sees.REQUESTS
    HITS: ClassVar[frozenset[Protocol]] = frozenset()

    via: bool = True
    """`Via` is added, as RFC 9110 section 7.6.3 asks of every proxy. Off: a proxy that hides itself."""
    forwarded: bool = True
    """`X-Forwarded-For` is added, with the client's address."""
    add: HeaderFields = ()
    """More fields that are added to requests."""
    strip: tuple[HeaderName, ...] = ()
    """Fields that are taken from requests and responses."""


Inspecting = TlsInspection | DpiHttpsOnly | TlsMaxVersion | NoHttp2 | NoWebsocket | Buffering | Headers
