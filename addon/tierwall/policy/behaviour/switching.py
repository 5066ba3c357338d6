"""Behaviours switched by hand while a site is in force: what the site says, with some off, on or changed.

Knows values only. A switch stays for its kind until it is taken back; the site's own file is not touched.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tierwall.policy.behaviour import Behaviour


@dataclass(frozen=True, slots=True)
class Switch:
    """What was said of one kind of behaviour."""

    name: str
    instead: tuple[Behaviour, ...]
    """What acts in place of the site's own of that name; nothing where it is off."""


def switched(own: Iterable[Behaviour], switches: Iterable[Switch]) -> tuple[Behaviour, ...]:
    """The behaviours of a site with every switch applied."""
    said = {switch.name: switch.instead for switch in switches}
    kept = [behaviour for behaviour in own if behaviour.NAME not in said]
    return (*kept, *(behaviour for instead in said.values() for behaviour in instead))
