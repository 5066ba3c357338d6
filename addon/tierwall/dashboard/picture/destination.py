"""One row of the stream: a destination, with all that clients' tries to reach it came to.

Knows counts and the last event of each kind. Bounded, whatever clients do.
"""

from dataclasses import dataclass, field
from typing import Final

from tierwall.dashboard.picture.line import Served
from tierwall.dashboard.picture.outcome import OUTCOMES, Outcome
from tierwall.policy.model import Tier

CLIENTS: Final = 50
KINDS: Final = 12
"""Kinds of events (action, reason, behaviour) of which the last is kept."""

type Key = tuple[str, int, bool]
"""What the client asked for, as it said it: host, port, whether it is UDP."""

type Serving = tuple[str, str]
"""A vendor's id, a service's id."""

type Kind = tuple[str, str, str | None]
"""Action, reason, behaviour."""

NOTHING: Final[Kind] = ("", "", None)


@dataclass(slots=True)
class Destination:
    """A row."""

    number: int
    key: Key
    place: str
    """As people write it; fit to be shown."""
    serves: tuple[Served, ...]
    """The most severe first."""
    first: str
    last: str = ""
    tier: Tier = Tier.NONE
    site: str = ""
    outcome: Outcome = Outcome.WORKS
    reason: str = ""
    behaviour: str | None = None
    counts: list[int] = field(default_factory=lambda: [0] * len(OUTCOMES))
    clients: dict[str, int] = field(default_factory=dict)
    more_clients: int = 0
    """Tries of clients beyond the first CLIENTS."""
    sent: int = 0
    received: int = 0
    active: int = 0
    """The columns of the time line in which something happened here, a bit each."""
    lines: dict[Kind, bytes] = field(default_factory=dict)
    kind: Kind = NOTHING
    """Of the last try."""
    breaks: bytes = b""
    """What the last event said that it breaks, as it was written."""
    changed: int = 0
    """The picture's revision when it changed last."""

    @property
    def vendors(self) -> tuple[str, ...]:
        """Whose services it serves."""
        return tuple(dict.fromkeys(each.vendor for each in self.serves))

    def tried_by(self, client: str) -> None:
        """Count a client's try."""
        before = self.clients.get(client)
        if before is not None:
            self.clients[client] = before + 1
        elif len(self.clients) < CLIENTS:
            self.clients[client] = 1
        else:
            self.more_clients += 1

    def keep(self, kind: Kind, line: bytes) -> None:
        """The last line of each kind."""
        if kind in self.lines or len(self.lines) < KINDS:
            self.lines[kind] = line
