"""How files spell ports, networks, host patterns and prose -> values, or a sentence with the mend.

Knows one value at a time, and raises ValueError with the whole sentence; where it stands is tree.py's.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from ipaddress import IPv6Network, ip_address, ip_network

from tierwall.loader.faults import quoted, unknown
from tierwall.policy.dialect import Dialect, canonical, vendors_pattern
from tierwall.policy.hostname import normalise_pattern
from tierwall.policy.model import Address, Network, Ports, Transport

ID_PATTERN = r"^[a-z0-9][a-z0-9-]*$"
RULE_ID_PATTERN = r"^\S+$"
PORTS_PATTERN = r"^(tcp|udp)/(any|[0-9]{1,5}(-[0-9]{1,5})?)$"
URL_PATTERN = r"^https?://\S+$"
HOST_PATTERN = r"^(\*\.)?[^\s*/:]+$"
VENDOR_HOST_PATTERN = r"^[^\s/:]+$"
DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
ASN_PATTERN = r"^AS[0-9]{1,10}$"
PATH_PATTERN = r"^/\S*$"
TIER_WORD_PATTERN = r"^[^a-z\s]"
SPELLED_PATTERN = r"^\S+$"

_PORTS = re.compile(r"(?:any|([0-9]{1,9})(?:-([0-9]{1,9}))?)")
_HIGHEST_PORT = 65535
_NETWORK = re.compile(r"[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?")


def ports(raw: object) -> Ports:
    """`tcp/443`, `udp/49152-65535`, `tcp/any`."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str):
        raise TypeError
    transport, slash, numbers = raw.partition("/")
    if not slash:
        hint = f": write tcp/{raw} or udp/{raw}" if _PORTS.fullmatch(raw) else "; expected e.g. tcp/443 or udp/any"
        raise ValueError(f"{quoted(raw)} does not say its transport{hint}")
    if transport not in Transport:
        if _PORTS.fullmatch(transport) and numbers.lower() in Transport:
            raise ValueError(f"{quoted(raw)} is the wrong way round: write {numbers.lower()}/{transport}")
        raise ValueError(unknown("transport", transport, tuple(Transport)))
    return _range(Transport(transport), numbers, raw)


@lru_cache(maxsize=4096)
def network(raw: str) -> Network:
    """`198.51.100.0/24`, `2001:db8::/32`; a plain address is a network of one."""
    if not _NETWORK.fullmatch(raw):
        raise ValueError(f"{quoted(raw)} is not a network; expected e.g. 198.51.100.0/24 or 2001:db8::/32")
    try:
        found = ip_network(raw, strict=False)
    except ValueError:
        raise ValueError(f"{quoted(raw)} is not a network; expected e.g. 198.51.100.0/24 or 2001:db8::/32") from None
    if isinstance(found, IPv6Network) and (mapped := found.network_address.ipv4_mapped) and found.prefixlen >= 96:
        raise ValueError(f"{quoted(raw)} is IPv4 written as IPv6: write {mapped}/{found.prefixlen - 96}")
    address, slash, _ = raw.partition("/")
    if slash and ip_address(address) != found.network_address:
        raise ValueError(
            f"{quoted(raw)} has bits set behind its prefix: write {found}, or {address} for the one address"
        )
    return found


def sinkhole(raw: str) -> Address:
    """The address behind `sinkhole`."""
    try:
        return ip_address(raw)
    except ValueError:
        raise ValueError("`sinkhole` needs an address behind it, as in `sinkhole 10.0.0.1`") from None


def host(raw: str) -> str:
    """An exact name or a leading `*.` before one, normalised."""
    return normalise_pattern(raw)


def vendor_host(raw: str) -> str:
    """The same, or what only vendors write: `*` within a label, or for a whole one that is not the first."""
    if "*" not in raw.removeprefix("*."):
        return normalise_pattern(raw)
    lower = canonical(raw).removesuffix(".")
    if not vendors_pattern(lower):
        raise ValueError(
            f"{quoted(raw)} is no host pattern: the last two labels are without `*`, as in `*cdn.example.com`; "
            "a document that asks for every destination is `anywhere: true`"
        )
    return lower


def day(raw: str) -> str:
    """A day as ISO 8601 has it."""
    try:
        found = date.fromisoformat(raw).isoformat()
    except ValueError:
        found = ""
    if found != raw:  # `20261127` and week dates are ISO 8601 too
        raise ValueError(f"{quoted(raw)} is no day; expected e.g. 2026-11-27")
    return found


