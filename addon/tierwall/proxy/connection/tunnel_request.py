"""What a client asks for, with what was decided of it: the one value that goes from room to room, and its ends.

Knows how a request is refused, fails, or is broken by a behaviour, that each of these is journalled, and that nothing
follows. Refuses to decide: verdicts are given.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, assert_never

from tierwall.events import Event, Stage
from tierwall.policy.attempt import Attempt, Effect, Reason, Verdict
from tierwall.policy.authority import bracketed, host_port
from tierwall.policy.effects import broken_by
from tierwall.policy.site import HttpRefusal
from tierwall.proxy.connection.client_connection import ClientConnection
from tierwall.proxy.connection.states import Happens
from tierwall.proxy.state import refusal
from tierwall.proxy.state.block_page import Refused
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.state.refusal import Farewell, Refusal, Reset, Silence, Spoken

_IN_HTTP: Final = (HttpRefusal.PAGE, HttpRefusal.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class TunnelRequest:
    """One attempt of one connection, and the verdict on it."""

    connection: ClientConnection
    attempt: Attempt
    verdict: Verdict

    def judged(self, attempt: Attempt, verdict: Verdict) -> "TunnelRequest":
        """The same connection's, of which more is known now."""
        return TunnelRequest(self.connection, attempt, verdict)

    @staticmethod
    def of(connection: ClientConnection, attempt: Attempt) -> "TunnelRequest":
        """The attempt, judged by what is in force."""
        return TunnelRequest(connection, attempt, connection.active_policy.judge(attempt))

    @staticmethod
    def malformed(connection: ClientConnection, attempt: Attempt, why: str) -> "TunnelRequest":
        """The same of what makes no sense or is not served; what makes none in the attempt itself is said first."""
        return TunnelRequest.of(connection, replace(attempt, malformed=attempt.malformed or why))

    def refuse(self) -> None:
        """Journal the denial and show it to the client in the site's way."""
        wants, head = self.connection.active_policy.site.refuse, self.connection.unreadable_head
        if head is not None and self.attempt.malformed == head.why and wants.http in _IN_HTTP:
            self.refuse_as_no_http(too_large=head.too_large)
        else:
            told = self.told()
            self._end(refusal.refuse(self.connection.spoken, wants, told), told.event)

    def refuse_with(self, how: str, farewell: bytes) -> None:
        """The same where the protocol itself has an answer to what was asked for."""
        self._end((how, Farewell(farewell)))

    def refuse_as_no_http(self, *, too_large: bool = False) -> None:
        """The same for what cannot be read as a request, on a port where requests are expected."""
        told = self.told()
        self._end(refusal.not_http(told, too_large=too_large), told.event)

    def note_if_observed(self) -> None:
        """Journal a would-deny, before the dial, which may fail."""
        if self.verdict.would_deny:
            self.decided()

    def decided(self, how: str | None = None, event: str | None = None) -> Event | None:
        """Journal the verdict. `how`: what the client sees of it; `event`: the id that it was told."""
        connection = self.connection
        recorder = connection.recorder
        return recorder.decided(connection.caller, self.attempt, self.verdict, connection.stage, how, event=event)

    def fail(self, cause: str, *, timed_out: bool) -> None:
        """Journal that the admitted destination does not answer, and tell the client."""
        self.failed(cause)
        told = self.told(replace(self.verdict, reason=Reason.UNREACHABLE))
        self._show(refusal.unreachable(self.connection.spoken, told, cause, timed_out=timed_out))

    def failed(self, cause: str) -> None:
        """Journal that the admitted destination does not answer."""
        self.connection.recorder.failed(self.connection.caller, self.attempt, self.verdict, cause)

    def break_off(self, effect: Effect, detail: str, how: tuple[str, Refusal] | None = None) -> None:
        """Journal that a behaviour of the site broke what was admitted, and show it: as a denial, or in its own way."""
        wants = self.connection.active_policy.site.refuse
        told = self.told_of(effect, detail)
        name, shown = how or refusal.refuse(self.connection.spoken, wants, told)
        self.broken(effect, detail, name, event=told.event)
        self._show(shown)

    async def break_off_after(self, seconds: float, effect: Effect, detail: str, how: tuple[str, Refusal]) -> None:
        """The same where the client learns of it only after waiting so long; it is journalled at once."""
        self.broken(effect, detail, how[0])
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self.connection.client.more():
                    pass  # what it says too early
        self._show(how[1])

    def broken(
        self, effect: Effect, detail: str, how: str | None, stage: Stage | None = None, event: str | None = None
    ) -> None:
        """Journal that a behaviour of the site broke what was admitted."""
        connection = self.connection
        told = Breakage(self.attempt, self.verdict, effect, stage or connection.stage, detail, how, event)
        connection.recorder.broken(connection.caller, told)

    def as_failed_dial(self, effect: Effect, detail: str, *, timed_out: bool) -> tuple[str, Refusal]:
        """How it looks that a behaviour kept an admitted destination from being dialled."""
        return refusal.unreached(self.connection.spoken, self.told_of(effect, detail), detail, timed_out=timed_out)

    def told_of(self, effect: Effect, detail: str) -> Refused:
        """What the client may be told of a behaviour that broke it."""
        return self.told(broken_by(self.verdict, effect, detail))

    def told(self, verdict: Verdict | None = None) -> Refused:
        """What the client may be told of a refusal."""
        verdict, connection = verdict or self.verdict, self.connection
        return told_to(connection.caller, connection.recorder, self.attempt, verdict, connection.active_policy.site.id)

    def _end(self, how: tuple[str, Refusal], event: str | None = None) -> None:
        self.decided(how[0], event)
        self._show(how[1])

    def _show(self, what: Refusal) -> None:
        client = self.connection.client
        match what:
            case Farewell(octets):
                client.close_after(_head_of(octets) if self._wants_no_body() else octets)
            case Reset():
                client.reset()
            case Silence():
                client.go_silent()
            case _:
                assert_never(what)
        self.connection.end(Happens.REFUSE)

    def _wants_no_body(self) -> bool:
        """Whether it is HEAD, which is answered without one (RFC 9110 section 9.3.2)."""
        return self.connection.spoken is Spoken.HTTP and self.connection.caller.method == "HEAD"


def told_to(caller: Caller, recorder: Recorder, attempt: Attempt, verdict: Verdict, site: str) -> Refused:
    """What that client is told of the refusal, with the id that its event is to have."""
    return Refused(
        verdict=verdict,
        target=target(attempt, verdict),
        site=site,
        when=_as_people_write(int(time.time())),
        client=caller.ip,
        event=recorder.new_id(),
    )


@lru_cache(maxsize=1)
def _as_people_write(second: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(second))


def target(attempt: Attempt, verdict: Verdict) -> str:
    """The destination as people write it: `8x8.vc:443`, `[2606:4700::1]:443`."""
    name = verdict.name or (str(attempt.address) if attempt.address else "what was asked for")
    return host_port(name, attempt.port) if attempt.port else bracketed(name)


def _head_of(answer: bytes) -> bytes:
    head, end, _ = answer.partition(b"\r\n\r\n")
    return head + end
