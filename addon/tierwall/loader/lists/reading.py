"""What readers of products' exports share: networks and ports as they are written there.

Knows spellings of addresses, masks, ranges and ports; whose file they are in is the readers'.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network, summarize_address_range

from tierwall.loader.lists.content import Destination, Item, Spelling, Unplaced
from tierwall.policy.model import Network, Ports, Transport

_PORTS = re.compile(r"([0-9]{1,5})(?:\s*[-:]\s*([0-9]{1,5}))?")
_HIGHEST = 65535
ANY_PORT = frozenset({"any", "*", "all", "0-65535", "1-65535"})


def networks(text: str) -> list[Network]:
    """`192.0.2.0/24`, `192.0.2.0 255.255.255.0`, `192.0.2.1-192.0.2.9`. Raises ValueError for anything else."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    if dash:
        return list(summarize_address_range(ip_address(first), ip_address(last)))
    address, _, mask = text.strip().replace(" ", "/").partition("/")
    return [ip_network(f"{address}/{mask}" if mask else address, strict=False)]


def ports(transports: Iterable[Transport], several: Iterable[str]) -> tuple[Ports, ...]:
    """The ports of `443`, `49152-65535`, `*`. Raises ValueError for anything else."""
    return tuple(_range(transport, text) for transport in transports for text in several)


def place(line: int | None, text: str, its: tuple[Ports, ...] | None = None) -> Iterator[Item]:
    """An address or network where it is one, else a host pattern."""
    try:
        found = networks(text)
    except ValueError:
        yield Spelling(line, text, its)
    else:
        yield from (Destination(line, network, its) for network in found)


def transports(words: Iterable[str]) -> list[Transport]:
    """Those of `tcp`, `UDP`, `any`; what is neither is left out."""
    named = {word.lower() for word in words}
    return [transport for transport in Transport if named & {transport.value, "any", "*", "ip"}]


def dictionaries(value: object) -> Iterator[Mapping[str, object]]:
    """Every mapping in a JSON value, outer ones first."""
    inside = [value]
    while inside:
        match inside.pop(0):
            case dict() as mapping:
                yield mapping
                inside[:0] = mapping.values()
            case list() as items:
                inside[:0] = items
            case _:
                pass


def strings(value: object) -> list[str]:
    """The texts in a list, or the one text."""
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def unplaced(line: int | None, what: str, which: Iterable[str]) -> Iterator[Unplaced]:
    """A note on what the product lists that is no host and no network."""
    if named := list(dict.fromkeys(which)):
        shown = ", ".join(f"`{each}`" for each in named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
        yield Unplaced(line, f"{what} {shown}: no host, and left out")


def _range(transport: Transport, text: str) -> Ports:
    if text.strip().lower() in ANY_PORT:
        return Ports(transport, 1, _HIGHEST)
    found = _PORTS.fullmatch(text.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= first <= last <= _HIGHEST:
        raise ValueError(f"`{text}` is no port")
    return Ports(transport, first, last)
