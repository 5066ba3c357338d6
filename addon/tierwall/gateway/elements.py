"""What goes straight through the kernel, as nftables commands: sets filled, elements exchanged, the lease renewed.

Knows nft's language. Refuses to know who asks for it, and when.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tierwall.gateway.ruleset import LEASE_S, emptied, swallowing
from tierwall.gateway.topology import TABLE
from tierwall.policy.model import Address, Ports
from tierwall.policy.projections.kernel_bypass import Span
from tierwall.policy.projections.unanswered_syns import Unanswered


@dataclass(frozen=True, slots=True)
class Element:
    """Ports of an address that some name led to, for as long as the answer holds."""

    withheld: bool
    ports: Ports
    until: float
    """By the clock of whoever made it, in seconds."""


SPANS_AT_MOST: Final = 20_000
"""What a kernel takes in half a second; the time grows with the square of it."""

type Elements = Mapping[Address, Sequence[Element]]


def fill(spans: Iterable[Span], silent: Iterable[Unanswered]) -> str:
    """What a site lets straight through and what it leaves unanswered, in place of what was there."""
    lines = [f"flush chain inet {TABLE} unanswered"]
    lines += [f"add rule inet {TABLE} unanswered {rule}" for each in silent for rule in swallowing(each)]
    lines += emptied()
    by_version: dict[int, list[str]] = {4: [], 6: []}
    for span in spans:
        by_version[span.first.version].append(f"{_addresses(span)} . {_ports(span.ports)}")
    for version, elements in by_version.items():
        lines += [f"add element inet {TABLE} direct{version} {{ {', '.join(elements)} }}"] if elements else []
    return _text(lines)


def loadable(spans: Sequence[Span]) -> Sequence[Span]:
    """These, or none where they are more than the kernel takes in time: all UDP then goes through the proxy."""
    return spans if len(spans) <= SPANS_AT_MOST else ()


def begin(run: int) -> str:
    """A run of the proxy takes over: flows go straight under its own mark, and the lease is its own."""
    lines = [
        f"flush chain inet {TABLE} of_this_run",
        f"add rule inet {TABLE} of_this_run ct mark set {run:#x}",
        f"flush set inet {TABLE} lease",
        f"add element inet {TABLE} lease {{ {run:#x} timeout {LEASE_S}s }}",
    ]
    return _text(lines)


def renew(run: int) -> str:
    """The lease once more. Fails where it has run out, or where the table is a new one."""
    lines = [
        f"delete element inet {TABLE} lease {{ {run:#x} }}",
        f"add element inet {TABLE} lease {{ {run:#x} timeout {LEASE_S}s }}",
    ]
    return _text(lines)


def end() -> str:
    """Nothing goes straight from now on."""
    return _text([f"flush set inet {TABLE} lease"])


def exchange(before: Elements, after: Elements, now: float) -> str:
    """Elements of these addresses in place of those. What was there may have run out meanwhile: adding it first makes
    sure that it can be deleted, and only a new element has a new time to live (kernels before 6.12 keep the old)."""
    lines = [line for word in ("add", "delete") for line in _each(word, before, None)]
    return _text([*lines, *_each("add", after, now)])


def _each(word: str, elements: Elements, now: float | None) -> Iterator[str]:
    for address, found in elements.items():
        for element in found:
            name = f"{'withheld' if element.withheld else 'named'}{address.version}"
            lives = "" if now is None else f" timeout {max(1, math.ceil(element.until - now))}s"
            if word == "add" and now is None:
                lives = " timeout 1s"
            yield f"{word} element inet {TABLE} {name} {{ {address} . {_ports(element.ports)}{lives} }}"


def _addresses(span: Span) -> str:
    return str(span.first) if span.first == span.last else f"{span.first}-{span.last}"


def _ports(ports: Ports) -> str:
    return str(ports.first) if ports.first == ports.last else f"{ports.first}-{ports.last}"


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
