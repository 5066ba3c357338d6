"""The Microsoft 365 IP address and URL web service: a JSON list of endpoint sets (learn.microsoft.com, "Office 365 IP
Address and URL web service", methods `/endpoints/{instance}`).

Knows one set at a time. A set's addresses and names share its ports; ports are texts with commas, in any order and with
blanks; `ips`, `urls` and ports may be absent. Category and `required` are the document's words for how much is needed.
"""

import json
import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tierwall.importing.destinations import destinations, without_overlaps
from tierwall.importing.rows import Reading, Row, Served, UnreadableDocument
from tierwall.policy.model import Network, Ports, Protocol, Tier, Transport

CATEGORIES: Final = {"Optimize": Tier.CORE, "Allow": Tier.CORE, "Default": Tier.AUXILIARY}
"""The highest first, as the service's documentation has them, and what each is taken for until a person decides."""

NOT_REQUIRED: Final = "Default, not required"

_RANGE: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


class _Set(BaseModel):
    """One endpoint set. Keys that the service may add are not looked at."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: int
    service_area: str = Field(alias="serviceArea")
    display_name: str | None = Field(default=None, alias="serviceAreaDisplayName")
    urls: list[str] = []
    ips: list[str] = []
    tcp_ports: str | None = Field(default=None, alias="tcpPorts")
    udp_ports: str | None = Field(default=None, alias="udpPorts")
    category: str
    required: bool
    notes: str | None = None


_SETS: Final = TypeAdapter(list[_Set])


def recognises(text: str) -> bool:
    """Whether it looks like an answer of that service."""
    return text.lstrip().startswith("[") and '"serviceArea"' in text[:4000]


def read(text: str) -> Reading:
    """All sets, in the document's order.

    Raises:
        UnreadableDocument: It is no list of endpoint sets.
    """
    try:
        sets = _SETS.validate_python(json.loads(text))
    except json.JSONDecodeError as fault:
        raise UnreadableDocument(f"line {fault.lineno}: is not JSON: {fault.msg}") from None
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        raise UnreadableDocument(f"{where}: {first['msg']}; expected a list of endpoint sets") from None
    return Reading(rows=tuple(map(_row, sets)), tier_words=_tier_words(sets), doubts=tuple(_doubts(sets)))


def _row(each: _Set) -> Row:
    found = destinations("\n".join(each.urls))
    networks, doubts = _networks(each)
    doubts += found.doubts
    if found.words:
        doubts.append(f"left out, as no host: {', '.join(found.words)}")
    if found.anywhere:
        doubts.append("asks for every destination: never admitted, unless a site lists the networks itself")
    return Row(
        id=f"set-{each.id}",
        section=f"Endpoint set {each.id}",
        served=_served(each),
        hosts=tuple(found.hosts),
        networks=networks,
        ports=(*_ports(Transport.TCP, each.tcp_ports, each.id), *_ports(Transport.UDP, each.udp_ports, each.id)),
        anywhere=found.anywhere and not (found.hosts or networks),
        paths=tuple(found.paths),
        category=each.category,
        note=each.notes if each.required else None,
        facts={
            "id": str(each.id),
            "serviceArea": each.service_area,
            "category": each.category,
            "required": str(each.required).lower(),
        },
        doubts=tuple(doubts),
    )


def _served(each: _Set) -> Served:
    """Required sets of one area and category serve the same; each of the others serves something of its own."""
    area, name = each.service_area.lower(), each.display_name or each.service_area
    protocol = Protocol.MEDIA if not each.tcp_ports and each.udp_ports else Protocol.HTTPS
    if each.required:
        word = each.category
        media = "-media" if protocol is Protocol.MEDIA else ""
        title = f"{name}: {word}{', by UDP alone' if media else ''}"
        return Served(id=f"{area}-{word.lower()}{media}", title=title, protocol=protocol, tier_word=word)
    return Served(
        id=f"{area}-set-{each.id}",
        title=f"{name}: endpoint set {each.id}",
        protocol=protocol,
        tier_word=NOT_REQUIRED,
        symptom=f"What the document says it is for does not work: {each.notes}" if each.notes else None,
        optional=True,
    )


def _networks(each: _Set) -> tuple[tuple[Network, ...], list[str]]:
    try:
        given = tuple(ip_network(text, strict=False) for text in each.ips)
    except ValueError as fault:
        raise UnreadableDocument(f"set {each.id}: {fault}") from None
    kept = without_overlaps(given)
    covered = [str(network) for network in dict.fromkeys(given) if network not in kept]
    return kept, [f"left out, as other networks of the set hold them: {', '.join(covered)}"] if covered else []


def _ports(transport: Transport, spelled: str | None, number: int) -> Iterator[Ports]:
    for text in (spelled or "").split(","):
        if not (text := text.strip()):
            continue
        found = _RANGE.fullmatch(text)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last <= 65535:
            raise UnreadableDocument(f"set {number}: `{text}` is no port")
        yield Ports(transport, first, last)


def _tier_words(sets: list[_Set]) -> dict[str, Tier]:
    words = {
        word: CATEGORIES.get(word, Tier.AUXILIARY)
        for word in dict.fromkeys(each.category for each in sets if each.required)
    }
    order = [*CATEGORIES, *words]
    found = {word: words[word] for word in sorted(words, key=order.index)}
    return found | ({NOT_REQUIRED: Tier.AUXILIARY} if any(not each.required for each in sets) else {})


def _doubts(sets: list[_Set]) -> Iterator[str]:
    """The hosts that several sets have: the highest of their categories leads a verdict."""
    order = list(dict.fromkeys((*CATEGORIES, *(each.category for each in sets))))
    having: dict[str, list[_Set]] = {}
    for each in sets:
        for url in each.urls:
            having.setdefault(url, []).append(each)
    for url, several in having.items():
        if len(several) > 1:
            best = min(several, key=lambda each: (not each.required, order.index(each.category)))
            numbers = ", ".join(str(each.id) for each in several)
            word = best.category if best.required else NOT_REQUIRED
            yield f"`{url}` stands in sets {numbers}: the highest, {word} (set {best.id}), leads"
