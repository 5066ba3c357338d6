"""One client connection: its endpoint, how it came in, what it was seen to speak, and whom to tell of it.

Knows no destination: what a client asks for on its connection is a TunnelRequest (tunnel_request.py).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tierwall.events import Stage
from tierwall.opening import TLS_RECORDS, ClientHello, Malformed, Opening, PlainHttp, SimpleRequest
from tierwall.policy.model import Address
from tierwall.proxy.connection.access_state import AccessState
from tierwall.proxy.connection.parent_proxy import Parent, Standing
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.state.refusal import Spoken
from tierwall.proxy.transport.endpoint import Endpoint

_TEXT: Final = 0x80
"""Octets below begin text, of which only HTTP is ever malformed."""
_PORTS: Final = {"http": 80, "https": 443}


class Speaks(StrEnum):
    """What clients of a mode say first."""

    HTTP_PROXY = "http-proxy"
    """CONNECT or absolute-form requests: modes regular and upstream."""
    SOCKS5 = "socks5"
    ANYTHING = "anything"
    """Whatever they would say to the destination itself: transparent, wireguard, tun, local."""


@dataclass(frozen=True, slots=True)
class Known:
    """A destination that was already judged, for connections handed over after our own answer."""

    host: str | Address
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """How a connection came in."""

    speaks: Speaks
    hand_over: Callable[[Endpoint, Known | None], Awaitable[None]]
    """Gives the connection, with the bytes gathered, to mitmproxy; returns when that is done with it."""
    gateway: bool = False
    """A gateway mode, which serves the private ranges by default."""
    parent: Parent | None = None


@dataclass(slots=True)
class ClientConnection:
    """One connection."""

    client: Endpoint
    listener: Listener
    caller: Caller
    recorder: Recorder
    active_policy: ActivePolicy
    stage: Stage = Stage.ACCEPT
    spoken: Spoken = Spoken.OTHER
    access_state: AccessState | None = None
    """Where behaviours at the door have something to remember."""
    unreadable_head: Malformed | None = None
    """What came in the place of a request's head, and is answered in HTTP."""
    parent: Standing | None = None
    """A connection to the parent proxy that waits for a name and a password of the client."""
    segments: int = 0
    """TCP segments with data that came before the opening in the tunnel."""

    def speaks(self, opening: Opening | None) -> None:
        """Note what the client was seen to speak, and what it said of its request."""
        match opening:
            case ClientHello():
                self.spoken, self.stage = Spoken.TLS, Stage.CLIENTHELLO
            case PlainHttp():
                self.spoken, self.stage = Spoken.HTTP, Stage.REQUEST
                self.caller.url, self.caller.method = _url(opening), opening.method
                self.caller.user_agent = opening.user_agent
            case SimpleRequest():
                self.spoken, self.stage = Spoken.HTTP, Stage.REQUEST
            case Malformed() if self.client.received and self.client.received[0] in TLS_RECORDS:
                self.spoken, self.stage = Spoken.TLS, Stage.CLIENTHELLO
            case Malformed() if self.client.received and self.client.received[0] < _TEXT:
                self.spoken, self.stage, self.unreadable_head = Spoken.HTTP, Stage.REQUEST, opening
            case _:
                self.spoken = Spoken.OTHER


def _url(opening: PlainHttp) -> str:
    port = "" if opening.port == _PORTS.get(opening.scheme) else f":{opening.port}"
    path = opening.path if opening.path.startswith("/") else ""  # `*` of OPTIONS names no path
    return f"{opening.scheme}://{opening.host or ''}{port}{path}"
