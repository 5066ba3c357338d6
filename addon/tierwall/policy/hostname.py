"""Hosts as clients and files spell them -> the one spelling that everything compares.

Knows spellings: names, address literals, host patterns, and which addresses are nobody's public destination. What a
pattern covers is dialect/'s; public suffixes are the loader's. Nothing is normalised twice: the result is final.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from urllib.parse import unquote_to_bytes

import idna

from tierwall.policy import limits
from tierwall.policy.model import Address

_PLAIN_NAME = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z][A-Za-z0-9_-]{0,62}\.?")
"""Nearly every host. The last label starts with a letter, so that it cannot be an IPv4 address in any spelling."""

_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_PATTERN = re.compile(r"(?:\*\.)?(?:[\w-]{1,63}\.)*[\w-]{1,63}")
"""What is worth being proposed instead of something else."""
_NOT_IN_NAMES = re.compile(r"[^a-z0-9_.-]")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ZONE = re.compile(r"%[A-Za-z0-9._~-]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_WITH_PORT = re.compile(r"([^:]*):([0-9]*|\*)")

_SPELLING_CHARACTERS = 12 * (limits.HOST_OCTETS + 1)
"""No spelling of a valid host is longer: a character is at most four octets, each percent-encoded as three."""


class InvalidHost(ValueError):
    """The text names no host; the message says why, in one clause."""


class InvalidPattern(ValueError):
    """The text is no host pattern that a policy may hold; the message says what to write instead."""


def normalise(raw: str) -> str | Address:
    """The host's canonical spelling: lower case, A-labels, no trailing dot; an address where it is one.

    Follows the WHATWG URL standard's host parser, because that is what clients do with the same text, but keeps the
    underscores and outer hyphens that real hosts have. A zone id is dropped: it names an interface of the client.

    Raises:
        InvalidHost: The text names no host.
    """
    if len(raw) <= limits.HOST_OCTETS and _PLAIN_NAME.fullmatch(raw):
        return raw.lower().removesuffix(".")
    if len(raw) > _SPELLING_CHARACTERS:
        raise InvalidHost(f"a host has at most {limits.HOST_OCTETS} octets")
    if raw.startswith("[") or raw.count(":") > 1:
        return _ipv6(raw)
    return _name_or_ipv4(_mapped(_percent_decoded(raw)).removesuffix("."))


def normalise_pattern(raw: str) -> str:
    """The canonical spelling of a pattern that a policy may hold: an exact name, or a leading `*.` before one.

    Raises:
        InvalidPattern: With what to write instead.
    """
    _reject_urls_and_ports(raw)
    _reject_foreign_wildcards(raw)
    base = raw.removeprefix("*.")
    try:
        name = normalise(base)
    except InvalidHost as fault:
        raise InvalidPattern(f"{_quoted(raw)} is no host: {fault}") from None
    if not isinstance(name, str):
        raise InvalidPattern(f"{_quoted(raw)} is an address: list it under `networks`")
    return name if base == raw else f"*.{name}"


def suffixes(name: str) -> Iterator[tuple[int, str]]:
    """The name and every name above it, each with the number of labels before it: (0, "a.b"), (1, "b")."""
    yield 0, name
    labels_before = 0
    at = name.find(".")
    while at >= 0:
        labels_before += 1
        yield labels_before, name[at + 1 :]
        at = name.find(".", at + 1)


def is_private(address: Address) -> bool:
    """Whether the address, or the IPv4 address inside it, leads nowhere that a vendor could serve the public from."""
    if isinstance(address, IPv4Address):
        return _listed(int(address), _PRIVATE_IPV4)
    value = int(address)
    return _listed(value, _PRIVATE_IPV6) or any(_listed(inside, _PRIVATE_IPV4) for inside in _embedded_ipv4(value))


def private_networks() -> Iterator[IPv4Network | IPv6Network]:
    """The networks of all such addresses, for engines that know networks alone.

    One is wider than `is_private`: NAT64 of local use, whose layout nobody can tell from the prefix, is here whole.
    """
    for mask, base in _PRIVATE_IPV4:
        network = IPv4Network((base, mask.bit_count()))
        yield network
        for _, low in _IPV4_IN_LOW_BITS:
            yield IPv6Network((low + base, 96 + network.prefixlen))
        for _, six in _SIX_TO_FOUR:
            yield IPv6Network((six + (base << 80), 16 + network.prefixlen))
    for mask, base in (*_PRIVATE_IPV6, *_NAT64_LOCAL):
        yield IPv6Network((base, mask.bit_count()))


# Hosts


def _percent_decoded(raw: str) -> str:
    """Decoded once (WHATWG URL section 3.5 step 4); what is still encoded after that is no host."""
    if "%" not in raw:
        return raw
    if _BAD_PERCENT.search(raw):
        raise InvalidHost("a `%` is not followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeError:
        raise InvalidHost("its percent-encoded octets are not UTF-8") from None


def _mapped(text: str) -> str:
    """UTS #46 non-transitional mapping, then A-labels. ASCII labels keep what IDNA forbids and real hosts have."""
    if len(text) > limits.HOST_OCTETS + 1:
        raise InvalidHost(f"a host has at most {limits.HOST_OCTETS} octets")
    if text.isascii():
        return text.lower()
    try:
        labels = idna.uts46_remap(text, std3_rules=False, transitional=False).split(".")
        return ".".join(label if label.isascii() else idna.alabel(label).decode() for label in labels)
    except UnicodeError:
        raise InvalidHost("it is no valid internationalised name (IDNA)") from None


