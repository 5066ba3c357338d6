"""One report as a value: what is broken, what works, what nobody tested, what shows it, and what would mend it.

Every reader of a result (of_*.py) fills one of these; together.py makes one of several. Knows structure only.
"""

from dataclasses import dataclass
from enum import StrEnum

from tierwall.policy.model import Address, Tier, Transport


class Health(StrEnum):
    """How a service is, the worst first."""

    BROKEN = "broken"
    DEGRADED = "degraded"
    """It works in part, or with loss, delay or a detour."""
    WORKS = "works"
    NOT_TESTED = "not tested"


class Kind(StrEnum):
    """Which command wrote a result."""

    JOURNAL = "journal"
    AUDIT = "audit"
    PROBE = "probe"
    DIAGNOSE = "diagnose"
    REPRODUCE = "reproduce"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that the report stands on."""

    name: str
    """Without its folders."""
    kind: Kind
    sha256: str
    """Of its octets, as `sha256sum` prints it."""
    octets: int
    version: str | None = None
    """Of the tierwall that wrote it, where it says so."""
    first: str | None = None
    last: str | None = None
    """RFC 3339, UTC: the times that it is about."""
    notices: tuple[str, ...] = ()
    """What a reader must know before believing it: changed afterwards, of another version, lines that were left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHealth:
    """One service of a vendor, as one source has it."""

    vendor: str
    service: str
    tier: Tier | None = None
    """None where neither the source nor the catalogue says."""
    health: Health
    symptom: str = ""
    """What its users see without it."""
    causes: tuple[str, ...] = ()
    """Reasons and behaviours that did it, in judge's and the behaviours' own words."""
    times: int = 0
    """How often that was seen."""
    site: str | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A destination that a list kept shut, so that a list can open it."""

    host: str | Address
    port: int
    transport: Transport
    serves: tuple[str, ...]
    """`vendor/service`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be added to the customer's list."""

    entry: str
    ports: tuple[str, ...]
    serves: tuple[str, ...]
    opens_besides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What no list can open: a behaviour that the network's people would have to change."""

    behaviour: str
    ask: str
    destinations: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that was seen."""

    source: str
    id: str = ""
    """Of the event in the journal, or of the check."""
    when: str | None = None
    client: str | None = None
    what: str
    """The destination, or what was asked."""
    decided: str
    """What was done to it, and why."""
    saw: str = ""
    """What the client saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """A behaviour that broke or slowed something at a destination."""

    behaviour: str
    destination: str
    service: str
    """`vendor/service`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What the report says nothing about, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A vendor's rule that nearly covers what was refused: no service breaks by it, and a typing error may."""

    destination: str
    rule: str
    serves: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """The data of one source, as JSON, without what was redacted."""

    source: str
    text: str
    """ASCII."""
    sha256: str
    """Of the text."""
    left_out: str = ""
    """What of the source is not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it."""

    sources: tuple[Source, ...] = ()
    sites: tuple[str, ...] = ()
    services: tuple[ServiceHealth, ...] = ()
    refused: tuple[Refused, ...] = ()
    unreached: tuple[Refused, ...] = ()
    """What was measured and not reached: a list did that only where a diagnosis says so."""
    struck: tuple[Struck, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    evidence_cut: int = 0
    """How much more there was."""
    not_tested: tuple[Open, ...] = ()
    not_attributable: tuple[Open, ...] = ()
    near: tuple[Near, ...] = ()
    redacted: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    """Commands."""
    raw: tuple[Raw, ...] = ()
    clients: frozenset[str] = frozenset()
    """As the sources name them; redacting.py replaces each of them everywhere."""
    dialect: str | None = None
    """Of the customer's product, where a source says so."""
    entries: tuple[Entry, ...] = ()
    asks: tuple[Ask, ...] = ()
