"""A cell with ports, as vendors write them -> ports with their transport.

Knows one cell and what stands in the transport's column beside it. `TCP: 443`, `443/tcp`, `80 / 389 / 443`,
`10000 - 65535`, `443 TCP, 3478 UDP`, `any`. A port without a transport is one whose transport nobody said.
"""

import re
from collections.abc import Iterator
from typing import Final

from tierwall.policy.model import Ports, Transport

_HIGHEST: Final = 65535
_ITEM: Final = re.compile(
    r"(?P<word>\b(?:tcp|udp|https?|wss?|tls|ssl|quic|rtmps?)\b)|(?P<first>\d+)(?:\s*(?:-|–|—|to)\s*(?P<last>\d+))?|(?P<any>\b(?:any|all)\b)",
    re.IGNORECASE,
)
_OF_WORD: Final = {
    "udp": Transport.UDP,
    "quic": Transport.UDP,
}
"""Every other word is something that goes by TCP."""


class NoTransport(ValueError):
    """The cell has ports, and neither it nor the transport's column says which transport."""


def transports(cell: str) -> tuple[Transport, ...]:
    """The transports that a cell names."""
    return tuple(dict.fromkeys(_transport(item) for item in _ITEM.finditer(cell) if item["word"]))


def ports(cell: str, beside: tuple[Transport, ...] = ()) -> tuple[Ports, ...]:
    """The ports of a cell; `beside`: the transports of the column beside it, for ports that have none of their own.

    Raises:
        NoTransport: Nobody says which transport.
        ValueError: A number is no port.
    """
    items = list(_ITEM.finditer(cell))
    if not any(item["first"] or item["any"] for item in items):
        return ()
    leading = items[0]["word"] is not None
    found: dict[Ports, None] = {}
    for numbers, said in _groups(items, leading=leading):
        for transport in said or beside:
            found |= {Ports(transport, first, last): None for first, last in numbers}
        if not said and not beside:
            raise NoTransport(cell.strip())
    return tuple(found)


type _Numbers = list[tuple[int, int]]


def _groups(items: list[re.Match[str]], *, leading: bool) -> Iterator[tuple[_Numbers, list[Transport]]]:
    """Ports with the transports that stand before them, or behind them where the cell begins with a port."""
    numbers: _Numbers = []
    said: list[Transport] = []
    behind = False
    """Whether the words of the group have begun: the next item of the other kind begins another group."""
    for item in items:
        is_word = item["word"] is not None
        if numbers and (is_word if leading else not is_word and behind):
            yield numbers, said
            numbers, said = [], []
        behind = is_word
        if is_word:
            said.append(_transport(item))
        else:
            numbers.append(_range(item))
    if numbers:
        yield numbers, said


def _transport(item: re.Match[str]) -> Transport:
    return _OF_WORD.get(item["word"].lower(), Transport.TCP)


def _range(item: re.Match[str]) -> tuple[int, int]:
    if item["any"]:
        return 1, _HIGHEST
    first, last = int(item["first"]), int(item["last"] or item["first"])
    if not 1 <= first <= last <= _HIGHEST:
        raise ValueError(f"`{item[0]}` is no port")
    return first, last