def _name_or_ipv4(text: str) -> str | IPv4Address:
    if not text:
        raise InvalidHost("it is empty")
    if wrong := _NOT_IN_NAMES.search(text):
        raise InvalidHost(f"a host cannot hold {wrong.group()!a}")
    if len(text) > limits.HOST_OCTETS:
        raise InvalidHost(f"a host has at most {limits.HOST_OCTETS} octets")
    labels = text.split(".")
    if "" in labels:
        raise InvalidHost("it has an empty label")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidHost("a label has at most 63 octets")
    return _ipv4(labels) if _NUMBER.fullmatch(labels[-1]) else text


def _ipv4(labels: list[str]) -> IPv4Address:
    """WHATWG URL section 3.5, "IPv4 parser": one to four numbers, the last of which fills the remaining octets."""
    try:
        *octets, rest = (_number(label) for label in labels)
    except ValueError:
        raise InvalidHost("its last label is a number, and it is no IPv4 address") from None
    if len(labels) > 4 or any(octet > 255 for octet in octets) or rest >= 256 ** (4 - len(octets)):
        raise InvalidHost("its last label is a number, and it is no IPv4 address")
    return IPv4Address(sum(octet << 8 * (3 - at) for at, octet in enumerate(octets)) + rest)


def _number(label: str) -> int:
    """Decimal, octal with a leading 0, hexadecimal with 0x; `0x` alone is 0. Raises ValueError."""
    if not _NUMBER.fullmatch(label):
        raise ValueError(label)
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if len(label) > 1 and label.startswith("0") else 10)


def _ipv6(raw: str) -> Address:
    bare = raw[1:-1] if raw.startswith("[") and raw.endswith("]") else raw
    text, percent, zone = bare.partition("%")
    if percent and not _ZONE.fullmatch(percent + zone):
        raise InvalidHost("its zone id makes no sense")
    try:
        address = IPv6Address(text)
    except ValueError:
        raise InvalidHost("it is no IPv6 address") from None
    return address.ipv4_mapped or address


# Patterns


def _reject_urls_and_ports(raw: str) -> None:
    if scheme := _SCHEME.match(raw):
        host = re.split(r"[/?#]", raw[scheme.end() :])[0].rpartition("@")[2].partition(":")[0]
        instead = f"write {_quoted(host)}" if _PATTERN.fullmatch(host) else "write the host alone"
        raise InvalidPattern(f"{_quoted(raw)} is a URL: {instead}")
    try:
        ip_network(raw, strict=False)
    except ValueError:
        pass
    else:
        raise InvalidPattern(f"{_quoted(raw)} is an address or a network: list it under `networks`")
    if "/" in raw:
        host = raw.partition("/")[0]
        instead = f"write {_quoted(host)}" if _PATTERN.fullmatch(host) else "write the host alone"
        raise InvalidPattern(f"{_quoted(raw)} has a path, which a network cannot see: {instead}")
    if with_port := _WITH_PORT.fullmatch(raw):
        raise InvalidPattern(f"{_quoted(raw)} has a port: write {_quoted(with_port[1])}; ports go in `ports`")


def _reject_foreign_wildcards(raw: str) -> None:
    if raw in {"*", "*.", "**"}:
        raise InvalidPattern(f"{_quoted(raw)} is every host: name a domain, as in `*.example.com`")
    if raw.startswith("."):
        base = raw.lstrip(".")
        raise InvalidPattern(
            f"{_quoted(raw)}: write {_quoted('*.' + base)}, and {_quoted(base)} as an entry of its own"
        )
    base = raw.removeprefix("*.")
    if "*" in base:
        domain = base.rpartition("*")[2].partition(".")[2]
        instead = f", as in {_quoted('*.' + domain)}" if domain else ""
        raise InvalidPattern(f"{_quoted(raw)}: a wildcard is a whole leading label, `*.`{instead}; or list the names")


