"""What happened becomes events.

Knows the clock and the ids. Where events go (journal, console) is the sink's affair.
"""

import secrets
import time
from copy import copy
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from cachetools import TTLCache

from tierwall import events
from tierwall.events import Action, ClosedBy, Context, Event, Queries, Stage
from tierwall.journal import Sink
from tierwall.policy.attempt import Attempt, Effect, Reason, Verdict
from tierwall.policy.effects import broken_by, inspects, reason_of
from tierwall.policy.model import Address
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.counts import Counts
from tierwall.proxy.state.live import Live
from tierwall.proxy.transport.addresses import address_text

_SAID: Final = 4096
_BEFORE_ASKING: Final = 256
_SAID_S: Final = 10.0
"""Seconds for which what was said of a client, a name and a behaviour is not said again."""


@dataclass(slots=True)
class Caller:
    """Who is connected, and what it said of its request: data for events, never for decisions."""

    address: Address | None
    port: int
    url: str | None = None
    method: str | None = None
    user_agent: str | None = None
    _ip: str | None = None

    @property
    def ip(self) -> str | None:
        """The address as text."""
        if self._ip is None and self.address is not None:
            self._ip = address_text(self.address)
        return self._ip


class Recorder:
    """Turns decisions and their outcomes into events. `everything`: also what was let through and what ended."""

    def __init__(  # noqa: PLR0913 - what all recorders of a process share
        self,
        sink: Sink,
        active_policy: ActivePolicy,
        *,
        everything: bool,
        live: Live | None = None,
        queries: Queries = Queries.REDACTED,
        counts: Counts | None = None,
    ) -> None:
        """`live` is among `sink`'s, and alone is told of what was let through where not everything is wanted.

        `counts`: of all sites of the process.
        """
        self._sink = sink
        self._live = live or Live()
        self.everything = everything
        self._active_policy = active_policy
        self._queries = queries
        self._run = secrets.token_hex(5)
        self._count = count(1)
        self._cut: TTLCache[tuple[Address | None, int], None] = TTLCache(_SAID, _SAID_S)
        """Clients whose connection a behaviour broke in the middle: what that then leads to is no news."""
        self.counts = counts or Counts()
        self._before_asking: TTLCache[tuple[Address | None, str | None], None] = TTLCache(_BEFORE_ASKING, _SAID_S)
        self._said: TTLCache[tuple[Address | None, int, str | None, str], None] = TTLCache(_SAID, _SAID_S)

    def told_to(self, sink: Sink) -> "Recorder":
        """The same one, whose events go elsewhere; what was said by one of the two is not said again by the other."""
        other = copy(self)
        other._sink = sink  # noqa: SLF001  # its own
        return other

    @property
    def run(self) -> str:
        """What the ids of its events begin with, before the hyphen."""
        return self._run

    def new_id(self) -> str:
        """For an event that is to be told before it is written."""
        return f"{self._run}-{next(self._count):x}"

    def decided(  # noqa: PLR0913  # the id is one fact more
        self,
        caller: Caller,
        attempt: Attempt,
        verdict: Verdict,
        stage: Stage,
        refusal: str | None = None,
        *,
        event: str | None = None,
    ) -> Event | None:
        """A denial, a would-deny, or (where everything is wanted) an allow: given back. `event`: its id, if told."""
        action = "allowed" if verdict.reason is None else "would-deny" if verdict.passes else "denied"
        self.counts.judged(self._active_policy.site.id, action, verdict, stage)
        if verdict.reason is not None or self.everything:
            written = events.from_verdict(verdict, attempt, self._context(caller, stage, refusal, event))
            self._sink.write(written)
            return written
        if self._live.watched and not self._live.turns_away():
            self._live.write(events.from_verdict(verdict, attempt, self._context(caller, stage, refusal)))
        return None

    def decided_once(self, caller: Caller, attempt: Attempt, verdict: Verdict, stage: Stage, refusal: str) -> None:
        """A denial before a client has asked for anything, which costs it nothing to come to again: of one client and
        one cause, one within ten seconds, and of all of them no more than are remembered."""
        about = caller.address, attempt.malformed
        if about in self._before_asking or len(self._before_asking) >= _BEFORE_ASKING:
            self.counts.judged(self._active_policy.site.id, "denied", verdict, stage)
        else:
            self._before_asking[about] = None
            self.decided(caller, attempt, verdict, stage, refusal)

    def failed(self, caller: Caller, attempt: Attempt, verdict: Verdict, cause: str) -> None:
        """Admitted, and the dial failed, or no answer came."""
        if (caller.address, caller.port) in self._cut:
            return
        self.counts.judged(self._active_policy.site.id, "failed", verdict, Stage.DIAL)
        self.counts.broke(verdict)
        self._sink.write(events.failed(verdict, attempt, self._context(caller, Stage.DIAL), cause))

    def broken(self, caller: Caller, breakage: Breakage) -> None:
        """Admitted, and a behaviour of the site broke it."""
        if breakage.stage is Stage.TUNNEL:
            self._cut[caller.address, caller.port] = None
        hit = broken_by(breakage.verdict, breakage.effect, breakage.detail)
        context = self._context(caller, breakage.stage, breakage.refusal, breakage.event)
        self._write_broken(hit, breakage.attempt, breakage.effect, reason_of(breakage.effect.behaviour), context)

    def broken_once(self, caller: Caller, breakage: Breakage) -> None:
        """The same where one cause shows several times: a name that is asked for its every record, a second dial."""
        port = 0 if breakage.stage is Stage.DNS else caller.port
        about = (caller.address, port, breakage.verdict.name, breakage.effect.behaviour.NAME)
        if about not in self._said:
            self._said[about] = None
            self.broken(caller, breakage)

    def rejected(self, caller: Caller, attempt: Attempt, verdict: Verdict, cause: str) -> None:
        """Admitted, inspected, and the client did not accept our certificate."""
        effect = next((each for each in verdict.effects if inspects(each.behaviour)), None)
        if effect is not None and (caller.address, caller.port) not in self._cut:
            rejected = Effect(effect.behaviour, verdict.breaks)
            hit = broken_by(verdict, rejected, cause)
            context = self._context(caller, Stage.CLIENTHELLO)
            self._write_broken(hit, attempt, effect, Reason.INSPECTION_REJECTED, context)

    def closed(  # noqa: PLR0913  # the end of a tunnel is four facts
        self,
        caller: Caller,
        attempt: Attempt,
        verdict: Verdict,
        *,
        by: ClosedBy,
        sent: int,
        received: int,
        ns: int,
        after: Event | None = None,
    ) -> None:
        """A tunnel ended. `after`: what was written when it was let through, of which most is said again."""
        self.counts.closed(by, sent, received)
        if after is not None and after.action is Action.ALLOWED:
            when, id_ = time.time_ns(), self.new_id()
            again = events.closed_after(after, when=when, id=id_, by=by, sent=sent, received=received, duration=ns)
            self._sink.write(again)
        elif self.everything or (self._live.watched and not self._live.turns_away()):
            context = self._context(caller, Stage.TUNNEL)
            ending = events.closed(verdict, attempt, context, by=by, sent=sent, received=received, duration=ns)
            (self._sink if self.everything else self._live).write(ending)

    def error(self, caller: Caller, stage: Stage, message: str, attempt: Attempt | None = None) -> None:
        """Our own failure; the connection was denied."""
        self.counts.fault()
        self._sink.write(events.error(message, self._context(caller, stage), attempt))

    def mark(self, note: str) -> None:
        """A moment that somebody noted."""
        site = self._active_policy.site.id
        self._sink.write(events.marked(note, when=time.time_ns(), id=self.new_id(), site=site))

    def fault(self, message: str, stage: Stage) -> None:
        """Something of ours that no connection is to blame for."""
        self.counts.fault()
        site = self._active_policy.site.id
        self._sink.write(events.fault(message, stage, when=time.time_ns(), id=self.new_id(), site=site))

    def _write_broken(self, hit: Verdict, attempt: Attempt, effect: Effect, reason: Reason, context: Context) -> None:
        self.counts.judged(self._active_policy.site.id, "broken", replace(hit, reason=reason), context.stage)
        name, detail = effect.behaviour.NAME, hit.detail
        self._sink.write(events.broken(hit, attempt, context, reason=reason, behaviour=name, detail=detail))

    def _context(self, caller: Caller, stage: Stage, refusal: str | None = None, event: str | None = None) -> Context:
        return Context(
            when=time.time_ns(),
            id=event or self.new_id(),
            stage=stage,
            site=self._active_policy.site.id,
            revision=self._active_policy.site.revision,
            client_ip=caller.ip,
            client_port=caller.port or None,
            refusal=refusal,
            url=caller.url,
            queries=self._queries,
            method=caller.method,
            user_agent=caller.user_agent,
        )
