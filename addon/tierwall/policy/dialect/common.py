"""The forms that several products share, and those that no list of hosts takes.

Knows no product; which of these a product has is in its table.
"""

import re
from dataclasses import replace
from ipaddress import ip_network
from typing import Final

from tierwall.policy.dialect.product import Case, below, domain, exactly, form
from tierwall.policy.dialect.reading import Part

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4: Final = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
"""An IPv4 address as everybody writes it: four numbers without leading zeros."""


def as_network(found: re.Match[str]) -> tuple[Part, ...]:
    """The addresses of the group `network`."""
    return (ip_network(found["network"], strict=False),)


ADDRESS_CASE = Case(
    form="an address or a network",
    example="192.0.2.0/24",
    matches=form(rf"(?P<network>{IPV4}(?:/(?:[0-9]|[12][0-9]|3[0-2]))?)"),
    covers=as_network,
)
"""Of a product that lists addresses beside names."""

SCHEME = Case(
    form="`scheme://x`",
    example="https://example.com",
    matches=form(r"[a-z][a-z0-9+.-]*://.*"),
    why="it is a URL, and the list takes hosts: leave out what stands before the host",
)
ADDRESS = Case(
    form="an address or a network",
    example="192.0.2.0/24",
    matches=form(r"[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)?|[0-9a-f]*:[0-9a-f.]*:[0-9a-f:.]*(?:/[0-9]+)?"),
    why="it is an address or a network: list it under `networks`",
)
PATH = Case(
    form="`x/path`",
    example="example.com/path",
    matches=form(r"[^/]*/.+"),
    why="it has a path, which nobody sees in a tunnel: list the host alone",
)
PORT = Case(
    form="`x:port`",
    example="example.com:8443",
    matches=form(r"[^/:]*:[0-9*]*/?"),
    why="it has a port: list the host alone, and its port under `ports` of an entry of its own",
)
OTHER_ADDRESS = replace(
    ADDRESS,
    form="an address or a network that is written otherwise",
    example="2001:db8::/32",
    why="it is an address in a spelling that the product does not take here: list it under `networks`",
)
"""Of a product that lists IPv4 addresses beside names."""

NO_NAMES: Final = (SCHEME, OTHER_ADDRESS, PATH, PORT)
"""What a list of names and IPv4 addresses does not take."""

NO_HOSTS: Final = (SCHEME, ADDRESS, PATH, PORT)
"""What no list of hosts takes; a product whose format has one of them says so before."""

EXACT = Case(form="`x`", example="example.com", matches=form("<x>"), covers=exactly)
DOTTED_DOMAIN = Case(form="`.x`", example=".example.com", matches=form(r"\.<x>"), covers=domain)
BELOW = Case(form="`*.x`", example="*.example.com", matches=form(r"\*\.<x>"), covers=below)


def stars(why: str, example: str = "*.example.com") -> Case:
    """An asterisk that the product takes for nothing, wherever it stands."""
    return Case(form="`*` anywhere else", example=example, matches=form(r".*\*.*"), why=why)
