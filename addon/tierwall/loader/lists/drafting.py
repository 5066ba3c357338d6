"""A customer's file -> how an entry of a site would say it: the file itself, or its hosts, and what it could not place.

Knows lists; how a site file is written is the command line's. Reads what a site would not load too, as far as it can.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from tierwall.loader.faults import Fault, InvalidFiles, shown_path
from tierwall.loader.lists.configured import configured
from tierwall.loader.lists.content import Content, Spelling
from tierwall.loader.lists.formats import Export, ListFormat
from tierwall.loader.lists.items import items
from tierwall.loader.lists.octets import opened
from tierwall.loader.lists.plain import unwrapped
from tierwall.loader.lists.sniffing import format_of
from tierwall.loader.lists.spellings import dialect_of, read_content
from tierwall.policy.dialect import Dialect, Rejected, canonical, read
from tierwall.policy.hostname import normalise_pattern
from tierwall.policy.model import Network


@dataclass(frozen=True, slots=True)
class Draft:
    """What would stand in a site."""

    format: ListFormat
    dialect: Dialect
    loads: bool
    """Whether an entry may name the file as it is; else its hosts stand in the site."""
    hosts: tuple[str, ...]
    networks: tuple[Network, ...]
    """Addresses among its hosts, which the dialect does not take there."""
    unplaced: tuple[Fault, ...]
    """What could not be placed, with its line."""


def draft(export: Export) -> Draft:
    """How an entry would say it.

    Raises:
        InvalidFiles: Nothing can be made of it.
    """
    with opened(export.path, export.dialect) as stream:
        found = format_of(stream, export)
    dialect = dialect_of(export, found)
    if found is ListFormat.SQUID:
        its = configured(export)
        return Draft(found, Dialect.SQUID, loads=True, hosts=its.hosts, networks=(), unplaced=its.notes)
    content, faults = _content(export)
    if content is None and (dialect is not Dialect.LITERAL or found not in {ListFormat.PLAIN, ListFormat.CSV}):
        raise InvalidFiles(faults)
    hosts: dict[str, None] = {}
    networks: dict[Network, None] = {}
    unplaced = list(content.notes) if content is not None else []
    for line, text in _spelled(export, found):
        match _placed(text, dialect):
            case str() as host:
                hosts[host] = None
            case Rejected(why=why):
                unplaced.append(Fault(shown_path(export.path), line, "", f"`{text}`: {why}"))
            case network:
                networks[network] = None
    if not hosts and not networks and content is None:
        raise InvalidFiles(faults)
    return Draft(found, dialect, content is not None, tuple(hosts), tuple(networks), tuple(dict.fromkeys(unplaced)))


def _content(export: Export) -> tuple[Content | None, tuple[Fault, ...]]:
    try:
        return read_content(export), ()
    except InvalidFiles as invalid:
        return None, invalid.faults


def _spelled(export: Export, found: ListFormat) -> Iterator[tuple[int | None, str]]:
    with opened(export.path, export.dialect) as stream:
        for item in items(stream, found, export):
            if isinstance(item, Spelling) and item.text.isprintable():
                yield item.line, item.text


def _placed(text: str, dialect: Dialect) -> str | Network | Rejected:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        pass
    reason: Rejected | None = None
    for each in (text, unwrapped(text), unwrapped(f"<{text}>")):
        if each is None:
            continue
        if dialect is Dialect.LITERAL:
            try:
                return normalise_pattern(each)
            except ValueError as fault:
                reason = reason or Rejected(str(fault))
        elif isinstance(taken := read(dialect, canonical(each, dialect)), Rejected):
            reason = reason or taken
        else:
            return canonical(each, dialect)
    return reason or Rejected("it is no host pattern")
