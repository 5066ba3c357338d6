"""Tables with hosts and ports, of any vendor's page -> rows.

Knows grids, and what their columns mean; a cell is read by destinations.py and port_cells.py. A row whose ports or
transport nobody says keeps its hosts, and its ports are `unspecified`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from tierwall.importing import port_cells
from tierwall.importing.destinations import Destinations, destinations, without_overlaps
from tierwall.importing.grids import Grid, grids
from tierwall.importing.mapping import OPTIONAL, Column, Mapping, columns_of, protocol_of, tier_of
from tierwall.importing.rows import Reading, Row, Served, UnreadableDocument
from tierwall.policy.model import Direction, Ports, Tier

_MEND: Final = "a mapping file names it (--map)"
_ID_AT_MOST: Final = 48
_TITLE_AT_MOST: Final = 90
_INBOUND: Final = re.compile(r"(?i)\bin(?:bound|coming|gress)\b")
_OUTBOUND: Final = re.compile(r"(?i)\b(?:out(?:bound|going)?|egress)\b")
_NOTHING: Final = frozenset({"", "-", "–", "—", "n/a", "none"})


@dataclass(frozen=True, slots=True)
class _Cells:
    """A row of a table, with what its columns mean."""

    cells: tuple[str, ...]
    columns: dict[Column, int]

    def get(self, column: Column) -> str:
        """The cell, or nothing where there is no such column, or only a dash in it."""
        at = self.columns.get(column)
        text = self.cells[at] if at is not None and at < len(self.cells) else ""
        return "" if text.strip().lower() in _NOTHING else text


def read(text: str, mapping: Mapping) -> Reading:
    """Every row of every table that has a column for hosts.

    Raises:
        UnreadableDocument: There is none.
    """
    rows: list[Row] = []
    doubts: list[str] = []
    tiers: dict[str, Tier] = {}
    found = grids(text)
    for number, grid in enumerate(found, 1):
        if mapping.tables is not None and number not in mapping.tables:
            continue
        columns = columns_of(grid.rows[0], mapping)
        if Column.HOST not in columns:
            if mapping.tables is not None:
                raise UnreadableDocument(f"table {number} has no column for hosts: {_shown(grid)}; {_MEND}")
            continue
        doubts += _guesses(number, grid, columns, mapping)
        for cells in grid.rows[1:] if mapping.header else grid.rows:
            rows += _rows(_Cells(cells, columns), grid, mapping, tiers)
    if not rows:
        seen = "; ".join(f"table {number}: {_shown(grid)}" for number, grid in enumerate(found, 1))
        raise UnreadableDocument(f"no table has a column for hosts ({seen or 'there is no table'}); {_MEND}")
    return Reading(rows=tuple(_with_ids(rows)), tier_words=tiers, doubts=tuple(doubts))


def _rows(cells: _Cells, grid: Grid, mapping: Mapping, tiers: dict[str, Tier]) -> Iterator[Row]:
    found = destinations(cells.get(Column.HOST))
    service = _title(cells, grid)
    if not _says_anything(found) and not cells.get(Column.PORTS):
        return
    ports, doubts = _ports(cells, found, mapping)
    doubts += found.doubts
    note, region = cells.get(Column.NOTE), cells.get(Column.REGION)
    if found.words:
        doubts.append(f"words among the hosts: {' '.join(found.words)}")
    if found.anywhere:
        doubts.append("asks for every destination: never admitted, unless a site lists the networks itself")
    word = " ".join(cells.get(Column.NEED).split())
    if word and (tier := tier_of(word, mapping)) is not None:
        tiers.setdefault(_capital(word), tier)
    elif word:
        doubts.append(f"`{word}` says how much it is needed, and is no word that has a tier")
    row = Row(
        id=_id(found, service),
        section=grid.heading or "Table",
        served=Served(
            id=_slug(service),
            title=service[:_TITLE_AT_MOST],
            protocol=protocol_of(f"{service} {note}", {each.transport for each in ports}, mapping),
            tier_word=_capital(word) if word and tier_of(word, mapping) else None,
            optional=word.casefold() in OPTIONAL,
        ),
        hosts=tuple(found.hosts),
        networks=without_overlaps(tuple(found.networks)),
        ports=ports,
        anywhere=found.anywhere and not (found.hosts or found.networks),
        asns=tuple(found.asns),
        paths=tuple(found.paths),
        direction=_direction(cells),
        region=_line(region) or None,
        note=_note(note if cells.get(Column.SERVICE) else "", found),
        facts={"heading": grid.heading, "service": service, "need": word, "region": _line(region)},
        doubts=tuple(doubts),
    )
    yield from _apart(row)


def _apart(row: Row) -> Iterator[Row]:
    """Hosts and systems in one cell are two rules: the one is admitted, the other never is."""
    if row.asns and (row.hosts or row.networks):
        yield replace(row, asns=())
        yield replace(row, hosts=(), networks=(), paths=(), id=f"{row.id}-as")
    else:
        yield row


def _ports(cells: _Cells, found: Destinations, mapping: Mapping) -> tuple[tuple[Ports, ...], list[str]]:
    beside = port_cells.transports(cells.get(Column.TRANSPORT)) or ((mapping.transport,) if mapping.transport else ())
    spelled = cells.get(Column.PORTS) or " ".join(found.ports) or cells.get(Column.TRANSPORT) or mapping.ports or ""
    try:
        read = port_cells.ports(spelled, beside)
    except port_cells.NoTransport as fault:
        return (), [f"ports {_line(str(fault))}: whether TCP or UDP is not said"]
    except ValueError as fault:
        return (), [str(fault)]
    if not read and mapping.ports:
        read = port_cells.ports(mapping.ports, beside)
    return read, [] if read else ["no ports are said"]


def _title(cells: _Cells, grid: Grid) -> str:
    service = _line(cells.get(Column.SERVICE)) or _line(cells.get(Column.NOTE)) or grid.heading
    return service or "What the document does not name"


def _note(note: str, found: Destinations) -> str | None:
    said = [_line(note)] if note.strip() else []
    if found.words:
        said.append(f"The document's own words among the hosts: {' '.join(found.words)}.")
    return " ".join(said) or None


def _direction(cells: _Cells) -> Direction:
    said = cells.get(Column.DIRECTION)
    return Direction.INBOUND if _INBOUND.search(said) and not _OUTBOUND.search(said) else Direction.EGRESS


def _guesses(number: int, grid: Grid, columns: dict[Column, int], mapping: Mapping) -> Iterator[str]:
    guessed = {kind: at for kind, at in columns.items() if kind not in mapping.columns}
    if guessed:
        in_order = sorted(guessed.items(), key=lambda item: item[1])
        taken = ", ".join(f"{_line(grid.rows[0][at])} as {kind}" for kind, at in in_order)
        yield f"table {number}{f' ({grid.heading})' if grid.heading else ''}: taken by their headings: {taken}"


def _says_anything(found: Destinations) -> bool:
    return bool(found.hosts or found.networks or found.asns or found.anywhere)


def _with_ids(rows: list[Row]) -> Iterator[Row]:
    """Ids that are unique: of two with the same host, the ports tell them apart, then a number."""
    taken: set[str] = set()
    for row in rows:
        ids = [row.id, f"{row.id}:{'+'.join(map(str, row.ports)).replace('/', '')}" if row.ports else row.id]
        ids += [f"{row.id}:{number}" for number in range(2, len(rows) + 2)]
        chosen = next(each for each in ids if each not in taken)
        taken.add(chosen)
        yield replace(row, id=chosen)


def _id(found: Destinations, service: str) -> str:
    names = [*found.hosts, *map(str, found.networks), *(f"AS{asn}" for asn in found.asns)]
    return names[0] if len(names) == 1 else _slug(service)


def _slug(text: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return name[:_ID_AT_MOST].rstrip("-") or "unnamed"


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _line(text: str) -> str:
    return " ".join(text.split())


def _shown(grid: Grid) -> str:
    return " | ".join(_line(cell)[:24] for cell in grid.rows[0])
