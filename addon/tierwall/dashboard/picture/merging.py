"""What another process added up of a later part of the same journal, taken over: as if its lines had been written here.

Knows pictures. All of it but one thing is sums: what a behaviour broke stays broken over the seam, as within a part.
"""

from dataclasses import dataclass, replace

from tierwall.dashboard.picture.destination import CLIENTS, NOTHING, Destination, Serving
from tierwall.dashboard.picture.line import Served
from tierwall.dashboard.picture.matrix import State
from tierwall.dashboard.picture.outcome import RANK, Outcome
from tierwall.dashboard.picture.picture import ROWS, SITES, Note, Picture
from tierwall.dashboard.picture.timeline import Timeline, bits_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A picture without the catalogue and what looks things up in it, so that it can be sent."""

    rows: tuple[Destination, ...]
    states: dict[Serving, dict[int, State]]
    others: tuple[Served, ...]
    """Services that only the journal knows."""
    timeline: Timeline
    notes: tuple[Note, ...]
    sums: dict[str, int]
    counts: tuple[int, ...]
    sites: tuple[str, ...]
    first: str
    last: str


_SUMS = ("events", "closed", "sent", "received", "unreadable", "left_out")


def part_of(picture: Picture) -> Part:
    """All that was added up."""
    known = {(vendor.id, service.id) for vendor in picture.catalogue.vendors for service in vendor.services}
    cells = picture.matrix.cells
    return Part(
        rows=tuple(picture.rows.values()),
        states={serving: cell.states for serving, cell in cells.items() if cell.states},
        others=tuple(
            Served(cell.vendor, cell.service, cell.tier, cell.symptom)
            for serving, cell in cells.items()
            if serving not in known
        ),
        timeline=picture.timeline,
        notes=tuple(picture.notes),
        sums={name: getattr(picture, name) for name in _SUMS},
        counts=tuple(picture.counts),
        sites=tuple(picture.sites),
        first=picture.first,
        last=picture.last,
    )


def merge(picture: Picture, part: Part) -> None:
    """Take over a later part."""
    picture.revision += 1
    for each in part.others:
        picture.matrix.know((each.vendor, each.service), each.tier, each.symptom)
    columns = _merge_timeline(picture, part.timeline)
    theirs = {row.number: row for row in part.rows}
    numbers = {row.number: _number(picture, row) for row in part.rows}
    for serving, states in part.states.items():
        for number, state in states.items():
            if (row := theirs.get(number)) is not None:
                _merge_state(picture, serving, numbers[number], row, state)
    for row in part.rows:
        _merge_row(picture, replace(row, number=numbers[row.number]), columns)
    while len(picture.rows) > ROWS:
        picture.rows.popitem(last=False)
        picture.left_out += 1
    for name, count in part.sums.items():
        setattr(picture, name, getattr(picture, name) + count)
    picture.counts = [ours + theirs for ours, theirs in zip(picture.counts, part.counts, strict=True)]
    picture.notes.extend(part.notes)
    picture.noted += len(part.notes)
    picture.sites = list(dict.fromkeys([*picture.sites, *part.sites]))[:SITES]
    picture.first = picture.first or part.first
    picture.last = part.last or picture.last


def _merge_timeline(picture: Picture, other: Timeline) -> list[int]:
    """Which column here each of its columns became."""
    if not other.columns:
        return []
    picture.make_room(other.start + other.width_s * (len(other.columns) - 1), other.width_s)
    columns = []
    for at, counts in enumerate(other.columns):
        column = picture.timeline.column(other.start + other.width_s * at)
        picture.timeline.columns[column] = [
            ours + theirs for ours, theirs in zip(picture.timeline.columns[column], counts, strict=True)
        ]
        columns.append(column)
    return columns


def _merge_row(picture: Picture, theirs: Destination, columns: list[int]) -> None:
    active = sum({1 << columns[at] for at in bits_of(theirs.active)})
    ours = picture.rows.pop(theirs.key, None)
    if ours is None:
        ours = replace(theirs, active=active)
    else:
        if theirs.kind != NOTHING:
            if not _sticks(picture, ours, (ours.outcome, ours.behaviour), theirs, theirs.outcome):
                ours.outcome, ours.reason, ours.behaviour = theirs.outcome, theirs.reason, theirs.behaviour
            ours.kind, ours.breaks, ours.site, ours.tier = theirs.kind, theirs.breaks, theirs.site, theirs.tier
            ours.last = theirs.last
        ours.counts = [one + other for one, other in zip(ours.counts, theirs.counts, strict=True)]
        for client, count in theirs.clients.items():
            if client in ours.clients or len(ours.clients) < CLIENTS:
                ours.clients[client] = ours.clients.get(client, 0) + count
            else:
                ours.more_clients += count
        ours.more_clients += theirs.more_clients
        ours.sent += theirs.sent
        ours.received += theirs.received
        ours.active |= active
        ours.last = ours.last or theirs.last
        ours.lines |= theirs.lines
    picture.rows[ours.key] = ours
    ours.changed = picture.revision


def _number(picture: Picture, theirs: Destination) -> int:
    ours = picture.rows.get(theirs.key)
    return picture.next_number() if ours is None else ours.number


def _merge_state(picture: Picture, serving: Serving, number: int, theirs: Destination, state: State) -> None:
    ours, before = picture.rows.get(theirs.key), picture.matrix.state(serving, number)
    if ours is None or before is None or not _sticks(picture, ours, before, theirs, state[0]):
        picture.matrix.set(serving, number, state, picture.revision)


def _sticks(picture: Picture, ours: Destination, before: State, theirs: Destination, then: Outcome) -> bool:
    """Whether what was broken before is so still: all that came then was let through, or broken again."""
    outcome, behaviour = before
    acts = picture.still_acts(ours.site, behaviour)
    if outcome is not Outcome.BROKEN or then is not Outcome.WORKS or ours.site != theirs.site or not acts:
        return False
    return not any(theirs.counts[RANK[other]] for other in Outcome if other not in {Outcome.WORKS, Outcome.BROKEN})
