"""One client connection: its endpoint, its state, how it came in, what it was seen to speak, and whom to tell of it.

Knows what becomes of it where we fail. Knows no destination: what a client asks for on its connection is a
TunnelRequest (tunnel_request.py).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Final

from tierwall.events import Stage
from tierwall.opening import TLS_RECORDS, ClientHello, Malformed, Opening, PlainHttp, SimpleRequest
from tierwall.policy.model import Address
from tierwall.proxy.connection.access_state import AccessState
from tierwall.proxy.connection.first_bytes import FirstBytes
from tierwall.proxy.connection.parent_proxy import Parent, Standing
from tierwall.proxy.connection.states import BY_TASK, ENDS, Happens, State, after
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.own_failures import told, traceable
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.state.refusal import Spoken
from tierwall.proxy.transport.endpoints.endpoint import Endpoint

logger = logging.getLogger(__name__)

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
    answered_here: bool = False
    """Whether the client gets its answer from us alone: a refusal inside TLS, or a captive portal's page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """How a connection came in."""

    speaks: Speaks
    hand_over: Callable[[Endpoint, Known | None], Awaitable[None]]
    """Gives the connection, with the bytes gathered, to mitmproxy; returns when that is done with it."""
    gateway: bool = False
    """A gateway mode, which serves the private ranges by default."""
    parent: Parent | None = None
    spec: str = ""
    """The mode, as mitmproxy spells it."""


@dataclass(slots=True, eq=False)
class ClientConnection:
    """One connection."""

    client: Endpoint
    listener: Listener
    caller: Caller
    recorder: Recorder
    active_policy: ActivePolicy
    on_end: Callable[["ClientConnection"], None] = lambda _: None
    """Called once, when nothing follows any more."""
    state: State = State.OPENING
    first_bytes: FirstBytes = field(init=False)
    stage: Stage = Stage.ACCEPT
    spoken: Spoken = Spoken.OTHER
    server: Endpoint | None = None
    """The other end, once it answered, until a tunnel has ended or was parted."""
    access_state: AccessState | None = None
    """Where behaviours at the door have something to remember."""
    unreadable_head: Malformed | None = None
    """What came in the place of a request's head, and is answered in HTTP."""
    parent: Standing | None = None
    """A connection to the parent proxy that waits for a name and a password of the client."""
    segments: int = 0
    """TCP segments with data that came before the opening in the tunnel."""
    task: asyncio.Task[None] | None = None
    """What serves a state that has to wait (states.BY_TASK)."""

    def __post_init__(self) -> None:
        self.first_bytes = FirstBytes(self.client)
        self.client.owner = self

    def step(self, what: Happens) -> None:
        """Something happens to it. Raises Impossible where it cannot."""
        self.state = after(self.state, what)

    def end(self, what: Happens) -> None:
        """The same where nothing follows: its client was told, or one side has left."""
        self.step(what)
        self.first_bytes.stop()
        self.on_end(self)

    def serve(self, work: Coroutine[Any, Any, None]) -> None:
        """Let a task serve the state that it is in now; it comes back to callbacks by the next step."""
        self.task = asyncio.get_running_loop().create_task(self._guarded(work))
        self.task.add_done_callback(partial(self._cut_off, work))

    def failed(self, failure: Exception) -> None:
        """Something of ours raised: it is denied, journalled and over, whatever it was doing."""
        self.client.reset()  # first: what follows may fail too
        if self.server is not None:
            self.server.reset()
        if self.state in ENDS:
            logger.error("what is left of a connection ends because of a failure of ours", exc_info=traceable(failure))
            return
        self.state = State.OVER
        self.first_bytes.stop()
        logger.error("a connection is denied because of a failure of ours", exc_info=traceable(failure))
        try:
            self.recorder.error(self.caller, self.stage, told(failure))
        except Exception:
            logger.exception("and it cannot be journalled")
        finally:
            self.on_end(self)

    def cut(self) -> None:
        """End it now: the run ends."""
        if self.task is not None and self.state in BY_TASK:
            self.task.cancel()
        elif self.state not in ENDS:
            self.client.close()
            if self.server is not None:
                self.server.abort()
            self.end(Happens.END)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as failure:  # noqa: BLE001 - it is said
            self.failed(failure)

    def _cut_off(self, work: Coroutine[Any, Any, None], task: asyncio.Task[None]) -> None:
        """What a cut leaves to do. One that comes before a task's first step is never heard inside it."""
        if not task.cancelled():
            return
        work.close()
        self.client.close()
        if self.state not in ENDS:
            self.state = State.OVER
            self.on_end(self)

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
