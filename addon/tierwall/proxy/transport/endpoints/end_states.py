"""What one end of a connection can be, and what becomes of it: two tables, and nothing else decides it.

Knows no socket. Rule 1: whatever changes an end's state is an entry here. Rule 2: an end does not know whether it is a
client's or a server's.
"""

from enum import IntEnum
from typing import Final


class Peer(IntEnum):
    """The other side. Ordered: from LEFT on nobody is there."""

    SPEAKS = 0
    ENDED = 1
    """It sent FIN, and may still listen."""
    LEFT = 2
    """Gone after its FIN: all that it meant to send is here."""
    CLOSED = 3
    """We closed it before it had ended."""
    LOST = 4
    """Gone without FIN: reset, or lost. What it sent may not be all that it meant to send."""


class Happened(IntEnum):
    """What can happen to the other side."""

    FIN = 0
    CLOSE = 1
    """By us, or with both sides at their end."""
    LOSS = 2
    """Reset, or an error."""


PEER: Final[dict[Peer, dict[Happened, Peer]]] = {
    Peer.SPEAKS: {Happened.FIN: Peer.ENDED, Happened.CLOSE: Peer.CLOSED, Happened.LOSS: Peer.LOST},
    Peer.ENDED: {Happened.CLOSE: Peer.LEFT, Happened.LOSS: Peer.LEFT},
    Peer.LEFT: {},
    Peer.CLOSED: {},
    Peer.LOST: {},
}
"""What is not here cannot be: a second FIN is none, and nothing happens to who is gone."""


class Use(IntEnum):
    """What is done with octets that come. Ordered: from DISCARDS on they go nowhere."""

    GATHERS = 0
    """They are kept until somebody has judged them."""
    FORWARDS = 1
    """They go to the partner at once."""
    DISCARDS = 2
    """They are taken and thrown away, so that the other side can read its farewell."""
    FORGETS = 3
    """The same, as if nobody were there: even its FIN is left unanswered."""


USE: Final[dict[Use, frozenset[Use]]] = {
    Use.GATHERS: frozenset({Use.FORWARDS, Use.DISCARDS, Use.FORGETS}),
    Use.FORWARDS: frozenset({Use.GATHERS, Use.DISCARDS, Use.FORGETS}),
    Use.DISCARDS: frozenset({Use.DISCARDS, Use.FORGETS}),
    Use.FORGETS: frozenset({Use.DISCARDS, Use.FORGETS}),
}
"""What may follow. What was thrown away once is never gathered or forwarded again: it would have a hole."""
