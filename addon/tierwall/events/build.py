"""Events from what was decided and what then happened: pure, the clock and the ids are passed in.

Every text is cut here, so that what is built is exactly what the line says. The limits, of JSON octets, leave room for
one break in the longest line; line.py drops the rest of them where it must.
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct, structs

from tierwall import __version__
from tierwall.events.enums import Action, Category, ClosedBy, Kind, Stage, Type
from tierwall.events.field_sets import of_attempt, source, timestamp
from tierwall.events.hostile_text import (
    FAULT_OCTETS,
    ID_OCTETS,
    TEXT_OCTETS,
    URL_OCTETS,
    Queries,
    cut,
    cut_if_any,
    redact_url,
)
from tierwall.events.model import (
    Ecs,
    Error,
    Event,
    EventFields,
    Http,
    HttpRequest,
    Observer,
    Tierwall,
    Url,
    UserAgent,
)
from tierwall.events.verdict_fields import said_of
from tierwall.policy.attempt import Attempt, Reason, Verdict
from tierwall.policy.model import Tier

_ECS: Final = Ecs(version="8.17.0")
_OBSERVER: Final = Observer(product="tierwall", version=__version__)
_NETWORK: Final = (Category.NETWORK,)
_CONFIGURATION: Final = (Category.CONFIGURATION,)
_TYPES: Final[dict[Action, tuple[Type, ...]]] = {
    Action.DENIED: (Type.DENIED,),
    Action.WOULD_DENY: (Type.CONNECTION, Type.ALLOWED),
    Action.BROKEN: (Type.CONNECTION, Type.END),
    Action.FAILED: (Type.CONNECTION,),
    Action.FAULT: (Type.INFO,),
    Action.ALLOWED: (Type.CONNECTION, Type.ALLOWED, Type.START),
    Action.CLOSED: (Type.CONNECTION, Type.END),
    Action.MARKED: (Type.INFO,),
    Action.APPLIED: (Type.INFO,),
    Action.DRIFT: (Type.CONNECTION, Type.INFO),
}


class Context(Struct, frozen=True, kw_only=True, gc=False):
    """What the shell knows beside the attempt and its verdict."""

    when: datetime | int
    """Aware; or nanoseconds since the epoch."""
    id: str
    stage: Stage
    site: str | None = None
    revision: str | None = None
    client_ip: str | None = None
    client_port: int | None = None
    refusal: str | None = None
    url: str | None = None
    """As the client sent it: it is redacted here."""
    queries: Queries = Queries.REDACTED
    method: str | None = None
    user_agent: str | None = None


class _Outcome(Struct, frozen=True, kw_only=True, gc=False):
    """What differs between the kinds of events about a connection."""

    action: Action
    reason: Reason | None = None
    message: str | None = None
    behaviour: str | None = None
    detail: str | None = None
    closed_by: ClosedBy | None = None
    sent: int | None = None
    received: int | None = None
    duration_ns: int | None = None


_ALLOWED: Final = _Outcome(action=Action.ALLOWED)


def from_verdict(verdict: Verdict, attempt: Attempt, context: Context) -> Event:
    """A denial, what would have been one (the site observes), or `allowed`."""
    if verdict.reason is None:
        return _event(_ALLOWED, verdict, attempt, context)
    action = Action.WOULD_DENY if verdict.passes else Action.DENIED
    return _event(_Outcome(action=action, reason=verdict.reason), verdict, attempt, context)


def failed(verdict: Verdict, attempt: Attempt, context: Context, cause: str) -> Event:
    """It was let through, and the dial failed."""
    return _event(_Outcome(action=Action.FAILED, reason=Reason.UNREACHABLE, message=cause), verdict, attempt, context)


def broken(  # noqa: PLR0913 - what broke it is two facts more than the rest need
    verdict: Verdict, attempt: Attempt, context: Context, *, reason: Reason, behaviour: str, detail: str | None = None
) -> Event:
    """It was let through, and a behaviour of the site broke it."""
    outcome = _Outcome(action=Action.BROKEN, reason=reason, behaviour=behaviour, detail=detail)
    return _event(outcome, verdict, attempt, context)


def closed(  # noqa: PLR0913 - the end of a tunnel is four facts
    verdict: Verdict,
    attempt: Attempt,
    context: Context,
    *,
    by: ClosedBy | None,
    sent: int,
    received: int,
    duration: timedelta | int,
    behaviour: str | None = None,
) -> Event:
    """A tunnel ended, by whom where that is known. Octets are as the client counts them; a duration of int is ns."""
    if isinstance(duration, timedelta):
        duration = duration // timedelta(microseconds=1) * 1000
    outcome = _Outcome(
        action=Action.CLOSED,
        closed_by=by,
        sent=sent,
        received=received,
        duration_ns=max(duration, 0),
        behaviour=behaviour,
    )
    return _event(outcome, verdict, attempt, context)


def drift(verdict: Verdict, attempt: Attempt, context: Context, message: str) -> Event:
    """Another engine decided otherwise; the message says how."""
    return _event(_Outcome(action=Action.DRIFT, reason=verdict.reason, message=message), verdict, attempt, context)


def closed_after(  # noqa: PLR0913 - as many as `closed`
    allowed: Event,
    *,
    when: int,
    id: str,  # noqa: A002
    by: ClosedBy,
    sent: int,
    received: int,
    duration: int,
) -> Event:
    """The same of a tunnel that was told of when it began: what was said then is said again, and not made again."""
    client, server = allowed.source, allowed.destination
    ended = structs.replace(
        allowed.event,
        type=_TYPES[Action.CLOSED],
        action=Action.CLOSED,
        id=cut(id, ID_OCTETS),
        duration=max(duration, 0),
    )
    return structs.replace(
        allowed,
        timestamp=timestamp(when),
        event=ended,
        source=None if client is None else structs.replace(client, bytes=sent),
        destination=None if server is None else structs.replace(server, bytes=received),
        tierwall=structs.replace(allowed.tierwall, stage=Stage.TUNNEL, closed_by=by),
    )


def error(message: str, context: Context, attempt: Attempt | None = None, verdict: Verdict | None = None) -> Event:
    """Our own failure, which denies: we fail closed."""
    return _event(_Outcome(action=Action.DENIED, reason=Reason.ERROR, message=message), verdict, attempt, context)


def fault(message: str, stage: Stage, *, when: datetime | int, id: str, site: str | None = None) -> Event:  # noqa: A002
    """Something of ours that no connection is to blame for: a file that did not load, a journal that lost lines."""
    return Event(
        timestamp=timestamp(when),
        ecs=_ECS,
        event=EventFields(
            kind=Kind.EVENT,
            category=_CONFIGURATION,
            type=_TYPES[Action.FAULT],
            action=Action.FAULT,
            id=cut(id, ID_OCTETS),
        ),
        error=Error(message=cut(message, FAULT_OCTETS)),
        observer=_OBSERVER,
        tierwall=Tierwall(tier=Tier.NONE, stage=stage, site=cut_if_any(site, ID_OCTETS), breaks=(), near=()),
    )


def applied(note: str, *, when: datetime | int, id: str, site: str | None = None) -> Event:  # noqa: A002
    """An engine took a version of a site; the note says which."""
    event = marked(note, when=when, id=id, site=site)
    fields = structs.replace(event.event, action=Action.APPLIED, type=_TYPES[Action.APPLIED])
    return structs.replace(event, event=fields, tierwall=structs.replace(event.tierwall, stage=Stage.CONFIG))


def marked(note: str, *, when: datetime | int, id: str, site: str | None = None) -> Event:  # noqa: A002
    """A moment that somebody noted, so that what was done in an app is found again beside what came of it."""
    fields = EventFields(
        kind=Kind.EVENT,
        category=_CONFIGURATION,
        type=_TYPES[Action.MARKED],
        action=Action.MARKED,
        id=cut(id, ID_OCTETS),
    )
    site = cut_if_any(site, ID_OCTETS)
    return Event(
        timestamp=timestamp(when),
        ecs=_ECS,
        event=fields,
        message=cut(note, TEXT_OCTETS),
        observer=_OBSERVER,
        tierwall=Tierwall(tier=Tier.NONE, stage=Stage.MARK, site=site, breaks=(), near=()),
    )


def _event(outcome: _Outcome, verdict: Verdict | None, attempt: Attempt | None, context: Context) -> Event:
    said = None if attempt is None else of_attempt(attempt, verdict)
    where = None if said is None else said.destination
    if where is not None and outcome.received is not None:
        where = structs.replace(where, bytes=outcome.received)
    return Event(
        timestamp=timestamp(context.when),
        ecs=_ECS,
        event=EventFields(
            kind=Kind.EVENT,
            category=_NETWORK,
            type=_TYPES[outcome.action],
            action=outcome.action,
            reason=outcome.reason,
            id=cut(context.id, ID_OCTETS),
            duration=outcome.duration_ns,
        ),
        source=source(context.client_ip, context.client_port, outcome.sent),
        destination=where,
        network=None if said is None else said.network,
        tls=None if said is None else said.tls,
        url=None if context.url is None else Url(full=cut(redact_url(context.url, context.queries), URL_OCTETS)),
        http=None if context.method is None else Http(request=HttpRequest(method=cut(context.method, ID_OCTETS))),
        user_agent=None if context.user_agent is None else UserAgent(original=cut(context.user_agent, TEXT_OCTETS)),
        rule=None if verdict is None else said_of(verdict).rule,
        error=None if outcome.message is None else Error(message=cut(outcome.message, TEXT_OCTETS)),
        observer=_OBSERVER,
        tierwall=_tierwall(outcome, verdict, context),
    )


def _tierwall(outcome: _Outcome, verdict: Verdict | None, context: Context) -> Tierwall:
    site = cut_if_any(context.site, ID_OCTETS)
    refusal = cut_if_any(context.refusal, ID_OCTETS)
    if verdict is None:
        return Tierwall(
            tier=Tier.NONE,
            site=site,
            revision=context.revision,
            stage=context.stage,
            refusal=refusal,
            breaks=(),
            near=(),
        )
    said = said_of(verdict)
    lasting = outcome.action is Action.ALLOWED or outcome.action is Action.CLOSED
    return Tierwall(
        tier=verdict.tier,
        site=site,
        revision=context.revision,
        stage=context.stage,
        name_source=verdict.name_source,
        refusal=refusal,
        detail=said.detail if outcome.detail is None else cut(outcome.detail, TEXT_OCTETS),
        admitted_by=said.admitted_by,
        behaviour=cut_if_any(outcome.behaviour, ID_OCTETS),
        closed_by=outcome.closed_by,
        # What passes breaks nothing; `rule` says what it serves.
        breaks=() if lasting else said.breaks,
        near=() if lasting else said.near,
    )
