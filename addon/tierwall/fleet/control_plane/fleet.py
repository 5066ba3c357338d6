"""What every node was sent and has taken: a table of states, and what it shows.

Knows nodes, versions and answers; no stream and no clock of its own. A version that was refused is not sent again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tierwall.fleet.control_plane.assignment import Node


class State(StrEnum):
    """How a node stands to what it was sent."""

    CONNECTED = "connected"
    """It asked, and has answered nothing yet."""
    CURRENT = "current"
    """It runs the version that it should."""
    REFUSED = "refused"
    """It does not take a list (NACK), and keeps the last good."""
    UNSERVED = "unserved"
    """It gets nothing; the detail says why. It keeps what it has."""
    GONE = "gone"
    """Its stream ended. It keeps what it has."""


@dataclass(slots=True, kw_only=True)
class Standing:
    """One node."""

    node: Node
    site: str | None = None
    state: State = State.CONNECTED
    since: float
    """Seconds since the epoch."""
    wanted: str | None = None
    """The version that it should run."""
    runs: str | None = None
    """The version that it said to run, of all lists."""
    detail: str = ""
    streams: int = 0
    taken: dict[str, str] = field(default_factory=dict)
    """By type of list, the version that it took last."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is worth being told."""

    standing: Standing
    state: State
    detail: str


class Fleet:
    """All nodes that were ever seen since the start."""

    def __init__(self, clock: Callable[[], float], tell: Callable[[Change], None]) -> None:
        self._clock, self._tell = clock, tell
        self._nodes: dict[str, Standing] = {}

    def __iter__(self) -> Iterator[Standing]:
        return iter(sorted(self._nodes.values(), key=lambda each: each.node.id))

    def came(self, node: Node) -> Standing:
        """Its stream began."""
        standing = self._nodes.setdefault(node.id, Standing(node=node, since=self._clock()))
        standing.node = node
        standing.streams += 1
        standing.taken.clear()
        self._set(standing, State.CONNECTED, "")
        return standing

    def left(self, standing: Standing) -> None:
        """Its stream ended."""
        standing.streams -= 1
        if standing.streams <= 0:
            self._set(standing, State.GONE, "its stream ended; it goes on with what it has")

    def unserved(self, standing: Standing, why: str) -> None:
        """It gets nothing."""
        self._set(standing, State.UNSERVED, why)

    def sends(self, standing: Standing, site: str, version: str) -> None:
        """It should run this from now on."""
        standing.site, standing.wanted = site, version

    def took(self, standing: Standing, kind: str, version: str, kinds: frozenset[str]) -> None:
        """ACK of one type of list; it is current when it took each type that it asks for."""
        standing.taken[kind] = version
        if version == standing.wanted and all(standing.taken.get(each) == version for each in kinds):
            before, standing.runs = standing.runs, version
            if before != version or standing.state is not State.CURRENT:
                self._set(standing, State.CURRENT, f"runs {version}")

    def refused(self, standing: Standing, version: str | None, why: str) -> None:
        """NACK."""
        self._set(
            standing, State.REFUSED, f"does not take {version}: {why}; it goes on with {standing.runs or 'nothing'}"
        )

    def _set(self, standing: Standing, state: State, detail: str) -> None:
        if (standing.state, standing.detail) != (state, detail):
            standing.state, standing.detail, standing.since = state, detail, self._clock()
            self._tell(Change(standing, state, detail))
