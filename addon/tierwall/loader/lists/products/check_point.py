"""Check Point's `mgmt_cli add …` lines -> hosts and networks.

Knows the commands of the Management API Reference that make objects for destinations. A script that makes services or
groups besides lists nothing by them.
"""

import re
import shlex
from collections.abc import Iterable, Iterator

from tierwall.loader.lists.content import Item, Spelling, Unplaced
from tierwall.loader.lists.reading import place

LINE = re.compile(
    r"^\s*(?:mgmt_cli\s+.*)?\badd\s+(?:dns-domain|host|network|address-range|application-site)\s", re.MULTILINE
)


def read_mgmt_cli(lines: Iterable[tuple[int, str]]) -> Iterator[Item]:
    """What the objects stand for."""
    for line, text in lines:
        try:
            words = shlex.split(text, comments=True)
        except ValueError:
            words = text.split()
        if "add" not in words[:-1]:
            continue
        kind, *rest = words[words.index("add") + 1 :]
        settings = dict(zip(rest[::2], rest[1::2], strict=False))
        yield from _object(line, kind, settings)


def _object(line: int, kind: str, settings: dict[str, str]) -> Iterator[Item]:
    match kind:
        case "dns-domain":
            yield from _domain(line, settings)
        case "host":
            addresses = (settings.get(key) for key in ("ip-address", "ipv4-address", "ipv6-address"))
            yield from (item for address in addresses if address for item in place(line, address))
        case "network":
            mask = settings.get("mask-length") or settings.get("mask-length4") or settings.get("subnet-mask") or ""
            if address := settings.get("subnet") or settings.get("subnet4"):
                yield from place(line, f"{address}/{mask}" if mask else address)
        case "address-range":
            first, last = settings.get("ip-address-first", ""), settings.get("ip-address-last", "")
            yield from place(line, f"{first}-{last}")
        case "application-site":
            yield from _site(line, settings)
        case _:
            pass


def _domain(line: int, settings: dict[str, str]) -> Iterator[Item]:
    name = settings.get("name", "")
    if settings.get("is-sub-domain") == "true":
        yield Unplaced(line, f"`{name}` with `is-sub-domain true` matches by reverse DNS, which is not reproduced")
    yield Spelling(line, name)


def _site(line: int, settings: dict[str, str]) -> Iterator[Item]:
    urls = [url for key, url in settings.items() if key.startswith("url-list")]
    if settings.get("urls-defined-as-regular-expression") == "true":
        yield from (Unplaced(line, f"`{url}` is a regular expression: say which hosts are meant") for url in urls)
    else:
        yield from (Spelling(line, url) for url in urls)
