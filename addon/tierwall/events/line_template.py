"""The events that come by the thousand (allowed, denied, closed): a line at once, the rest where somebody asks for it.

Of two such events with one verdict, attempt and stage only the time, the id, the client and the counts differ. So the
line of one, as build.py and line.py make it, is kept with places to fill: a form. What fits no form is built whole.
"""

from dataclasses import fields, replace
from enum import Enum
from typing import Final

from tierwall.events import build
from tierwall.events.build import Context, timestamp
from tierwall.events.enums import Action, ClosedBy
from tierwall.events.hostile_text import ID_OCTETS, TEXT_OCTETS
from tierwall.events.line import whole_line
from tierwall.events.model import Event, EventFields, Source, UserAgent
from tierwall.policy.attempt import Attempt, Verdict
from tierwall.policy.limits import EVENT_OCTETS
from tierwall.policy.value import value

FORMS: Final = 2048
"""Kept at most. Random destinations do not fill them: a form is made when its verdict comes a second time."""

_TIME, _ID, _IP, _AGENT = "<time>", "<id>", "<ip>", "<agent>"
_PORT, _DURATION, _SENT, _RECEIVED = (8_000_000_000_000_000_000 + number for number in range(4))
"""What marks the places while a form is made."""


@value
class Ending:
    """How a tunnel ended. `sent` and `received` are octets as the client counts them."""

    by: ClosedBy
    sent: int
    received: int
    duration_ns: int


@value
class _Form:
    verdict: Verdict
    attempt: Attempt
    line: bytes
    """With `%` formats at its places."""
    action: Action
    example: Event


class _No(Enum):
    """Why there is no form."""

    SEEN_ONCE = "its verdict came once"
    AMBIGUOUS = "what it says looks like a place to fill"


class Draft(Event):
    """An event of which only the line is there, until another field of it is asked for."""

    __slots__ = ("_context", "_ending", "action", "like", "line", "received", "sent", "site", "timestamp")
    timestamp: str
    action: Action
    site: str | None
    line: bytes
    like: Event
    sent: int
    received: int

    def __init__(self, form: _Form, context: Context, ending: Ending | None, time: str, line: bytes) -> None:
        """Its `line` was made of the form."""
        self._context, self._ending = context, ending
        self.action, self.site, self.line, self.like = form.action, form.example.site, line, form.example
        self.sent, self.received = (0, 0) if ending is None else (ending.sent, ending.received)
        self.timestamp = time

    def __getattr__(self, name: str) -> object:
        """A field that is not there yet; with it come all."""
        if name not in _FIELDS:
            raise AttributeError(name)
        context, ending = self._context, self._ending
        event = _filled(
            self.like,
            time=self.timestamp,
            id=context.id,
            ip=context.client_ip or "",
            port=context.client_port,
            agent=context.user_agent,
            sent=None if ending is None else ending.sent,
            received=None if ending is None else ending.received,
            duration_ns=None if ending is None else ending.duration_ns,
        )
        for field in _FIELDS:
            setattr(self, field, getattr(event, field))
        return getattr(event, name)

    def __eq__(self, other: object) -> bool:
        """To any event with the same fields."""
        return isinstance(other, Event) and all(getattr(self, name) == getattr(other, name) for name in _FIELDS)

    __hash__ = Event.__hash__


_FIELDS: Final = tuple(field.name for field in fields(Event))


