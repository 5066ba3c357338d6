"""One client connection on its way through the front door, and the three ends it can come to: refused, failed, error.

Knows the client's end, how it came in, and whom to tell. Refuses to decide: verdicts are given.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, assert_never

from tierwall.events import Stage
from tierwall.opening import TLS_RECORDS, ClientHello, Malformed, Opening, PlainHttp, SimpleRequest
from tierwall.policy.attempt import Attempt, Effect, Reason, Verdict
from tierwall.policy.authority import bracketed, host_port
from tierwall.policy.effects import broken_by
from tierwall.policy.model import Address
from tierwall.proxy.connection.access_state import AccessState
from tierwall.proxy.connection.parent_proxy import Parent, Standing
from tierwall.proxy.state import refusal
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.state.refusal import Farewell, Refusal, Refused, Reset, Silence, Spoken
from tierwall.proxy.transport.endpoint import Endpoint

_HEAD_END: Final = b"\r\n\r\n"
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
            case _:
                self.spoken = Spoken.OTHER

    def refuse(self, attempt: Attempt, verdict: Verdict) -> None:
        """Journal the denial and show it to the client in the site's way."""
        self._end(
            attempt, verdict, refusal.refuse(self.spoken, self.active_policy.site.refuse, self.told(attempt, verdict))
        )

    def refuse_with(self, attempt: Attempt, verdict: Verdict, how: str, farewell: bytes) -> None:
        """The same where the protocol itself has an answer to what was asked for."""
        self._end(attempt, verdict, (how, Farewell(farewell)))

    def refuse_as_no_http(self, attempt: Attempt, verdict: Verdict, *, too_large: bool = False) -> None:
        """The same for what cannot be read as a request, on a port where requests are expected."""
        self._end(attempt, verdict, refusal.not_http(self.told(attempt, verdict), too_large=too_large))

    def fail(self, attempt: Attempt, verdict: Verdict, cause: str, *, timed_out: bool) -> None:
        """Journal that the admitted destination does not answer, and tell the client."""
        self.recorder.failed(self.caller, attempt, verdict, cause)
        reached_nothing = replace(verdict, reason=Reason.UNREACHABLE)
        told = self.told(attempt, reached_nothing)
        self._show(refusal.unreachable(self.spoken, told, cause, timed_out=timed_out))

    def break_off(
        self, attempt: Attempt, verdict: Verdict, effect: Effect, detail: str, how: tuple[str, Refusal] | None = None
    ) -> None:
        """Journal that a behaviour of the site broke what was admitted, and show it: as a denial, or in its own way."""
        told = self.told(attempt, broken_by(verdict, effect, detail))
        name, shown = how or refusal.refuse(self.spoken, self.active_policy.site.refuse, told)
        self.recorder.broken(self.caller, attempt, verdict, effect, self.stage, detail, name)
        self._show(shown)

    async def break_off_after(  # noqa: PLR0913, PLR0917  # as many as `break_off`, and when
        self,
        seconds: float,
        attempt: Attempt,
        verdict: Verdict,
        effect: Effect,
        detail: str,
        how: tuple[str, Refusal],
    ) -> None:
        """The same where the client learns of it only after waiting so long; it is journalled at once."""
        self.recorder.broken(self.caller, attempt, verdict, effect, self.stage, detail, how[0])
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self.client.more():
                    pass  # what it says too early
        self._show(how[1])

    def as_failed_dial(
        self, attempt: Attempt, verdict: Verdict, effect: Effect, detail: str, *, timed_out: bool
    ) -> tuple[str, Refusal]:
        """How it looks that a behaviour kept an admitted destination from being dialled."""
        told = self.told(attempt, broken_by(verdict, effect, detail))
        return refusal.unreached(self.spoken, told, detail, timed_out=timed_out)

    def _end(self, attempt: Attempt, verdict: Verdict, how: tuple[str, Refusal]) -> None:
        self.recorder.decided(self.caller, attempt, verdict, self.stage, how[0])
        self._show(how[1])

    def _show(self, what: Refusal) -> None:
        match what:
            case Farewell(octets):
                head_only = self.spoken is Spoken.HTTP and self.caller.method == "HEAD"  # RFC 9110 section 9.3.2
                self.client.close_after(octets[: octets.find(_HEAD_END) + len(_HEAD_END)] if head_only else octets)
            case Reset():
                self.client.reset()
            case Silence():
                self.client.go_silent()
            case _:
                assert_never(what)

    def told(self, attempt: Attempt, verdict: Verdict) -> Refused:
        """What a refusal of the attempt may tell."""
        return Refused(verdict=verdict, target=target(attempt, verdict), site=self.active_policy.site.id)


def target(attempt: Attempt, verdict: Verdict) -> str:
    """The destination as people write it: `8x8.vc:443`, `[2606:4700::1]:443`."""
    name = verdict.name or (str(attempt.address) if attempt.address else "what was asked for")
    return host_port(name, attempt.port) if attempt.port else bracketed(name)


def _url(opening: PlainHttp) -> str:
    port = "" if opening.port == _PORTS.get(opening.scheme) else f":{opening.port}"
    path = opening.path if opening.path.startswith("/") else ""  # `*` of OPTIONS names no path
    return f"{opening.scheme}://{opening.host or ''}{port}{path}"
