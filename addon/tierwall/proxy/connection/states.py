"""One connection as one state machine: what it can be, what can happen to it, and what it then is.

Knows no socket, no octet and no verdict. Rule 1: whatever a connection goes through is an entry of AFTER; what is not
there cannot be, and a connection to which it happens all the same is denied. Rule 2: the machine does not know who
serves a state. Callbacks do on the usual way, a task does where BY_TASK says so; both come back here.
"""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a connection is."""

    OPENING = "opening"
    """What its client wants is read."""
    NEGOTIATING = "negotiating"
    """SOCKS5's messages before the request are exchanged."""
    WAITING = "waiting"
    """A behaviour keeps its client waiting, before anything is dialled."""
    RESOLVING = "resolving"
    """It was admitted; its name is looked up, and of several addresses the first that answers is found."""
    ASKING = "asking"
    """It was admitted; a parent proxy is asked for it."""
    DIALLING = "dialling"
    """It was admitted; its server is dialled."""
    GUARDED = "guarded"
    """Its server is heard. What the client says is kept until the opening of it was judged too."""
    EXAMINED = "examined"
    """Behaviours look at the opening of what the client says, which takes them time."""
    THROUGH = "through"
    """Octets pass untouched."""
    HANDED_OVER = "handed over"
    """mitmproxy has it: plain HTTP, or to be inspected."""
    REFUSED = "refused"
    """Its client was told, or is kept in silence. Nothing else happens to it."""
    OVER = "over"


class Happens(StrEnum):
    """What happens to a connection."""

    NEGOTIATE = "the client speaks SOCKS5"
    OPEN = "the client has said where to, and now says what"
    ASK_AGAIN = "the client is asked who it is, and may ask again"
    WAIT = "a behaviour makes it wait"
    RESOLVE = "it is admitted, and its addresses are to be found"
    ASK_PARENT = "it is admitted, and leads through a parent proxy"
    DIAL = "it is admitted, and its one address is known"
    GUARD = "the server answered, and the client's opening is awaited"
    EXAMINE = "behaviours are to look at the opening"
    PASS = "all that was said is admitted"  # noqa: S105 - no password
    HAND_OVER = "it speaks HTTP, or is to be inspected"
    REFUSE = "it is denied, broken by a behaviour, or cannot be reached"
    END = "one side left, both did, or we ended it"


_DIALS: Final = {
    Happens.RESOLVE: State.RESOLVING,
    Happens.ASK_PARENT: State.ASKING,
    Happens.DIAL: State.DIALLING,
}
_STOPS: Final = {Happens.REFUSE: State.REFUSED, Happens.END: State.OVER}

AFTER: Final[dict[State, dict[Happens, State]]] = {
    State.OPENING: {
        Happens.NEGOTIATE: State.NEGOTIATING,
        Happens.ASK_AGAIN: State.OPENING,
        Happens.WAIT: State.WAITING,
        Happens.EXAMINE: State.EXAMINED,
        Happens.HAND_OVER: State.HANDED_OVER,
        **_DIALS,
        **_STOPS,
    },
    State.NEGOTIATING: {Happens.OPEN: State.OPENING, Happens.WAIT: State.WAITING, **_DIALS, **_STOPS},
    State.WAITING: _STOPS,
    State.RESOLVING: {Happens.GUARD: State.GUARDED, Happens.PASS: State.THROUGH, **_STOPS},
    State.ASKING: {Happens.GUARD: State.GUARDED, Happens.ASK_AGAIN: State.OPENING, **_STOPS},
    State.DIALLING: {Happens.GUARD: State.GUARDED, Happens.PASS: State.THROUGH, **_STOPS},
    State.GUARDED: {
        Happens.EXAMINE: State.EXAMINED,
        Happens.PASS: State.THROUGH,
        Happens.HAND_OVER: State.HANDED_OVER,
        **_STOPS,
    },
    State.EXAMINED: {
        Happens.GUARD: State.GUARDED,
        Happens.PASS: State.THROUGH,
        Happens.HAND_OVER: State.HANDED_OVER,
        Happens.WAIT: State.WAITING,
        **_DIALS,
        **_STOPS,
    },
    State.THROUGH: _STOPS,
    State.HANDED_OVER: {Happens.END: State.OVER},
    State.REFUSED: {},
    State.OVER: {},
}

BY_TASK: Final = frozenset(
    {State.NEGOTIATING, State.WAITING, State.RESOLVING, State.ASKING, State.EXAMINED, State.HANDED_OVER}
)
"""States that a task serves, because something in them has to be waited for."""

ENDS: Final = frozenset({State.REFUSED, State.OVER})
"""States that nothing follows."""


class Impossible(Exception):
    """Something happened to a connection that cannot happen to it. It is our failure, and denies."""


def after(state: State, what: Happens) -> State:
    """What a connection is then. Raises Impossible."""
    try:
        return AFTER[state][what]
    except KeyError:
        raise Impossible(f"a connection that is {state} cannot be one of which {what}") from None
