"""Events folded into what a person asks afterwards: what broke, for whom, and which destinations did it.

A Tally is a sink and bounded, whatever clients do: of each list the first TALLIED keys are kept, the rest is counted.
A Summary is a value, sorted, for the renderers.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from tierwall.events import Action, Break, Event, visible
from tierwall.policy.model import Tier
from tierwall.report.wording import destination_of, message_of

TALLIED: Final = 1000
"""Destinations that are kept in each list, and vendors, services, faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One place that clients tried to reach, with what happened there."""

    destination: str
    action: Action
    reason: str
    count: int
    behaviour: str | None = None
    """The one that broke it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that broke, and what its users see."""

    service: str
    symptom: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One tier of one vendor that broke."""

    vendor: str
    tier: Tier
    services: tuple[Service, ...]
    destinations: tuple[Destination, ...]
    others: int
    """Events at destinations beyond the first TALLIED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A destination that did not answer, or a fault, with its message."""

    where: str
    message: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnels:
    """Tunnels that ended, and octets as the clients count them."""

    count: int
    sent: int
    received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Everything that the renderers need."""

    sites: tuple[str, ...]
    first: str | None
    """Timestamps of the first and the last event."""
    last: str | None
    counts: dict[str, int]
    """How many events with each action that came, in the actions' order."""
    behaviours: tuple[str, ...]
    """Those that broke something, the one that broke most first."""
    broken: tuple[Broken, ...]
    """By vendor, then the most severe tier first."""
    unlisted: tuple[Destination, ...]
    """Refused, and nothing documented breaks."""
    unlisted_others: int
    failed: tuple[Cause, ...]
    failed_others: int
    faults: tuple[Cause, ...]
    faults_others: int
    tunnels: Tunnels
    unreadable: int = 0
    """Lines of a journal that are no events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Tunnels let through and ended, added up in another process: nobody prints them one by one."""

    sites: tuple[str, ...]
    first: str
    last: str
    allowed: int
    tunnels: Tunnels


type _Key = tuple[str, Action, str, str]
"""Destination, action, reason, and the behaviour that broke it or nothing."""


class _Bounded[K]:
    """Counts keys, at most TALLIED different ones."""

    def __init__(self) -> None:
        self.counts: Counter[K] = Counter()
        self.others = 0

    def add(self, key: K) -> None:
        if key in self.counts or len(self.counts) < TALLIED:
            self.counts[key] += 1
        else:
            self.others += 1


@dataclass(slots=True)
class _Breakage:
    destinations: _Bounded[_Key] = field(default_factory=_Bounded)
    services: _Bounded[tuple[str, str]] = field(default_factory=_Bounded)


