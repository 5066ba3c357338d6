"""Destinations around everything that was asked for and everything that was written, and what each side says of them.

Knows how coverage is compared: at every boundary of labels, ports and networks that either side has.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from tests.export.reading.said import Said
from tierwall.export import Export, Grant, List
from tierwall.export.product import Carries
from tierwall.policy.dialect import Reading, Shape
from tierwall.policy.match.index import HostIndex, NetworkIndex
from tierwall.policy.model import Address, Ports, Transport

DEPTHS = (0, 1, 2, 5, 6, 7, 9)
"""Labels before a name: on both sides of every limit that a product has."""


@dataclass(frozen=True)
class Probe:
    """One destination."""

    place: str | Address
    transport: Transport
    port: int

    def __str__(self) -> str:
        return f"{self.transport}://{self.place}:{self.port}"


class Coverage:
    """Which destinations a list of entries covers; ports that are None are all ports."""

    def __init__(self, entries: Iterable[Said]) -> None:
        entries = list(entries)
        self._hosts = HostIndex((what, ports) for what, ports in entries if isinstance(what, Reading | Shape))
        self._networks = NetworkIndex((what, ports) for what, ports in entries if not isinstance(what, Reading | Shape))

    def cover(self, probe: Probe) -> bool:
        index = self._hosts if isinstance(probe.place, str) else self._networks
        hits = index.find(probe.place)  # type: ignore[attr-defined]
        return any(
            hit.covers and (hit.payload is None or hit.payload.cover(probe.transport, probe.port)) for hit in hits
        )


def asked(grants: Iterable[Grant]) -> list[Said]:
    """What a selection asks for, as entries; none of its own ports where the document names none."""
    return [(grant.destination, ports) for grant in grants for ports in (grant.ports or (None,))]


def probes(*sides: Iterable[Said]) -> list[Probe]:
    """Around all of them."""
    entries = [entry for side in sides for entry in side]
    spans = {ports for _, ports in entries if ports is not None}
    ports = dict.fromkeys(
        (span.transport, port)
        for span in (*spans, Ports(Transport.TCP, 443, 443), Ports(Transport.TCP, 80, 80))
        for port in (span.first - 1, span.first, span.last, span.last + 1)
        if 1 <= port <= 65535
    )
    places = dict.fromkeys(place for what, _ in entries for place in _places(what))
    return [Probe(place, transport, port) for place in places for transport, port in ports]


def _places(what: object) -> Iterator[str | Address]:
    if isinstance(what, Shape):
        yield what.example()
        if what.tail:
            yield from (what.tail, f"x.{what.tail}", f"x.y.{what.tail}")
        return
    if isinstance(what, Reading):
        yield from (".".join([*("abcdefghij"[:depth]), what.base]) for depth in DEPTHS)
        yield f"evil{what.base}"
        yield f"{what.base}.evil.example"
        if "." in what.base:
            yield what.base.partition(".")[2]
        return
    first, last = int(what.network_address), int(what.broadcast_address)  # type: ignore[attr-defined]
    top = 2**what.max_prefixlen - 1  # type: ignore[attr-defined]
    for value in {max(first - 1, 0), first, last, min(last + 1, top)}:
        yield ip_address(value) if what.version == 4 else ip_address(value.to_bytes(16))  # type: ignore[attr-defined]


def disagreements(carries: Carries, kind: List, grants: Iterable[Grant], got: list[Said], export: Export) -> list[str]:
    """Every destination that the files admit and nobody asked for, or the reverse, without a word about it."""
    wanted = asked(grants)
    want, have = Coverage(wanted), Coverage(got)
    left = Coverage(entry if carries.ports else (entry[0], None) for entry in asked(export.left_over))
    found = []
    for probe in _held_against(carries, probes(wanted, got)):
        expected = _carried(carries, probe) and any(want.cover(each) for each in _alike(carries, kind, probe, wanted))
        seen = have.cover(probe)
        if expected != seen and not _named(probe, export) and not (expected and left.cover(probe)):
            found.append(f"{probe}: asked {expected}, written {seen}")
    return found


def _held_against(carries: Carries, found: list[Probe]) -> list[Probe]:
    """A list without ports says nothing of them: each place once."""
    if carries.ports:
        return found
    return [Probe(place, Transport.TCP, 443) for place in dict.fromkeys(probe.place for probe in found)]


def _alike(carries: Carries, kind: List, probe: Probe, wanted: list[Said]) -> list[Probe]:
    """What an entry without ports stands for: names for the ports of the web, and networks for any."""
    if carries.ports:
        return [probe]
    if isinstance(probe.place, str) and kind is List.ALLOW:
        return [Probe(probe.place, Transport.TCP, port) for port in (80, 443)]
    return [Probe(probe.place, span.transport, span.first) for _, span in wanted if span is not None] or [probe]


def _carried(carries: Carries, probe: Probe) -> bool:
    tcp = probe.transport is Transport.TCP
    if isinstance(probe.place, str):
        return carries.names and (tcp or carries.udp_names)
    return carries.networks and (probe.place.version == 4 or carries.ipv6) and (tcp or carries.udp)


def _named(probe: Probe, export: Export) -> bool:
    """Whether a warning is about the probe's name."""
    names = {name for line in export.inexact for name in re.findall(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", line)}
    place = str(probe.place)
    return any(place == name or place.endswith(f".{name}") for name in names)
