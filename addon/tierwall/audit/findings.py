"""What an audit found. The fields are the keys of `audit --json`, in their order; what is None is left out there.

Knows values only. Times are RFC 3339 in UTC.
"""

from dataclasses import dataclass

from tierwall.policy.attempt import Reason
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Tier, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadLines:
    """Lines that could not be read, of one kind."""

    kind: str
    lines: int
    line: int
    """The first of them."""
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFound:
    """A file, as far as it is in one format. A file of mixed formats is there once for each."""

    file: str
    format: str
    """`unknown` where its lines look like none."""
    lines: int
    """Those that hold or should hold a record; headers, comments and empty lines are none."""
    read: int
    unread: int
    headers: int = 0
    outside: int = 0
    """Read, and left out by --since, --until or --client."""
    unreadable: tuple[UnreadLines, ...] = ()
    """Of the whole file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Records by what the product decided; the five add up to `records`."""

    records: int
    allowed: int
    denied: int
    auth: int
    error: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationFound:
    """A destination, with all that the log says of it."""

    host: str | None = None
    address: str | None = None
    port: int | None = None
    """Absent where only the name was looked up."""
    transport: Transport | None = None
    denied: int
    allowed: int
    auth: int
    error: int
    first: str | None = None
    last: str | None = None
    """Of the denials, or of what else the list is about."""
    words: tuple[str, ...] = ()
    """The product's own, the most frequent first."""
    clients: tuple[str, ...] = ()
    """Pseudonyms, unless they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFound:
    """A service of a vendor, with the destinations that serve it."""

    vendor: str
    tier: Tier
    service: str
    symptom: str
    destinations: tuple[DestinationFound, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """A service with traffic that was let through; that is not all of it."""

    vendor: str
    tier: Tier
    service: str
    allowed: int
    destinations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSeen:
    """A service of which the log has no trace: not tested by this log."""

    vendor: str
    tier: Tier
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAdd:
    """An entry that opens what was denied."""

    entry: str
    ports: tuple[str, ...]
    dialect: Dialect
    serves: tuple[str, ...]
    opens_besides: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How often both said the same."""

    same: int
    differ: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A destination on which the network and the site differ."""

    destination: str
    theirs: str
    """`allowed`, `denied`, or `both` where the log has it either way."""
    ours: str
    reason: Reason | None = None
    lines: int
    likely: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AsSite:
    """The network beside the site. Whoever was asked to authenticate, or failed, is left out."""

    site: str
    destinations: Agreement
    lines: Agreement
    disagreements: tuple[Disagreement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained:
    """Lines that do not say what was decided."""

    words: str
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The answers."""

    partial: bool = False
    """Whoever ran it stopped it: only what was counted until then."""
    sources: tuple[SourceFound, ...]
    totals: Totals
    broken: tuple[ServiceFound, ...]
    """Denied by the network's policy."""
    auth: tuple[ServiceFound, ...]
    """Asked to authenticate, and neither let through nor denied."""
    error: tuple[ServiceFound, ...]
    """Not denied, and failed; never let through."""
    works: tuple[Works, ...]
    not_seen: tuple[NotSeen, ...]
    to_add: tuple[ToAdd, ...]
    unexplained: tuple[Unexplained, ...]
    never_hit: tuple[str, ...] | None = None
    """Entries of the site that nothing in the log matched: to be reviewed, not removed."""
    as_site: AsSite | None = None
