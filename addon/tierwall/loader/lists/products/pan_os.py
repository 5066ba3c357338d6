"""PAN-OS configuration -> the hosts and networks of its address objects and URL categories.

Knows `set` lines and the XML of exports: PAN-OS CLI Quick Start, PAN-OS XML API. Categories and tags are no hosts.
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, ParseError

from tierwall.loader.lists.content import Destination, Item, Spelling, Unplaced
from tierwall.loader.lists.reading import networks

SET_LINE = re.compile(r"^\s*set\s+.*\b(?:address\s|custom-url-category\s)", re.MULTILINE)
_BRACKETED = re.compile(r"\[\s*(.*?)\s*\]")
_ENTITIES = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def read_set_lines(lines: Iterable[tuple[int, str]]) -> Iterator[Item]:
    """What `set address …` and `set profiles custom-url-category …` list."""
    categories: set[str] = set()
    for line, text in lines:
        try:
            words = shlex.split(_BRACKETED.sub(lambda found: found[1], text), comments=True)
        except ValueError:
            words = text.split()
        match _behind(words):
            case ["address", _, "fqdn", host]:
                yield Spelling(line, host)
            case ["address", _, "ip-netmask" | "ip-range", network]:
                yield from _network(line, network)
            case ["address", _, "ip-wildcard", mask]:
                yield Unplaced(line, f"`{mask}` is a wildcard mask, which is no network: left out")
            case ["custom-url-category", name, "type", *kind] if " ".join(kind) != "URL List":
                categories.add(name)
                yield Unplaced(line, f"`{name}` matches categories (`{' '.join(kind)}`), which are no hosts: left out")
            case ["custom-url-category", name, "list", *hosts] if name not in categories:
                yield from (Spelling(line, host) for host in hosts)
            case _:
                pass


def read_xml(text: str) -> Iterator[Item]:
    """The same in the XML of an export. Raises ValueError where it is not XML, or has entities of its own."""
    from xml.etree.ElementTree import XML  # noqa: PLC0415 - only who has such a file waits for it

    if _ENTITIES.search(text):
        raise ValueError("has a document type or entities, which no export of PAN-OS has")
    try:
        root = XML(text)
    except ParseError as cause:
        raise ValueError(f"is not XML: {cause}") from None
    for entry in root.iter("entry"):
        yield from _entry(entry)


def _behind(words: list[str]) -> list[str]:
    """The line from the object on: before it stand `set`, `shared`, `device-group NAME`, `profiles`."""
    for at, word in enumerate(words):
        if word in {"address", "custom-url-category"}:
            return words[at:]
    return []


def _entry(entry: Element) -> Iterator[Item]:
    name = entry.get("name", "")
    for key in ("fqdn", "ip-netmask", "ip-range"):
        if value := (entry.findtext(key) or "").strip():
            yield from [Spelling(None, value)] if key == "fqdn" else _network(None, value)
    kind = (entry.findtext("type") or "URL List").strip()
    members = [(member.text or "").strip() for member in entry.findall("./list/member")]
    if members and kind != "URL List":
        yield Unplaced(None, f"`{name}` matches categories ({', '.join(members[:5])}), which are no hosts: left out")
    elif members:
        yield from (Spelling(None, member) for member in members if member)


def _network(line: int | None, text: str) -> Iterator[Item]:
    try:
        yield from (Destination(line, network) for network in networks(text))
    except ValueError:
        yield Unplaced(line, f"`{text}` is no network, and left out")