class Tally:
    """A sink that adds events up."""

    def __init__(self) -> None:
        self._counts: Counter[Action] = Counter()
        self._sites: _Bounded[str] = _Bounded()
        self._site: str | None = None
        """Of the last event, as most are of one."""
        self._first: str | None = None
        self._last: str | None = None
        self._breakages: dict[tuple[str, Tier], _Breakage] = {}
        self._unlisted: _Bounded[_Key] = _Bounded()
        self._behaviours: _Bounded[tuple[str]] = _Bounded()
        self._failed: _Bounded[tuple[str, str]] = _Bounded()
        self._faults: _Bounded[tuple[str, str]] = _Bounded()
        self._sent = 0
        self._received = 0

    def write(self, event: Event) -> None:
        """Add one event."""
        action, when, site = event.event.action, event.timestamp, event.tierwall.site
        self._counts[action] += 1
        if self._first is None or when < self._first:
            self._first = when
        if self._last is None or when > self._last:
            self._last = when
        if site is not None and site != self._site:
            self._site = site
            self._sites.add(visible(site))
        if action is Action.BROKEN and event.tierwall.behaviour:
            self._behaviours.add((visible(event.tierwall.behaviour),))
        match action:
            case Action.FAULT:
                self._faults.add((event.tierwall.stage.value, message_of(event)))
            case Action.CLOSED:
                self._sent += (event.source and event.source.bytes) or 0
                self._received += (event.destination and event.destination.bytes) or 0
            case Action.ALLOWED | Action.MARKED | Action.APPLIED | Action.DRIFT:
                pass
            case Action.FAILED:
                self._failed.add((destination_of(event), message_of(event)))
                self._add_breaks(event)
            case _ if event.tierwall.breaks:
                self._add_breaks(event)
            case _:
                self._unlisted.add(_key(event))

    def add(self, quiet: Quiet) -> None:
        """Add what another process added up."""
        self._counts += Counter({Action.ALLOWED: quiet.allowed, Action.CLOSED: quiet.tunnels.count})
        self._first = min(self._first or quiet.first, quiet.first)
        self._last = max(self._last or quiet.last, quiet.last)
        for site in quiet.sites:
            self._sites.add(site)
        self._sent += quiet.tunnels.sent
        self._received += quiet.tunnels.received

    def summary(self) -> Summary:
        """What came so far."""
        return Summary(
            sites=tuple(sorted(self._sites.counts)),
            first=self._first,
            last=self._last,
            counts={action.value: self._counts[action] for action in Action if self._counts[action]},
            behaviours=tuple(name for (name,), _ in _sorted(self._behaviours)),
            broken=tuple(
                Broken(
                    vendor=vendor,
                    tier=tier,
                    services=tuple(
                        Service(service=service, symptom=symptom, count=count)
                        for (service, symptom), count in _sorted(breakage.services)
                    ),
                    destinations=_destinations(breakage.destinations),
                    others=breakage.destinations.others,
                )
                for (vendor, tier), breakage in sorted(
                    self._breakages.items(), key=lambda item: (item[0][0], item[0][1].severity)
                )
            ),
            unlisted=_destinations(self._unlisted),
            unlisted_others=self._unlisted.others,
            failed=_causes(self._failed),
            failed_others=self._failed.others,
            faults=_causes(self._faults),
            faults_others=self._faults.others,
            tunnels=Tunnels(count=self._counts[Action.CLOSED], sent=self._sent, received=self._received),
        )

    def _add_breaks(self, event: Event) -> None:
        """Once a vendor and tier, whatever the number of its services that break."""
        counted: set[tuple[str, Tier]] = set()
        served: set[tuple[str, str]] = set()
        for broken in event.tierwall.breaks:
            breakage = self._breakage(broken)
            if breakage is None:
                continue
            if (broken.vendor, broken.tier) not in counted:
                counted.add((broken.vendor, broken.tier))
                breakage.destinations.add(_key(event))
            if (broken.vendor, broken.service) not in served:  # two rules may serve one service
                served.add((broken.vendor, broken.service))
                breakage.services.add((visible(broken.service), visible(broken.symptom)))

    def _breakage(self, broken: Break) -> _Breakage | None:
        key = (visible(broken.vendor), broken.tier)
        if key not in self._breakages and len(self._breakages) >= TALLIED:
            return None
        return self._breakages.setdefault(key, _Breakage())


def _key(event: Event) -> _Key:
    behaviour = visible(event.tierwall.behaviour or "") if event.event.action is Action.BROKEN else ""
    return (destination_of(event), event.event.action, event.event.reason or "", behaviour)


def _sorted[K: tuple[str, ...]](bounded: _Bounded[K]) -> list[tuple[K, int]]:
    """The most frequent first."""
    return sorted(bounded.counts.items(), key=lambda item: (-item[1], item[0]))


def _destinations(bounded: _Bounded[_Key]) -> tuple[Destination, ...]:
    return tuple(
        Destination(
            destination=destination, action=action, reason=str(reason), count=count, behaviour=behaviour or None
        )
        for (destination, action, reason, behaviour), count in _sorted(bounded)
    )


def _causes(bounded: _Bounded[tuple[str, str]]) -> tuple[Cause, ...]:
    return tuple(Cause(where=where, message=message, count=count) for (where, message), count in _sorted(bounded))