def _quoted(text: str) -> str:
    shown = text if len(text) <= 80 else text[:79] + "…"
    return "`" + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown) + "`"


# Private addresses: the most that an admitted name must not lead to. Documentation networks (RFC 5737, RFC 3849) are
# not among them: nobody has them, and a lab may give them to its stand-ins.


def _rows(*networks: IPv4Network | IPv6Network) -> tuple[tuple[int, int], ...]:
    return tuple((int(network.netmask), int(network.network_address)) for network in networks)


def _listed(value: int, rows: tuple[tuple[int, int], ...]) -> bool:
    return any(value & mask == base for mask, base in rows)


_PRIVATE_IPV4 = _rows(
    IPv4Network("0.0.0.0/8"),  # "this network": RFC 791 section 3.2; Linux takes 0.0.0.0 for the host itself
    IPv4Network("10.0.0.0/8"),  # private: RFC 1918 section 3
    IPv4Network("100.64.0.0/10"),  # shared, carrier-grade NAT: RFC 6598 section 7; Alibaba's metadata is in it
    IPv4Network("127.0.0.0/8"),  # loopback: RFC 1122 section 3.2.1.3
    IPv4Network(
        "168.63.129.16/32"
    ),  # Azure's platform address: learn.microsoft.com, "What is IP address 168.63.129.16?"
    IPv4Network("169.254.0.0/16"),  # link-local: RFC 3927 section 2.1
    IPv4Network("169.254.169.254/32"),  # metadata of AWS (EC2 User Guide, "IMDS"), Azure, Google Cloud, and others
    IPv4Network("172.16.0.0/12"),  # private: RFC 1918 section 3
    IPv4Network("192.168.0.0/16"),  # private: RFC 1918 section 3
    IPv4Network("224.0.0.0/4"),  # multicast: RFC 5771 section 3
    IPv4Network("240.0.0.0/4"),  # reserved: RFC 1112 section 4
    IPv4Network("255.255.255.255/32"),  # limited broadcast: RFC 919 section 7
)

_PRIVATE_IPV6 = _rows(
    IPv6Network("::/128"),  # unspecified: RFC 4291 section 2.5.2; Linux takes it for the host itself
    IPv6Network("::1/128"),  # loopback: RFC 4291 section 2.5.3
    IPv6Network("fc00::/7"),  # unique local: RFC 4193 section 3.1
    IPv6Network("fd00:ec2::254/128"),  # metadata of AWS over IPv6: EC2 User Guide, "IMDS"
    IPv6Network("fe80::/10"),  # link-local: RFC 4291 section 2.5.6
    IPv6Network("fec0::/10"),  # site-local: deprecated by RFC 3879, still routed where it is in use
    IPv6Network("ff00::/8"),  # multicast: RFC 4291 section 2.7
)

_IPV4_IN_LOW_BITS = _rows(
    IPv6Network("::/96"),  # IPv4-compatible: RFC 4291 section 2.5.5.1
    IPv6Network("::ffff:0:0/96"),  # IPv4-mapped: RFC 4291 section 2.5.5.2
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated: RFC 7915 section 1, there called SIIT
    IPv6Network("64:ff9b::/96"),  # NAT64, well-known prefix: RFC 6052 section 2.1
)
_NAT64_LOCAL = _rows(IPv6Network("64:ff9b:1::/48"))  # NAT64, local use, any layout of RFC 6052: RFC 8215 section 5
_SIX_TO_FOUR = _rows(IPv6Network("2002::/16"))  # 6to4: RFC 3056 section 2


def _embedded_ipv4(value: int) -> Iterator[int]:
    """The IPv4 addresses that a gateway could find in an IPv6 address."""
    if _listed(value, _IPV4_IN_LOW_BITS):
        yield value & 0xFFFF_FFFF
    elif _listed(value, _SIX_TO_FOUR):
        yield value >> 80 & 0xFFFF_FFFF
    elif _listed(value, _NAT64_LOCAL):
        yield value & 0xFFFF_FFFF
        # RFC 6052 section 2.2: prefixes of 48, 56 and 64 bits step over octet 8, which is zero, as is the suffix.
        octets = value.to_bytes(16)
        without_octet_8 = octets[:8] + octets[9:]
        for start in (6, 7, 8):
            if octets[8] == 0 and not any(without_octet_8[start + 4 :]):
                yield int.from_bytes(without_octet_8[start : start + 4])
