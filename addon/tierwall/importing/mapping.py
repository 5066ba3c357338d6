"""What the columns of a document's tables mean: by a mapping file, or by their headings where there is none.

Knows headings and words of vendors' pages. What it takes for granted is listed for a person to decide.
"""

import re
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import Field

from tierwall.loader.faults import InvalidFiles, by_line
from tierwall.loader.forms.form import Form
from tierwall.loader.forms.pydantic_errors import shape_faults
from tierwall.loader.forms.values import Prose, ProtocolWord, TierWord, TransportWord
from tierwall.loader.yaml.tree import read_document
from tierwall.policy.model import Protocol, Tier, Transport


class Column(StrEnum):
    """What a column says."""

    HOST = "host"
    PORTS = "ports"
    TRANSPORT = "transport"
    SERVICE = "service"
    NEED = "need"
    REGION = "region"
    NOTE = "note"
    DIRECTION = "direction"


class Mapping(Form):
    """A mapping file."""

    tables: list[int] | None = None
    """Which tables of the document, from 1 in their order; all that have a column for hosts where it is left out."""
    columns: dict[str, str] = Field(default={})
    """The heading of each column by what it says: host, ports, transport, service, need, region, note, direction."""
    words: dict[Prose, TierWord] = Field(default={})
    """The document's words for how much is needed, and the tier of each."""
    protocols: dict[Prose, ProtocolWord] = Field(default={})
    """Words in a row's service or note, and the protocol that a service with them speaks."""
    transport: TransportWord | None = None
    """Of ports whose transport the document does not say."""
    ports: str | None = None
    """Of rows that have none, as the document says it elsewhere: `TCP 443`."""
    header: bool = True
    """`false` where the first row of a table is no heading; `columns` are numbers then, from 1."""


def read_mapping(path: Path) -> Mapping:
    """The mapping in that file.

    Raises:
        InvalidFiles: With every fault.
    """
    document = read_document(path)
    found = shape_faults(document, Mapping)
    faults = [*document.faults, *(found if isinstance(found, list) else [])]
    if isinstance(found, Mapping):
        known = set(Column)
        faults += [
            document.fault(("columns", key), f"unknown column (known: {', '.join(Column)})")
            for key in found.columns
            if key not in known
        ]
    if faults or isinstance(found, list):
        raise InvalidFiles(by_line(faults))
    return found


_PLACES: Final = (
    r"hosts?|host ?names?|domains?|domain names?|fqdns?|urls?|uris?|ips?|ip ?address(?:es)?|ip ?ranges?|ip ?subnets?"
    r"|address(?:es)?|subnets?|networks?|endpoints?|destinations?|ranges?|servers?"
)

_HEADINGS: Final = (
    (Column.DIRECTION, r"direction"),
    (Column.NEED, r"required|need(?:ed)?|mandatory|necessity|importance|priority|requirement"),
    (Column.TRANSPORT, r"transport|protocols?|tcp ?/ ?udp"),
    (Column.PORTS, r"(?:dest(?:ination)?\.? )?ports?(?: ?\(s\)| range)?(?: number)?"),
    (Column.HOST, rf"(?:dest(?:ination)?|remote|server)?\.? ?(?:{_PLACES})(?: ?(?:/|or|and) ?(?:{_PLACES}))*"),
    (Column.SERVICE, r"services?|function|feature|purpose|used for|use|usage|product|component|traffic"),
    (Column.REGION, r"regions?|locations?|data ?cent(?:er|re)s?|country"),
    (Column.NOTE, r"notes?|descriptions?|comments?|details|remarks?|role|rule"),
)
"""What headings are taken for, in this order; the first column of a kind counts."""

WORDS: Final = {
    "required": Tier.CORE,
    "mandatory": Tier.CORE,
    "must": Tier.CORE,
    "yes": Tier.CORE,
    "critical": Tier.CORE,
    "essential": Tier.CORE,
    "minimum": Tier.CORE,
    "recommended": Tier.AUXILIARY,
    "preferred": Tier.AUXILIARY,
    "should": Tier.AUXILIARY,
    "optional": Tier.AUXILIARY,
    "no": Tier.AUXILIARY,
    "nice to have": Tier.AUXILIARY,
}
OPTIONAL: Final = frozenset({"optional", "no", "nice to have"})
"""Words by which a document itself calls a row optional."""

_PROTOCOLS: Final = (
    (r"\bweb ?sockets?\b|\bwss?\b|signal(?:l)?ing", Protocol.WEBSOCKET),
    (r"\bturn\b|\bstun\b", Protocol.STUN),
    (r"\bmedia\b|\bwebrtc\b|\brtp\b|audio|video", Protocol.MEDIA),
    (r"\bhttps?\b|\bweb\b|\bapi\b|static|assets|website", Protocol.HTTPS),
)
"""What words of a service are taken for; a person decides."""


def columns_of(header: tuple[str, ...], mapping: Mapping) -> dict[Column, int]:
    """Which column is what; a mapping's headings first, then what headings are taken for."""
    found: dict[Column, int] = {}
    plain = [re.sub(r"[*_`]|\s+", " ", cell).strip().lower() for cell in header]
    for kind, heading in mapping.columns.items():
        wanted = heading.strip().lower()
        if wanted in plain:
            found[Column(kind)] = plain.index(wanted)
        elif wanted.isdecimal() and 1 <= int(wanted) <= len(header):
            found[Column(kind)] = int(wanted) - 1
    if mapping.header:
        for kind, pattern in _HEADINGS:
            if kind in found or kind in mapping.columns:
                continue
            for at, text in enumerate(plain):
                if at not in found.values() and re.fullmatch(pattern, text):
                    found[kind] = at
                    break
    return found


def tier_of(word: str, mapping: Mapping) -> Tier | None:
    """The tier that a document's word is taken for."""
    own = {key.casefold(): tier for key, tier in mapping.words.items()}
    return own.get(word.casefold()) or WORDS.get(word.casefold())


def protocol_of(text: str, transports: set[Transport], mapping: Mapping) -> Protocol:
    """What a service of these words speaks, as far as its words say."""
    for word, protocol in mapping.protocols.items():
        if word.casefold() in text.casefold():
            return protocol
    if transports == {Transport.UDP}:
        return Protocol.STUN if re.search(_PROTOCOLS[1][0], text, re.IGNORECASE) else Protocol.MEDIA
    return next(
        (protocol for pattern, protocol in _PROTOCOLS if re.search(pattern, text, re.IGNORECASE)), Protocol.UNSPECIFIED
    )
