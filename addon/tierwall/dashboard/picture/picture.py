"""Lines of a journal -> destinations, matrix, time line, notes and totals. One `write` a line, whatever is in it.

Knows what an event adds. Bounded: of destinations the ROWS that were tried last are kept, and it is counted how many
were left out. Every change has a revision, so that whoever shows the picture sends only what is new.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from tierwall.dashboard.picture.destination import NOTHING, Destination, Key, Serving
from tierwall.dashboard.picture.line import NO_EVENT, Line, Served, read, services
from tierwall.dashboard.picture.matrix import Matrix, State
from tierwall.dashboard.picture.outcome import BY_ACTION, OUTCOMES, RANK, Outcome
from tierwall.dashboard.picture.timeline import TIERS, Timeline, widened
from tierwall.events import Action, visible
from tierwall.policy.authority import place
from tierwall.policy.model import Catalogue, Tier, Transport

ROWS: Final = 5000
NOTES: Final = 200
SITES: Final = 20

_TIERS: Final = len(TIERS)
_TIER_AT: Final[dict[str, int]] = {tier.value: at for at, tier in enumerate(TIERS)}
_TRIES: Final = {action: (outcome, RANK[outcome]) for action, outcome in BY_ACTION.items()}
_NO_TIER: Final = _TIER_AT[Tier.NONE.value]
_CLOSED: Final = Action.CLOSED.value
_UDP: Final = Transport.UDP.value

type Serves = Callable[[Key], tuple[Served, ...]]
"""What a destination serves by the catalogue, the most severe first."""


@dataclass(frozen=True, slots=True)
class Note:
    """A fault of the proxy's own, or a moment that somebody marked."""

    when: str
    second: int
    kind: str
    text: str


