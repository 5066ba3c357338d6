"""Which events of a journal are about a check, and which of them struck it.

Knows events and checks; pure. A check's client has an address of its own, by which the journal tells it from others.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tierwall.events import Action, Event, Stage
from tierwall.reproduce.check import Check, Pattern

_STRUCK: Final = {Action.DENIED, Action.BROKEN, Action.FAILED}


def struck(check: Check, events: Sequence[Event]) -> list[Event]:
    """Of the same client and destination; a behaviour's only where it says that it breaks this service."""
    return [event for event in events if event.action in _STRUCK and _is_about(check, event)]


def causes(check: Check, events: Sequence[Event]) -> list[Event]:
    """Of a check that failed: what struck it, or else its client at its destination, whatever else that serves."""
    return struck(check, events) or [
        event for event in events if event.action in _STRUCK and _is_clients(check, event) and _is_there(check, event)
    ]


def by_host(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events by each name and address of their destinations, so that a check need look at its own only."""
    found: dict[str, list[Event]] = {}
    for event in events:
        there = event.destination
        for host in () if there is None else {there.domain, there.ip} - {None}:
            found.setdefault(str(host), []).append(event)
    return found


def concerning(checks: Iterable[Check], events: Sequence[Event]) -> Iterator[Event]:
    """Those that are about any of these checks, whether they broke it or not."""
    hosts = by_host(events)
    return (event for check in checks for event in hosts.get(str(check.of.host), ()) if _is_about(check, event))


def _is_about(check: Check, event: Event) -> bool:
    names = _names(check, event) or not event.tierwall.breaks
    return _is_clients(check, event) and _is_there(check, event) and names


def _is_clients(check: Check, event: Event) -> bool:
    return event.source is None or event.source.ip == check.client


def _is_there(check: Check, event: Event) -> bool:
    there = event.destination
    if there is None:
        return False
    of_dns = event.tierwall.stage is Stage.DNS  # where the name of any of them is asked for
    if check.pattern is Pattern.LOOK_UP and not of_dns:
        return False
    return (there.port == check.of.port or of_dns) and str(check.of.host) in (there.domain, there.ip)


def _names(check: Check, event: Event) -> bool:
    return any((each.vendor, each.service) == (check.of.vendor, check.of.service.id) for each in event.tierwall.breaks)
