"""Records are counted as they come: by statement, with the first and the last time, and who it was.

Knows values, no files. Memory grows with distinct statements, not with lines.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from operator import itemgetter
from typing import Final

from tierwall.audit.interest import Interest
from tierwall.records.destination import address_of
from tierwall.records.reading import Rows
from tierwall.records.record import Record, Statement

CLIENTS: Final = 10_000
"""Of one statement; more are not kept."""

EXAMPLE_CHARACTERS: Final = 200
REMEMBERED: Final = 20_000
"""Statements whose count is at hand, because lines repeat themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which records count: by time, and by client."""

    since: float | None = None
    until: float | None = None
    client: str | IPv4Network | IPv6Network | None = None

    @property
    def open(self) -> bool:
        """Whether all do."""
        return self.since is None and self.until is None and self.client is None

    def holds(self, when: float | None, client: str | None) -> bool:
        """Whether this one does. Where times are asked for, a record without one does not."""
        if self.since is not None and (when is None or when < self.since):
            return False
        if self.until is not None and (when is None or when >= self.until):
            return False
        match self.client:
            case None:
                return True
            case str() as name:
                return client == name
            case network:
                address = None if client is None else address_of(client)
                return address is not None and address in network


@dataclass(slots=True)
class Count:
    """How often, when, and whose."""

    lines: int = 0
    first: float | None = None
    last: float | None = None
    clients: set[str] | None = None
    """None where nobody asks."""

    def add(self, lines: int, first: float | None, last: float | None, clients: Iterable[str]) -> None:
        """So many more."""
        self.lines += lines
        if first is not None and (self.first is None or first < self.first):
            self.first = first
        if last is not None and (self.last is None or last > self.last):
            self.last = last
        if self.clients is not None and len(self.clients) < CLIENTS:
            self.clients.update(clients)


@dataclass(slots=True)
class Source:
    """A file, as far as it was in one format."""

    read: int = 0
    unread: int = 0
    headers: int = 0
    """Headers and comments, which are no records."""
    outside: int = 0
    """Read, and outside of the window."""


@dataclass(slots=True)
class Unreadable:
    """Lines of a file that could not be read, of one kind."""

    lines: int
    line: int
    """The first of them; 0 where it has no number."""
    example: str


@dataclass(slots=True)
class Tally:
    """All that was counted. Tallies of parts add up to that of the whole."""

    statements: dict[Statement, Count] = field(default_factory=dict)
    sources: dict[tuple[str, str], Source] = field(default_factory=dict)
    """By file and format."""
    unreadable: dict[tuple[str, str], Unreadable] = field(default_factory=dict)
    """By file and kind."""

    def source(self, file: str, format_id: str) -> Source:
        """What was counted of the file in that format so far."""
        return self.sources.setdefault((file, format_id), Source())

    def count(self, statement: Statement, interest: Interest) -> Count:
        """What was counted of such statements so far."""
        kept = interest.essential(statement)
        found = self.statements.get(kept)
        if found is None:
            found = self.statements[kept] = Count(clients=set() if interest.keeps_clients(kept) else None)
        return found

    def failed(self, file: str, kind: str, line: int, example: str, lines: int = 1) -> None:
        """So many lines could not be read."""
        found = self.unreadable.get((file, kind))
        if found is None:
            self.unreadable[file, kind] = Unreadable(lines, line, example[:EXAMPLE_CHARACTERS])
        else:
            found.lines += lines

    def merge(self, other: "Tally") -> None:
        """Add what was counted elsewhere, of what comes behind."""
        for statement, count in other.statements.items():
            mine = self.statements.get(statement)
            if mine is None:
                self.statements[statement] = count
            else:
                mine.add(count.lines, count.first, count.last, count.clients or ())
        for key, source in other.sources.items():
            into = self.source(*key)
            into.read += source.read
            into.unread += source.unread
            into.headers += source.headers
            into.outside += source.outside
        for (file, kind), each in other.unreadable.items():
            self.failed(file, kind, each.line, each.example, each.lines)


class _Octets:
    """What was counted of rows whose statements come to the same, in their own bytes until the end."""

    __slots__ = ("clients", "first", "last", "lines")

    def __init__(self, clients: set[bytes] | None) -> None:
        self.lines = 0
        self.first: bytes | None = None
        self.last = b""
        self.clients = clients


class Adding:
    """Adds records to a tally. `settle` must come at the end."""

    def __init__(self, tally: Tally, interest: Interest, window: Window) -> None:
        self.tally = tally
        self._interest = interest
        self._window = window
        self._open = window.open
        self._counts: dict[Statement, Count] = {}
        self._reader: Rows | None = None
        self._essences: dict[tuple[bytes, ...], _Octets] = {}
        self._octets: dict[Statement, _Octets] = {}
        self._same: dict[bytes, bytes] = {}

    def add(self, record: Record, source: Source) -> None:
        """Count one."""
        statement, when, client, lines, last = record
        source.read += lines
        if not self._open and not self._window.holds(when, client):
            source.outside += lines
            return
        count = self._counts.get(statement)
        if count is None:
            if len(self._counts) >= REMEMBERED:
                self._counts.clear()
            count = self._counts[statement] = self.tally.count(statement, self._interest)
        count.add(lines, when, when if last is None else last, () if client is None else (client,))

    def add_rows(self, rows: list[tuple[bytes, ...]], reader: Rows, source: Source) -> None:
        """Count many of one format at once: what is done for each of them is done in C.

        Their times are of equal length, so that they sort as the bytes that they are.
        """
        if reader is not self._reader:
            self.settle()
            self._reader = reader
        source.read += len(rows)
        if not self._open:
            held = [row for row in rows if self._window.holds(float(row[0]), row[1].decode(errors="replace"))]
            source.outside += len(rows) - len(held)
            rows = held
        if not rows:
            return
        rows.sort(key=_WHEN)  # nearly sorted already, which costs next to nothing
        essences = [row[2:] for row in rows]
        whens = [row[0] for row in rows]
        lasts = dict(zip(essences, whens, strict=True))
        firsts = dict(zip(reversed(essences), reversed(whens), strict=True))
        asked = False
        for essence, lines in Counter(essences).items():
            found = self._essences.get(essence)
            if found is None:
                found = self._known(essence, reader)
            found.lines += lines
            first, last = firsts[essence], lasts[essence]
            if found.first is None or first < found.first:
                found.first = first
            found.last = max(found.last, last)
            asked = asked or found.clients is not None
        if asked:
            for client, essence in set(zip([row[1] for row in rows], essences, strict=True)):
                if (clients := self._essences[essence].clients) is not None and len(clients) < CLIENTS:
                    clients.add(client)

    def settle(self) -> None:
        """Put what was counted in bytes into the tally."""
        for statement, found in self._octets.items():
            count = self.tally.count(statement, self._interest)
            clients = [client.decode(errors="replace") for client in found.clients or ()]
            count.add(found.lines, float(found.first or b"0"), float(found.last), clients)
        self._essences, self._octets, self._same = {}, {}, {}
        self._reader = None

    def _known(self, essence: tuple[bytes, ...], reader: Rows) -> _Octets:
        """An essence that comes for the first time. Words that repeat themselves are kept once."""
        statement = self._interest.essential(reader.statement(essence))
        found = self._octets.get(statement)
        if found is None:
            found = self._octets[statement] = _Octets(set() if self._interest.keeps_clients(statement) else None)
        kept = tuple(self._same.setdefault(word, word) if len(word) < _WORD else word for word in essence)
        self._essences[kept] = found
        return found


_WHEN: Final = itemgetter(0)
_WORD: Final = 20
