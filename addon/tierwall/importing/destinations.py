"""A cell with destinations, as vendors write them -> hosts, networks, systems, paths, or "anywhere".

Knows one cell at a time. `https://*.x`, `\\*.x`, `{eu,us}-a.x`, `<tenant>-my.x`, `x/path`, `a.x b.x`, `AS15169`,
`1.2.3.0/24`, `1.2.3.4-1.2.3.9`, "any": what none of these is remains as words, and nothing is guessed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, collapse_addresses, ip_address, ip_network, summarize_address_range
from typing import Final

from tierwall.loader.spelling import vendor_host
from tierwall.policy.model import Network

_ANYWHERE: Final = re.compile(
    r"(?i)^(?:\*|any(?:where)?|all|any host|all hosts?|any destination|all destinations?|any ip(?: address)?|internet"
    r"|0\.0\.0\.0/0|::/0)(?:\s*\((?:recommended|required|optional)\))?$"
)
_SEPARATOR: Final = re.compile(r"(?:[\s,;|]|&amp;|&(?=\s)|\band\b|\bor\b)+")
_RANGE: Final = re.compile(r"(\d+(?:\.\d+){3})\s*(?:-|–|to)\s*(\d+(?:\.\d+){3})")
_ASN: Final = re.compile(r"(?i)AS([0-9]{1,10})")
_SCHEME: Final = re.compile(r"(?i)[a-z][a-z0-9+.-]*://")
_BRACES: Final = re.compile(r"\{([^{}]*,[^{}]*)\}")
_TEMPLATE: Final = re.compile(r"<[^<>\s.]+>|\[[a-z][^\[\]\s.:]*\]|\{[a-z][^{}\s.,]*\}", re.IGNORECASE)
_LIKE_A_HOST: Final = re.compile(r"(?:[\w*-]+\.)+[a-z][\w-]+", re.IGNORECASE)
_EXPANSIONS: Final = 256
"""Hosts that braces may stand for: more is no list that a person wrote."""


@dataclass(slots=True)
class Destinations:
    """What a cell says."""

    hosts: dict[str, None] = field(default_factory=dict)
    networks: dict[Network, None] = field(default_factory=dict)
    asns: dict[int, None] = field(default_factory=dict)
    paths: dict[str, None] = field(default_factory=dict)
    anywhere: bool = False
    words: list[str] = field(default_factory=list)
    """What is none of these."""
    doubts: list[str] = field(default_factory=list)
    ports: dict[str, None] = field(default_factory=dict)
    """Ports that stood behind hosts, as they were written."""


def destinations(cell: str) -> Destinations:
    """Everything that the cell names."""
    found = Destinations()
    for line in cell.splitlines() or [""]:
        _read_line(line.strip(), found)
    return found


def without_overlaps(networks: tuple[Network, ...]) -> tuple[Network, ...]:
    """The networks without those that another of them holds; a policy's list has no address twice."""
    four = [network for network in networks if network.version == 4]
    six = [network for network in networks if network.version == 6]
    return tuple(
        dict.fromkeys(
            network
            for same in (four, six)
            for network in same
            if not any(network != other and _holds(other, network) for other in same)
        )
    )


def _holds(outer: Network, inner: Network) -> bool:
    return outer.version == inner.version and outer.prefixlen < inner.prefixlen and inner.network_address in outer


def _read_line(line: str, found: Destinations) -> None:
    if _ANYWHERE.fullmatch(line):
        found.anywhere = True
        return
    for first, last in _RANGE.findall(line):
        _add_range(first, last, found)
    for token in _tokens(_RANGE.sub(" ", line)):
        _read_token(token, found)


def _tokens(line: str) -> Iterator[str]:
    """Split, but not within braces."""
    inside = _BRACES.sub(lambda match: match[0].replace(" ", "").replace(",", "\0"), line)
    for part in _SEPARATOR.split(inside):
        token = part.replace("\0", ",").strip("`'\"()“”").rstrip(".:")
        if token:
            yield token


def _read_token(token: str, found: Destinations) -> None:
    if asn := _ASN.fullmatch(token):
        found.asns[int(asn[1])] = None
        return
    if network := _network(token):
        found.networks[network] = None
        return
    for each in _expanded(token):
        _read_host(each, token, found)


def _read_host(spelling: str, token: str, found: Destinations) -> None:
    bare = _SCHEME.sub("", spelling).replace("\\*", "*")
    host, slash, path = bare.partition("/")
    host, colon, port = host.partition(":")
    if network := _network(host):
        found.networks[network] = None
    elif pattern := _pattern(host, token, found):
        found.hosts[pattern] = None
    else:
        found.words.append(token)
        return
    if slash and path.strip("*"):
        found.paths[f"/{path}"] = None
    if colon and port:
        found.ports[port] = None


def _pattern(host: str, token: str, found: Destinations) -> str | None:
    """The pattern, with what is taken for granted about its spelling among the doubts."""
    filled = _TEMPLATE.sub("*", host)
    if filled.startswith("."):
        found.doubts.append(f"`{token}` is taken for `*{filled}`; whether it means `{filled[1:]}` too is not said")
        filled = f"*{filled}"
    if not _LIKE_A_HOST.fullmatch(filled):
        return None
    try:
        pattern = vendor_host(filled)
    except ValueError:
        return None
    if filled != host and "<" in host + token:
        found.doubts.append(f"`{token}` is a template, taken for `{pattern}`: write the customer's own name")
    return pattern


def _expanded(token: str) -> list[str]:
    """Braces written out, the left ones first."""
    done, pending = [], [token]
    while pending:
        text = pending.pop(0)
        braces = _BRACES.search(text)
        if braces is None:
            done.append(text)
        else:
            pending[:0] = [text[: braces.start()] + part + text[braces.end() :] for part in braces[1].split(",")]
        if len(done) + len(pending) > _EXPANSIONS:
            return [token]
    return done


def _network(text: str) -> Network | None:
    try:
        return ip_network(text) if "/" in text else ip_network(ip_address(text.strip("[]")))
    except ValueError:
        return None


def _add_range(first: str, last: str, found: Destinations) -> None:
    try:
        networks = summarize_address_range(IPv4Address(first), IPv4Address(last))
        found.networks |= dict.fromkeys(collapse_addresses(networks))
    except ValueError:
        found.words.append(f"{first}-{last}")