class Picture:
    """What was seen since it was made, or cleared."""

    def __init__(self, catalogue: Catalogue, serves: Serves) -> None:
        self.catalogue = catalogue
        self.matrix = Matrix(catalogue)
        self._serves = serves
        self.revision = 0
        self.in_force: Mapping[str, frozenset[str]] | None = None
        """The behaviours that act now by site, where that is known."""
        self._numbers = 0
        self.cleared = 0
        """How often it was."""
        self.noted = 0
        """How many notes there were, those included that are no more kept."""
        self._empty()

    def _empty(self) -> None:
        self.rows: OrderedDict[Key, Destination] = OrderedDict()
        """The one that was tried last is the last."""
        self.timeline = Timeline()
        self.notes: deque[Note] = deque(maxlen=NOTES)
        self.counts = [0] * len(OUTCOMES)
        self.events = self.closed = self.sent = self.received = self.unreadable = self.left_out = 0
        self.lost = 0
        """Events that came too fast for whoever listens, so that they are in no count here."""
        self.sites: list[str] = []
        self.first = self.last = ""

    def clear(self) -> None:
        """As if nothing had been seen."""
        self.revision += 1
        self.cleared += 1
        self.matrix.forget()
        for cell in self.matrix.cells.values():
            cell.changed = self.revision
        self._empty()

    def acts(self, behaviours: Mapping[str, frozenset[str]]) -> None:
        """These behaviours act from now on: what another one broke is believed to work when it is let through."""
        if behaviours != self.in_force:
            self.in_force = behaviours
            for row in self.rows.values():
                row.kind = NOTHING

    def write(self, line: bytes) -> None:
        """Add one event. A line that is none is counted."""
        try:
            said = read(line)
            second = _second_of(said.timestamp[:19])
        except NO_EVENT:
            self.unreadable += 1
            return
        self.revision += 1
        self.events += 1
        self.last = said.timestamp
        if not self.first:
            self.first = said.timestamp
        action = said.event.action
        if action in _TRIES:
            self._tried(said, line, second)
        elif action == _CLOSED:
            self._closed(said, line)
        elif text := said.message or (said.error.message if said.error else ""):
            self.noted += 1
            self.notes.append(Note(said.timestamp, second, visible(action), visible(text)))

    # -- what an event adds

    def _tried(self, said: Line, line: bytes, second: int) -> None:
        event, ours = said.event, said.tierwall
        row = self._row(said)
        outcome, rank = _TRIES[event.action]
        self._in_time(row, second)[rank * _TIERS + _TIER_AT.get(ours.tier, _NO_TIER)] += 1
        self.counts[rank] += 1
        row.counts[rank] += 1
        if said.source is not None:
            row.tried_by(said.source.ip)
        kind = (event.action, event.reason, ours.behaviour)
        breaks = bytes(ours.breaks)
        if kind != row.kind or breaks != row.breaks or ours.site != row.site:
            self._news(row, said, outcome)
            row.kind, row.breaks, row.site = kind, breaks, ours.site
        row.last = said.timestamp
        row.keep(kind, line)
        row.changed = self.revision
        self.rows.move_to_end(row.key)

    def _news(self, row: Destination, said: Line, outcome: Outcome) -> None:
        """It came out otherwise than the last time. What a behaviour broke that still acts stays broken: it was let
        through before it broke, and will be again."""
        ours = said.tierwall
        self._note_site(ours.site)
        row.tier = Tier(ours.tier) if ours.tier in _TIER_AT else Tier.NONE
        breaks = () if outcome is Outcome.WORKS else _broken(said)
        for each in breaks:
            self.matrix.know((each.vendor, each.service), each.tier, visible(each.symptom))
        if outcome is not Outcome.WORKS or not self._sticks(row, (row.outcome, row.behaviour), ours.site):
            row.outcome, row.reason, row.behaviour = outcome, said.event.reason, ours.behaviour
        servings: list[Serving] = [(each.vendor, each.service) for each in breaks]
        if not breaks and outcome is not Outcome.BROKEN:
            servings = [(each.vendor, each.service) for each in row.serves]
        for serving in servings:
            before = self.matrix.state(serving, row.number)
            if outcome is not Outcome.WORKS or before is None or not self._sticks(row, before, ours.site):
                self.matrix.set(serving, row.number, (outcome, ours.behaviour), self.revision)

    def _sticks(self, row: Destination, state: State, site: str) -> bool:
        outcome, behaviour = state
        return outcome is Outcome.BROKEN and site == row.site and self.still_acts(site, behaviour)

    def still_acts(self, site: str, behaviour: str | None) -> bool:
        """Whether what it broke under that site may be broken again."""
        return self.in_force is None or behaviour in self.in_force.get(site, ())

    def _closed(self, said: Line, line: bytes) -> None:
        row = self._row(said)
        if said.source is not None:
            row.sent += said.source.bytes
            self.sent += said.source.bytes
        if said.destination is not None:
            row.received += said.destination.bytes
            self.received += said.destination.bytes
        self.closed += 1
        row.lines[_CLOSED, "", None] = line
        row.last = row.last or said.timestamp
        row.changed = self.revision
        self.rows.move_to_end(row.key)

    # -- rows

    def _row(self, said: Line) -> Destination:
        there = said.destination
        if there is None:
            host, port, udp = (f"(client {said.source.ip})" if said.source else "(no destination)"), 0, False
        else:
            host, port = there.domain or there.ip or "?", there.port
            udp = said.network is not None and said.network.transport == _UDP
        key = (host, port, udp)
        row = self.rows.get(key)
        if row is None:
            text = visible(host)
            row = self.rows[key] = Destination(
                number=self.next_number(),
                key=key,
                place=place(text, port, Transport.UDP if udp else Transport.TCP) if there is not None else text,
                serves=self._served(said, key),
                first=said.timestamp,
            )
            if len(self.rows) > ROWS:
                self.rows.popitem(last=False)
                self.left_out += 1
        return row

    def _served(self, said: Line, key: Key) -> tuple[Served, ...]:
        """By the catalogue; where a run had a policy that is not at hand, by the event itself."""
        if said.destination is None:
            return ()
        return self._serves(key) or _broken(said)

    # -- time

    def _in_time(self, row: Destination, second: int) -> list[int]:
        timeline = self.timeline
        width_s = timeline.width_s
        at = (second - timeline.start) // width_s
        if not 0 <= at < len(timeline.columns):
            at = timeline.column(second)
        if width_s != timeline.width_s:
            self._widen_rows(width_s)
        row.active |= 1 << at
        return timeline.columns[at]

    def make_room(self, second: int, width_s: int) -> None:
        """That the time line has a column for the second, and columns of at least that width."""
        before = self.timeline.width_s
        if not self.timeline.columns:
            self.timeline.width_s = before = width_s
        while self.timeline.width_s < width_s:
            self.timeline.widen()
        self.timeline.column(second)
        self._widen_rows(before)

    def _widen_rows(self, width_s: int) -> None:
        """They remember columns, which were so wide."""
        while width_s < self.timeline.width_s:
            width_s *= 2
            for each in self.rows.values():
                each.active = widened(each.active)

    def next_number(self) -> int:
        """Of a new row."""
        self._numbers += 1
        return self._numbers

    def _note_site(self, site: str) -> None:
        text = visible(site)
        if text and text not in self.sites and len(self.sites) < SITES:
            self.sites.append(text)


@lru_cache(maxsize=64)  # lines of one second come together
def _second_of(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def _broken(said: Line) -> tuple[Served, ...]:
    try:
        return services(said.tierwall.breaks)
    except ValueError:
        return ()
