"""Events from what was decided and what then happened: pure, the clock and the ids are passed in.

Every text is cut here, so that what is built is exactly what the line says. The limits, of JSON octets, leave room for
one break in the longest line; line.py drops the rest of them where it must.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tierwall.events.model import (
    Action,
    Break,
    Category,
    ClosedBy,
    Destination,
    Error,
    Event,
    EventFields,
    Http,
    HttpRequest,
    Network,
    NetworkProtocol,
    Rule,
    Source,
    Stage,
    Tierwall,
    Tls,
    TlsClient,
    Type,
    Url,
    UserAgent,
)
from tierwall.events.text import Queries, cut, redact_url
from tierwall.policy.attempt import Attempt, Impact, NameSource, Reason, Seen, Verdict

URL_OCTETS: Final = 1024
NAME_OCTETS: Final = 300
TEXT_OCTETS: Final = 512
"""User agent, detail, symptom, the cause of a failed dial."""
FAULT_OCTETS: Final = 4096
"""The message of a fault: a file's every error at once."""
ID_OCTETS: Final = 128
"""Ids of vendors, services, rules, sites, events; refusals, behaviours, methods."""

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
}
_PROTOCOLS: Final[dict[Seen | None, NetworkProtocol]] = {
    Seen.TLS: NetworkProtocol.TLS,
    Seen.HTTP: NetworkProtocol.HTTP,
    Seen.QUIC: NetworkProtocol.QUIC,
    Seen.DNS: NetworkProtocol.DNS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the shell knows beside the attempt and its verdict."""

    when: datetime
    """Aware."""
    id: str
    stage: Stage
    site: str | None = None
    client_ip: str | None = None
    client_port: int | None = None
    refusal: str | None = None
    url: str | None = None
    """As the client sent it: it is redacted here."""
    queries: Queries = Queries.REDACTED
    method: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
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


def allowed(verdict: Verdict, attempt: Attempt, context: Context) -> Event:
    """It was let through, and what was dialled answered."""
    return _event(_ALLOWED, verdict, attempt, context)


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
    by: ClosedBy,
    sent: int,
    received: int,
    duration: timedelta | int,
    behaviour: str | None = None,
) -> Event:
    """A tunnel ended. `sent` and `received` are octets as the client counts them; a duration of int is nanoseconds."""
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


def error(message: str, context: Context, attempt: Attempt | None = None, verdict: Verdict | None = None) -> Event:
    """Our own failure, which denies: we fail closed."""
    return _event(_Outcome(action=Action.DENIED, reason=Reason.ERROR, message=message), verdict, attempt, context)


def fault(message: str, stage: Stage, *, when: datetime, id: str, site: str | None = None) -> Event:  # noqa: A002
    """Something of ours that no connection is to blame for: a file that did not load, a journal that lost lines."""
    return Event(
        timestamp=_timestamp(when),
        event=EventFields(
            category=_CONFIGURATION, type=_TYPES[Action.FAULT], action=Action.FAULT, id=cut(id, ID_OCTETS)
        ),
        error=Error(message=cut(message, FAULT_OCTETS)),
        tierwall=Tierwall(stage=stage, site=_cut(site, ID_OCTETS)),
    )


def _event(outcome: _Outcome, verdict: Verdict | None, attempt: Attempt | None, context: Context) -> Event:
    return Event(
        timestamp=_timestamp(context.when),
        event=EventFields(
            category=_NETWORK,
            type=_TYPES[outcome.action],
            action=outcome.action,
            reason=outcome.reason,
            id=cut(context.id, ID_OCTETS),
            duration=outcome.duration_ns,
        ),
        source=_source(context, outcome.sent),
        destination=None if attempt is None else _destination(attempt, verdict, outcome.received),
        network=None if attempt is None else _network(attempt),
        tls=None if attempt is None else _tls(attempt),
        url=None if context.url is None else Url(full=cut(redact_url(context.url, context.queries), URL_OCTETS)),
        http=None if context.method is None else Http(request=HttpRequest(method=cut(context.method, ID_OCTETS))),
        user_agent=None if context.user_agent is None else UserAgent(original=cut(context.user_agent, TEXT_OCTETS)),
        rule=None if verdict is None else _rule(verdict),
        error=None if outcome.message is None else Error(message=cut(outcome.message, TEXT_OCTETS)),
        tierwall=_tierwall(outcome, verdict, context),
    )


def _timestamp(when: datetime) -> str:
    when = when if when.tzinfo is UTC else when.astimezone(UTC)
    return when.isoformat(timespec="milliseconds")[:-6] + "Z"


def _source(context: Context, sent: int | None) -> Source | None:
    if context.client_ip is None:
        return None
    return Source(ip=context.client_ip, port=context.client_port, bytes=sent)


def _destination(attempt: Attempt, verdict: Verdict | None, received: int | None) -> Destination:
    decided_by = None if verdict is None else verdict.name_source
    domain: str | None = None
    address = attempt.dialled or attempt.address
    for given in attempt.names:
        if not isinstance(given.value, str):
            address = address or given.value
        elif domain is None or given.source is decided_by:
            domain = given.value
    if domain is None and verdict is not None and verdict.name_source is not NameSource.ADDRESS and address is None:
        domain = verdict.name
    return Destination(
        domain=_cut(domain, NAME_OCTETS),
        ip=None if address is None else str(address),
        port=attempt.port,
        bytes=received,
    )


def _network(attempt: Attempt) -> Network:
    return Network(transport=attempt.transport, protocol=_PROTOCOLS.get(attempt.seen))


def _tls(attempt: Attempt) -> Tls | None:
    for given in attempt.names:
        if given.source is NameSource.SNI:
            return Tls(client=TlsClient(server_name=cut(str(given.value), NAME_OCTETS)))
    return None


def _rule(verdict: Verdict) -> Rule | None:
    if not verdict.breaks:
        return None
    leading = verdict.breaks[0]
    return Rule(name=cut(leading.rule, ID_OCTETS), ruleset=cut(leading.vendor, ID_OCTETS), category=leading.tier)


def _tierwall(outcome: _Outcome, verdict: Verdict | None, context: Context) -> Tierwall:
    site = _cut(context.site, ID_OCTETS)
    refusal = _cut(context.refusal, ID_OCTETS)
    behaviour = _cut(outcome.behaviour, ID_OCTETS)
    if verdict is None:
        return Tierwall(site=site, stage=context.stage, refusal=refusal)
    lasting = outcome.action is Action.ALLOWED or outcome.action is Action.CLOSED
    return Tierwall(
        tier=verdict.tier,
        site=site,
        stage=context.stage,
        name_source=verdict.name_source,
        refusal=refusal,
        detail=_cut(outcome.detail or verdict.detail, TEXT_OCTETS),
        admitted_by=_cut(verdict.admitted_by, NAME_OCTETS),
        behaviour=behaviour,
        closed_by=outcome.closed_by,
        # What passes breaks nothing; `rule` says what it serves.
        breaks=() if lasting else tuple(map(_break, verdict.breaks)),
        near=() if lasting else tuple(map(_break, verdict.near)),
    )


def _break(impact: Impact) -> Break:
    return Break(
        vendor=cut(impact.vendor, ID_OCTETS),
        service=cut(impact.service, ID_OCTETS),
        tier=impact.tier,
        rule=cut(impact.rule, ID_OCTETS),
        symptom=cut(impact.symptom, TEXT_OCTETS),
    )


def _cut(text: str | None, octets: int) -> str | None:
    return None if text is None else cut(text, octets)