class Drafts:
    """Makes events of verdicts, fast where the same came before."""

    def __init__(self) -> None:
        self._forms: dict[tuple[int | str | bool | None, ...], _Form | _No] = {}

    def decided(self, verdict: Verdict, attempt: Attempt, context: Context) -> Event:
        """As build.from_verdict."""
        return self._event(verdict, attempt, context, None)

    def closed(self, verdict: Verdict, attempt: Attempt, context: Context, ending: Ending) -> Event:
        """As build.closed."""
        return self._event(verdict, attempt, context, ending)

    def _event(self, verdict: Verdict, attempt: Attempt, context: Context, ending: Ending | None) -> Event:
        if context.client_port is None or context.url is not None or context.method is not None:
            return _whole(verdict, attempt, context, ending)
        # By identity: a verdict comes out of a cache itself, and hashing it would cost more than all else here.
        key = (
            id(verdict),
            id(context.stage),
            context.site,
            context.refusal,
            context.user_agent is None,
            None if ending is None else id(ending.by),
        )
        form = self._forms.get(key)
        if isinstance(form, _Form) and (form.attempt is attempt or form.attempt == attempt):
            draft = _draft(form, context, ending)
            if draft is not None:
                return draft
        event = _whole(verdict, attempt, context, ending)
        if form is None:
            if len(self._forms) >= FORMS:
                self._forms.clear()
            self._forms[key] = _No.SEEN_ONCE
        elif form is _No.SEEN_ONCE and context.client_ip is not None:
            self._forms[key] = _form(verdict, attempt, event)
        return event


def _whole(verdict: Verdict, attempt: Attempt, context: Context, ending: Ending | None) -> Event:
    if ending is None:
        return build.from_verdict(verdict, attempt, context)
    return build.closed(
        verdict,
        attempt,
        context,
        by=ending.by,
        sent=ending.sent,
        received=ending.received,
        duration=ending.duration_ns,
    )


def _draft(form: _Form, context: Context, ending: Ending | None) -> Draft | None:
    """None where something would have to be cut or escaped."""
    ip, agent = context.client_ip, context.user_agent
    if ip is None or len(context.id) > ID_OCTETS or (agent is not None and len(agent) > TEXT_OCTETS):
        return None
    text = f"{context.id}{ip}{agent}"
    if not (text.isascii() and text.isprintable()) or '"' in text or "\\" in text:
        return None
    time = timestamp(context.when)
    values: tuple[bytes | int | None, ...]
    when, whom, port = time.encode(), ip.encode(), context.client_port
    if ending is None:
        values = (when, context.id.encode(), whom, port)
    else:
        values = (when, context.id.encode(), ending.duration_ns, whom, port, ending.sent, ending.received)
    if agent is not None:
        values = (*values, agent.encode())
    line = form.line % values
    return Draft(form, context, ending, time, line) if len(line) <= EVENT_OCTETS else None


def _form(verdict: Verdict, attempt: Attempt, event: Event) -> _Form | _No:
    ended = event.event.duration is not None
    marked = _filled(
        event,
        time=_TIME,
        id=_ID,
        ip=_IP,
        port=_PORT,
        agent=None if event.user_agent is None else _AGENT,
        sent=_SENT if ended else None,
        received=_RECEIVED if ended else None,
        duration_ns=_DURATION if ended else None,
    )
    line = whole_line(marked).replace(b"%", b"%%")
    ending = (_SENT, _RECEIVED) if ended else ()
    places = (_TIME, _ID, *((_DURATION,) if ended else ()), _IP, _PORT, *ending, _AGENT)
    for place in places if event.user_agent else places[:-1]:  # in their order in the line
        mark = str(place).encode()
        if line.count(mark) != 1:
            return _No.AMBIGUOUS
        line = line.replace(mark, b"%b" if isinstance(place, str) else b"%d")
    return _Form(verdict=verdict, attempt=attempt, line=line, action=event.action, example=event)


def _filled(  # noqa: PLR0913 - the places
    example: Event,
    *,
    time: str,
    id: str,  # noqa: A002
    ip: str,
    port: int | None,
    agent: str | None,
    sent: int | None,
    received: int | None,
    duration_ns: int | None,
) -> Event:
    """The example with these in its places."""
    what, there = example.event, example.destination
    return Event(
        timestamp=time,
        event=EventFields(
            category=what.category,
            type=what.type,
            action=what.action,
            reason=what.reason,
            id=id,
            duration=duration_ns,
        ),
        source=Source(ip=ip, port=port, bytes=sent),
        destination=there if there is None or received is None else replace(there, bytes=received),
        network=example.network,
        tls=example.tls,
        user_agent=None if agent is None else UserAgent(original=agent),
        rule=example.rule,
        tierwall=example.tierwall,
    )
