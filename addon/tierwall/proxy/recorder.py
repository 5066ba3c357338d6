"""What happened becomes events.

Knows the clock and the ids. Where events go (journal, console) is the sink's affair.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from tierwall import events
from tierwall.events import ClosedBy, Context, Queries, Stage
from tierwall.journal import Sink
from tierwall.policy.attempt import Attempt, Reason, Verdict
from tierwall.policy.model import Address
from tierwall.proxy.rulebook import Rulebook


@dataclass(slots=True)
class Caller:
    """Who is connected, and what it said of its request: data for events, never for decisions."""

    address: Address | None
    port: int
    url: str | None = None
    method: str | None = None
    user_agent: str | None = None


class Recorder:
    """Turns decisions and their outcomes into events. `everything`: also what was let through and what ended."""

    def __init__(
        self, sink: Sink, rulebook: Rulebook, *, everything: bool, queries: Queries = Queries.REDACTED
    ) -> None:
        self._sink = sink
        self.everything = everything
        self._rulebook = rulebook
        self._queries = queries
        self._run = secrets.token_hex(5)
        self._count = count(1)

    def decided(
        self, caller: Caller, attempt: Attempt, verdict: Verdict, stage: Stage, refusal: str | None = None
    ) -> None:
        """A denial, a would-deny, or (where everything is wanted) an allow."""
        if verdict.reason is not None or self.everything:
            self._sink.write(events.from_verdict(verdict, attempt, self._context(caller, stage, refusal)))

    def failed(self, caller: Caller, attempt: Attempt, verdict: Verdict, cause: str) -> None:
        """Admitted, and the dial failed."""
        self._sink.write(events.failed(verdict, attempt, self._context(caller, Stage.DIAL), cause))

    def rejected(self, caller: Caller, attempt: Attempt, verdict: Verdict, detail: str) -> None:
        """Admitted, inspected, and the client did not accept our certificate."""
        context = self._context(caller, Stage.CLIENTHELLO)
        reason = Reason.INSPECTION_REJECTED
        event = events.broken(verdict, attempt, context, reason=reason, behaviour="tls-inspection", detail=detail)
        self._sink.write(event)

    def closed(  # noqa: PLR0913  # the end of a tunnel is four facts
        self, caller: Caller, attempt: Attempt, verdict: Verdict, *, by: ClosedBy, sent: int, received: int, ns: int
    ) -> None:
        """A tunnel ended."""
        if self.everything:
            context = self._context(caller, Stage.TUNNEL)
            self._sink.write(events.closed(verdict, attempt, context, by=by, sent=sent, received=received, duration=ns))

    def error(self, caller: Caller, stage: Stage, message: str, attempt: Attempt | None = None) -> None:
        """Our own failure; the connection was denied."""
        self._sink.write(events.error(message, self._context(caller, stage), attempt))

    def fault(self, message: str, stage: Stage) -> None:
        """Something of ours that no connection is to blame for."""
        self._sink.write(
            events.fault(message, stage, when=datetime.now(UTC), id=self._id(), site=self._rulebook.site.id)
        )

    def _context(self, caller: Caller, stage: Stage, refusal: str | None = None) -> Context:
        return Context(
            when=datetime.now(UTC),
            id=self._id(),
            stage=stage,
            site=self._rulebook.site.id,
            client_ip=str(caller.address) if caller.address else None,
            client_port=caller.port or None,
            refusal=refusal,
            url=caller.url,
            queries=self._queries,
            method=caller.method,
            user_agent=caller.user_agent,
        )

    def _id(self) -> str:
        return f"{self._run}-{next(self._count):x}"
