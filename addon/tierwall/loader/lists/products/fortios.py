"""FortiOS configuration -> the hosts and networks of its address objects and URL filters.

Knows `config firewall address`, `address6`, `wildcard-fqdn custom` and `webfilter urlfilter` (FortiOS CLI Reference).
What policies do with the objects is not followed; a group names objects that are listed already.
"""

import re
import shlex
from collections.abc import Iterable, Iterator

from tierwall.loader.lists.content import Destination, Item, Spelling, Unplaced
from tierwall.loader.lists.reading import networks, unplaced

BEGINS = re.compile(r"^\s*config\s+(?:firewall\s+(?:address6?|wildcard-fqdn)|webfilter\s+urlfilter)\b", re.MULTILINE)


def read_fortios(lines: Iterable[tuple[int, str]]) -> Iterator[Item]:
    """What its objects list."""
    sections: list[str] = []
    settings: dict[str, list[str]] = {}
    begun = 0
    for line, text in lines:
        match _words(text):
            case ["config", *section]:
                sections.append(" ".join(section))
            case ["edit", *_]:
                settings, begun = {}, line
            case ["set", name, *values]:
                settings[name] = values
            case ["next"] | ["end"] as word:
                yield from _object(sections[-1] if sections else "", settings, begun)
                settings = {}
                if word == ["end"] and sections:
                    sections.pop()
            case _:
                pass


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def _object(section: str, settings: dict[str, list[str]], line: int) -> Iterator[Item]:
    if not settings or not section.startswith(("firewall address", "firewall wildcard-fqdn", "webfilter", "entries")):
        return
    for key in ("fqdn", "wildcard-fqdn"):
        yield from (Spelling(line, value) for value in settings.get(key, ()))
    if "url" in settings:
        yield from _filter(settings, line)
    address = settings.get("subnet") or settings.get("ip6")
    if address:
        yield from _network(" ".join(address), line)
    if "start-ip" in settings:
        yield from _network(f"{settings['start-ip'][0]}-{settings.get('end-ip', settings['start-ip'])[0]}", line)
    yield from unplaced(line, "countries", settings.get("country", ()))
    yield from unplaced(line, "a fabric object", settings.get("sdn", ()))


def _filter(settings: dict[str, list[str]], line: int) -> Iterator[Item]:
    url, kind, action = (settings.get(key, [""])[0] for key in ("url", "type", "action"))
    if action == "block":
        yield Unplaced(line, f"`{url}` is blocked by its URL filter: list it under `deny`")
    elif kind == "regex":
        yield Unplaced(line, f"`{url}` is a regular expression: name the hosts that it means")
    else:
        yield Spelling(line, url)


def _network(text: str, line: int) -> Iterator[Item]:
    try:
        yield from (Destination(line, network) for network in networks(text))
    except ValueError:
        yield Unplaced(line, f"`{text}` is no network, and left out")