def asn(raw: str) -> int:
    """`AS64496`, the number of an autonomous system (RFC 6793: 32 bits)."""
    if not re.fullmatch(ASN_PATTERN, raw) or not 0 < int(raw[2:]) < 2**32:
        raise ValueError(f"{quoted(raw)} is no autonomous system; expected e.g. AS64496")
    return int(raw[2:])


def path(raw: str) -> str:
    """What stands behind the host in a URL."""
    if re.fullmatch(PATH_PATTERN, raw) and raw.isprintable():
        return raw
    raise ValueError(f"{quoted(raw)} is no path; expected e.g. /tools/feedback")


def spelled(raw: str, dialect: Dialect) -> str:
    """A host pattern as that dialect spells it, canonical; what a product's dialect rejects is warned of elsewhere."""
    return normalise_pattern(raw) if dialect is Dialect.LITERAL else canonical(word(raw), dialect)


def address_of_page(raw: str) -> str:
    """Where a document can be read."""
    if re.fullmatch(URL_PATTERN, raw) and raw.isprintable():
        return raw
    raise ValueError(f"{quoted(raw)} is not a web address; expected https://…")


def identifier(raw: str) -> str:
    """The id of a vendor, service, document or site."""
    if re.fullmatch(ID_PATTERN, raw):
        return raw
    mended = re.sub(r"[^a-z0-9]+", "-", raw.lower()).strip("-")
    mend = f": write {quoted(mended)}" if mended else ""
    raise ValueError(f"{quoted(raw)} is not an id (lower-case letters, digits, hyphens){mend}")


def rule_identifier(raw: str) -> str:
    """The id of a rule: anything printable without spaces."""
    if raw and raw.isprintable() and not any(c.isspace() for c in raw):
        return raw
    raise ValueError(f"{quoted(raw)} is not a rule id (printable characters, no spaces)")


def word(raw: str) -> str:
    """The name of something that stands elsewhere: a vendor, a service, a site, a file."""
    if not raw:
        raise ValueError("must not be empty")
    if not raw.isprintable():
        raise ValueError(f"{quoted(raw)} holds a character that cannot be printed")
    return raw


def tier_word(raw: str) -> str:
    """A document's own word for how much is needed, such as `Required`."""
    found = prose(raw)
    if not re.match(TIER_WORD_PATTERN, found):
        raise ValueError(
            f"{quoted(raw)} begins with a small letter, as only tiers do: write {quoted(found.capitalize())}"
        )
    return found


def prose(raw: str) -> str:
    """A sentence for people, on one line."""
    for character in () if raw.isascii() and raw.isprintable() else raw:
        if unicodedata.category(character) in {"Cc", "Cf", "Cs"} and character not in "\n\t":
            raise ValueError(f"character U+{ord(character):04X} is not allowed")
    text = " ".join(raw.split())
    if not text:
        raise ValueError("must not be empty")
    return text


def overlaps(networks: Iterable[tuple[int, Network]]) -> Iterator[tuple[int, str]]:
    """The networks of one list that another of them has wholly or twice: the place of each, and the sentence."""
    in_order = sorted(
        networks, key=lambda entry: (entry[1].version, int(entry[1].network_address), entry[1].prefixlen, entry[0])
    )
    widest: tuple[int, Network] | None = None
    for at, found in in_order:
        if widest is not None and widest[1].version == found.version and found[0] in widest[1]:
            # Networks nest or are apart, so that the widest so far is the only one that can cover this one.
            if widest[1] == found:
                yield at, f"network {found} stands twice: leave one out"
            else:
                yield at, f"network {found} overlaps {widest[1]}, which covers it: leave one out"
        else:
            widest = (at, found)


def _range(transport: Transport, numbers: str, raw: str) -> Ports:
    match = _PORTS.fullmatch(numbers)
    if match is None:
        raise ValueError(
            f"{quoted(raw)} is malformed; expected e.g. {transport}/443, {transport}/10000-20000 or {transport}/any"
        )
    if numbers == "any":
        return Ports(transport, 1, _HIGHEST_PORT)
    first, last = int(match[1]), int(match[2] or match[1])
    for port in (first, last):
        if not 1 <= port <= _HIGHEST_PORT:
            raise ValueError(f"port {port} is out of range (1-{_HIGHEST_PORT})")
    if first > last:
        raise ValueError(f"{quoted(raw)} runs backwards: write {transport}/{last}-{first}")
    return Ports(transport, first, last)
