"""Ranges of ports: together, and one less the other.

Knows arithmetic only.
"""

from collections.abc import Iterable, Iterator

from tierwall.policy.model import Ports, Transport


def merged(ports: Iterable[Ports]) -> tuple[Ports, ...]:
    """The same ports in the fewest ranges, TCP first."""
    found: list[Ports] = []
    for each in sorted(ports, key=lambda ports: (ports.transport, ports.first, ports.last)):
        if found and found[-1].transport is each.transport and each.first <= found[-1].last + 1:
            found[-1] = Ports(each.transport, found[-1].first, max(found[-1].last, each.last))
        else:
            found.append(each)
    return tuple(found)


def less(ports: Iterable[Ports], others: Iterable[Ports]) -> tuple[Ports, ...]:
    """The ports that are not among the others."""
    found = list(ports)
    for other in others:
        found = [piece for each in found for piece in _cut(each, other)]
    return merged(found)


def of_transport(ports: Iterable[Ports], transport: Transport) -> tuple[Ports, ...]:
    """Those of TCP, or of UDP."""
    return tuple(each for each in ports if each.transport is transport)


def span(ports: Ports, between: str = "-") -> str:
    """`443`, `49152-65535`: without the transport, and never `any`."""
    return str(ports.first) if ports.first == ports.last else f"{ports.first}{between}{ports.last}"


def _cut(ports: Ports, other: Ports) -> Iterator[Ports]:
    if ports.transport is not other.transport or other.last < ports.first or ports.last < other.first:
        yield ports
        return
    if ports.first < other.first:
        yield Ports(ports.transport, ports.first, other.first - 1)
    if other.last < ports.last:
        yield Ports(ports.transport, other.last + 1, ports.last)
