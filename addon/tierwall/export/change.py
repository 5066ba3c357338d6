"""What changed between two lists: what opens and what closes, with the services that it serves.

Knows grants of two selections, and the text of an earlier export to the same product; nothing of files.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tierwall.export.grant import Grant, shown
from tierwall.export.ports import less, merged
from tierwall.policy.model import Ports

_TOKEN: Final = re.compile(
    r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]+)?"
    r"|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:/[0-9]+)?"
    r"|[*^.]{0,3}(?:[A-Za-z0-9_-]+\.)+[A-Za-z0-9_-]+(?:/(?![0-9]))?"
)
"""Whatever may be a name, a pattern or a network, in any syntax."""

_COMMENT: Final = re.compile(r"^\s*(?:#|//|!|;).*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry that is in one list and not in the other."""

    entry: str
    ports: tuple[Ports, ...]
    opens: bool
    serves: str

    def __str__(self) -> str:
        ports = f"  {', '.join(map(str, self.ports))}" if self.ports else ""
        return f"{'+' if self.opens else '-'} {self.entry}{ports}{f'  ({self.serves})' if self.serves else ''}"


def changes(old: Iterable[Grant], new: Iterable[Grant]) -> Iterator[Change]:
    """By destination and port: a port that is added opens, one that is dropped closes."""
    before, after = _by_destination(old), _by_destination(new)
    for destination in dict.fromkeys((*before, *after)):
        was, now = before.get(destination), after.get(destination)
        closed = _less(was, now)
        opened = _less(now, was)
        if was is not None and closed is not None:
            yield Change(entry=destination, ports=closed, opens=False, serves=was.purpose or was.label)
        if now is not None and opened is not None:
            yield Change(entry=destination, ports=opened, opens=True, serves=now.purpose or now.label)


def text_changes(old: str, new: str, purposes: Mapping[str, str]) -> Iterator[Change]:
    """By the entries that stand in two exports to one product, whatever its syntax; `purposes` are those of names."""
    before, after = _tokens(old), _tokens(new)
    for token in sorted(before - after, key=_sorted_as):
        yield Change(entry=token, ports=(), opens=False, serves=_purpose(token, purposes))
    for token in sorted(after - before, key=_sorted_as):
        yield Change(entry=token, ports=(), opens=True, serves=_purpose(token, purposes))


def _by_destination(grants: Iterable[Grant]) -> dict[str, Grant]:
    found: dict[str, Grant] = {}
    for grant in grants:
        name = shown(grant.destination)
        before = found.get(name)
        found[name] = grant if before is None else replace(before, ports=merged((*before.ports, *grant.ports)))
    return found


def _less(some: Grant | None, other: Grant | None) -> tuple[Ports, ...] | None:
    """The ports of one that the other lacks; None where it lacks none."""
    if some is None:
        return None
    if other is None:
        return some.ports
    return less(some.ports, other.ports) or None


def _tokens(text: str) -> set[str]:
    return set(_TOKEN.findall(_COMMENT.sub("", text)))


def _sorted_as(token: str) -> list[str]:
    return token.strip("*^./").split(".")[::-1]


def _purpose(token: str, purposes: Mapping[str, str]) -> str:
    return purposes.get(token.strip("*^./"), "")
