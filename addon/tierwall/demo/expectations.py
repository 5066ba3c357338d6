"""Whether what happened in a step is what the policies say: on the client's side, at the origin, in the journal.

Pure. Knows what a refusal and a conversation look like; decides nothing about destinations.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, assert_never

from tierwall.demo.steps import Client, Expected
from tierwall.events import Action, Break, Event
from tierwall.policy.attempt import Impact
from tierwall.standins.certificates import CA_NAME
from tierwall.standins.clients import Cause, Outcome
from tierwall.standins.clients.native import HELLO
from tierwall.standins.origins.native import GOODBYE
from tierwall.standins.origins.native import PUSH as NATIVE_PUSH
from tierwall.standins.origins.websocket import PUSH as SOCKET_PUSH

MESSAGES: Final = ("hello", b"\x00\x01")
"""What the WebSocket client sends."""

PAYLOADS: Final = (b"vote 1", bytes(1000))
"""What the native app sends after its hello."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a step came to, for its client and for the origin that stands in for its destination."""

    outcome: Outcome
    connections: int = 0
    octets: int = 0
    """As they came off the origin's socket."""
    protocols: tuple[str, ...] = ()
    names: tuple[str | None, ...] = ()
    """The SNI of every ClientHello."""


_CLOSE_NOTIFY: Final = 24
"""Octets of the client's last record (RFC 8446 sections 5.2 and 6.1), which an origin that closes first never reads."""


class _Fact(NamedTuple):
    what: str
    expected: object
    seen: object


def compare(expected: Expected, seen: Seen, events: tuple[Event, ...]) -> tuple[str, ...]:
    """Every difference, in words; none where all is as the policies say. `events` are the destination's, in order."""
    facts = _let_through(expected, seen, events) if expected.verdict.passes else _refused(expected, seen, events)
    return tuple(
        f"{fact.what}: expected {_shown(fact.expected)}, seen {_shown(fact.seen)}"
        for fact in facts
        if fact.expected != fact.seen
    )


def _shown(value: object) -> str:
    """Short enough to be read among others."""
    match value:
        case None | ():
            return "nothing"
        case tuple():
            return " + ".join(_shown(each) for each in value)
        case bytes():
            return repr(value) if len(value) <= _BYTES_SHOWN else f"{len(value)} octets"
        case _:
            return str(value)


_BYTES_SHOWN: Final = 40


# Let through


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conversation:
    """What a client and the stand-in origin say to each other where nothing comes between them."""

    status: int | None = None
    pushes: tuple[bytes, ...] = ()
    echoes: tuple[bytes, ...] = ()
    farewell: bytes = b""
    protocols: tuple[str, ...]


def _conversation(client: Client) -> _Conversation:
    match client:
        case Client.PAGE:
            return _Conversation(status=200, protocols=("http",))
        case Client.REDIRECT:
            return _Conversation(status=301, protocols=("http",))
        case Client.SOCKET:
            echoes = tuple(said.encode() if isinstance(said, str) else said for said in MESSAGES)
            return _Conversation(pushes=(SOCKET_PUSH.encode(),), echoes=echoes, protocols=("http", "websocket"))
        case Client.NATIVE:
            echoes = (HELLO, *PAYLOADS)
            totals = f" frames={len(echoes)} octets={sum(map(len, echoes))}".encode()
            return _Conversation(pushes=(NATIVE_PUSH,), echoes=echoes, farewell=GOODBYE + totals, protocols=("native",))
        case _:
            assert_never(client)


def _let_through(expected: Expected, seen: Seen, events: tuple[Event, ...]) -> Iterator[_Fact]:
    step, verdict, outcome = expected.step, expected.verdict, seen.outcome
    said = _conversation(step.client)
    encrypted = step.client is not Client.REDIRECT
    yield _Fact("the client", "served", "served" if outcome.ok else f"{outcome.cause} ({outcome.detail})")
    yield _Fact("status", said.status, outcome.reply.status if outcome.reply else None)
    yield _Fact("issuer of the certificate", CA_NAME if encrypted else None, outcome.issuer)
    yield _Fact("pushes of the server", said.pushes, outcome.pushes)
    yield _Fact("echoes", said.echoes, outcome.echoes)
    yield _Fact("farewell after the client's end", said.farewell, outcome.farewell)
    yield _Fact("connections at the origin", 1, seen.connections)
    yield _Fact("protocols at the origin", said.protocols, seen.protocols)
    yield _Fact("SNI at the origin", _names(expected) if encrypted else (), seen.names)
    yield _Fact("verdicts in the journal", (Action.ALLOWED,), _verdicts(events))
    for event in events:
        yield _Fact("tier in the journal", verdict.tier, event.tierwall.tier)
        yield _Fact("what admitted it, in the journal", verdict.admitted_by, event.tierwall.admitted_by)
    if encrypted:
        carried = [event.source.bytes or 0 for event in events if event.source and event.event.action is Action.CLOSED]
        yield _Fact("tunnels that ended, in the journal", 1, len(carried))
        # The proxy and the origin count apart what the client sent: the same, where nothing was changed on the way.
        unread = sum(carried) - seen.octets
        if not 0 <= unread <= _CLOSE_NOTIFY:
            yield _Fact("octets that the tunnel carried", seen.octets, sum(carried))


def _names(expected: Expected) -> tuple[str | None, ...]:
    """The names that the client gives in TLS; to an address it gives none (RFC 6066 section 3)."""
    value = expected.step.attempt.names[0].value
    return (value if isinstance(value, str) else None,)


def _verdicts(events: tuple[Event, ...]) -> tuple[Action, ...]:
    return tuple(event.event.action for event in events if event.event.action is not Action.CLOSED)


# Refused


def _refused(expected: Expected, seen: Seen, events: tuple[Event, ...]) -> Iterator[_Fact]:
    verdict, outcome = expected.verdict, seen.outcome
    if expected.refusal == "alert":
        yield _Fact("the client", (Cause.ALERT, "access_denied"), (outcome.cause or "served", outcome.alert))
    else:
        reply = outcome.reply
        status = "403" if expected.refusal == "page" else expected.refusal
        yield _Fact("the client", Cause.REFUSED, outcome.cause or "served")
        yield _Fact("status", status, str(reply.status) if reply else None)
        yield _Fact("X-Tierwall-Reason", verdict.reason, reply.reason if reply else None)
        yield _Fact("X-Tierwall-Tier", verdict.tier, reply.tier if reply else None)
    yield _Fact("connections at the origin", int(expected.dialled), seen.connections)
    yield _Fact("octets that reached the origin", 0, seen.octets)
    yield _Fact("verdicts in the journal", (Action.DENIED,), _verdicts(events))
    for event in events:
        if event.event.action is Action.DENIED:
            yield _Fact("reason in the journal", verdict.reason, event.event.reason)
            yield _Fact("tier in the journal", verdict.tier, event.tierwall.tier)
            yield _Fact("refusal in the journal", expected.refusal, event.tierwall.refusal)
            yield _Fact("what it breaks, in the journal", _broken(verdict.breaks), _broken(event.tierwall.breaks))


def _broken(breaks: tuple[Impact, ...] | tuple[Break, ...]) -> tuple[str, ...]:
    return tuple(f"{each.vendor}/{each.service} ({each.tier}): {each.symptom}" for each in breaks)
