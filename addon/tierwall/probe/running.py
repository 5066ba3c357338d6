"""One run: names first, then all places side by side, a service's one after the other, then what is held.

Knows the order, the bounds and the progress; keeps what was measured when it is stopped.
"""

import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from queue import Empty, Queue
from typing import Any

from tierwall.probe import afterwards, resolving, system
from tierwall.probe.holding import Held, Hold
from tierwall.probe.measuring.circumstances import Circumstances, for_services
from tierwall.probe.measuring.place import measure
from tierwall.probe.policies import Place, Untried, covered, plan
from tierwall.probe.values import Check, Result, State
from tierwall.probe.wire import streams, tls
from tierwall.probe.wire.socks import ASKED

AT_ONCE = 8
"""Groups of services side by side."""
PLACE_S = 45.0
"""Seconds that a place takes at the most where nothing answers."""


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    policies: dict[str, Any]
    vendors: tuple[str, ...]
    proxy: system.ProxyChoice
    authorities: tls.Authorities
    hold_s: float
    with_addresses: bool = False


class Run:
    """A run in progress. `checks` grows; `stop` ends it early."""

    def __init__(self, wanted: Wanted, tell: Callable[[str], None]) -> None:
        self._wanted, self._tell = wanted, tell
        self.places, self._untried = plan(wanted.policies, wanted.vendors)
        self._groups = _groups(self.places)
        self.checks: list[Check] = []
        self.stop = threading.Event()
        self._when = datetime.now(timezone.utc)
        self._whole = False

    @property
    def most_s(self) -> float:
        """Seconds that it takes at the most, where nothing answers."""
        if not self.places:
            return 0.0
        longest = max((len(group) for group in self._groups), default=0)
        rounds = max(longest, -(-len(self.places) // AT_ONCE))
        return resolving.NAMES_S + rounds * PLACE_S + (self._wanted.hold_s + 60 if self._wanted.hold_s else 0)

    def run(self) -> None:
        """Measure everything. May be interrupted at any time."""
        for untried in self._untried:
            self.checks += _not_testable(untried)
        self._tell(f"names: {len({place.host for place in self.places if not place.is_address})}")
        resolved = resolving.resolve_all(self.places)
        around = Circumstances(
            proxy=self._wanted.proxy.proxy,
            authorities=self._wanted.authorities,
            covered=lambda vendor, host: covered(self._wanted.policies, vendor, host),
            resolved=resolved,
            elsewhere=resolving.elsewhere(self.places, resolved),
            by_host=self._wanted.proxy.by_host,
        )
        self._ask_proxy()
        self._measure(around)
        if not self.stop.is_set():
            self.checks += resolving.ask_outside(self.checks, around)
        self._hold(around)
        self.checks += list(afterwards.moved(self.places, around, self.stop))
        self.checks += afterwards.clock(self.checks)
        self._whole = not self.stop.is_set()

    @property
    def result(self) -> Result:
        """What was measured until now."""
        about = dict(system.about())
        if self._wanted.with_addresses:
            about["address"] = system.own_address()
        return Result(
            when=self._when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            system=about,
            proxy=self._wanted.proxy.to_json(),
            checks=(*self.checks, *self._not_run()),
            vendors=self._wanted.vendors,
            hold_s=self._wanted.hold_s,
            whole=self._whole,
        )

    def _not_run(self) -> list[Check]:
        """A check for each place that nothing was measured of."""
        if self._whole:
            return []
        seen = {(check.vendor, check.target) for check in list(self.checks)}
        left = [place for place in self.places if (place.vendor, place.target) not in seen]
        return [c for p in left for c in for_services(p.services, "place", p.target, State.NOT_RUN, "stopped")]

    def _measure(self, around: Circumstances) -> None:
        waiting: Queue[list[Place]] = Queue()
        for group in self._groups:
            waiting.put(group)
        done = [0]

        def work() -> None:
            while not self.stop.is_set():
                try:
                    group = waiting.get_nowait()
                except Empty:
                    return
                for place in group:
                    if self.stop.is_set():
                        return
                    self.checks += _measured(place, around)
                    done[0] += 1
                    self._tell(f"{done[0]} of {len(self.places)} places")

        threads = [threading.Thread(target=work, daemon=True) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)

    def _ask_proxy(self) -> None:
        """`proxy-asks`: what a client without a password hears, where one was given."""
        proxy = self._wanted.proxy.proxy
        place = next((place for place in self.places if not place.udp and place.port == 443), None)
        if proxy is None or proxy.credentials is None or place is None:
            return
        reached = streams.connect_through(proxy.without_credentials, place.host, place.port)
        if isinstance(reached, streams.Failed):
            state = State.DEGRADED if reached.saw in {"407", ASKED} else State.BROKEN
            self.checks.append(
                Check("proxy-asks", place.target, state, reached.saw, ms=reached.ms, detail=reached.detail)
            )
        else:
            reached.sock.close()
            self.checks.append(Check("proxy-asks", place.target, State.WORKS, "200", ms=reached.ms))

    def _hold(self, around: Circumstances) -> None:
        if not self._wanted.hold_s or self.stop.is_set():
            return
        held = _holdable(self.places, self.checks)
        if not held:
            seen: set[str] = set()
            for place in self.places:
                for service in place.services:
                    if service.protocol in {"websocket", "tls-other"} and service.id not in seen:
                        seen.add(service.id)
                        why = {"why": "nothing was reached that keeps a connection and answers on it"}
                        self.checks += for_services(
                            (service,), "hold", place.target, State.NOT_TESTABLE, "no-answer", detail=why
                        )
            return
        print(f"holding connections for {self._wanted.hold_s:.0f} s", file=sys.stderr, flush=True)
        hold = Hold(held, around, self._wanted.hold_s, self.stop)
        try:
            hold.run()
        finally:
            self.checks += list(hold.checks)


def _groups(places: Iterable[Place]) -> list[list[Place]]:
    """Places that share a service, together: a service has one connection at a time."""
    groups: list[list[Place]] = []
    for place in places:
        touching = [group for group in groups if any(set(each.services) & set(place.services) for each in group)]
        merged = [each for group in touching for each in group] + [place]
        groups = [group for group in groups if group not in touching] + [merged]
    return sorted(groups, key=len, reverse=True)


def _measured(place: Place, around: Circumstances) -> list[Check]:
    try:
        return list(measure(place, around.at(place)))
    except OSError as fault:  # whatever no step expected: said, and the run goes on
        detail = {"why": f"{type(fault).__name__}: {fault}"[:200]}
        return list(for_services(place.services, "place", place.target, State.NOT_RUN, "fault", detail=detail))


def _not_testable(untried: Untried) -> Iterable[Check]:
    return for_services(
        (untried.service,), "place", untried.target, State.NOT_TESTABLE, "no-name", detail={"why": untried.why}
    )


def _holdable(places: Iterable[Place], checks: Iterable[Check]) -> list[Held]:
    found = list(checks)
    sockets = {(c.vendor, c.target) for c in found if c.what == "websocket" and c.saw == "101"}
    opaque = {(c.vendor, c.target) for c in found if c.what == "opaque" and c.saw == "answered"}
    held = [Held(place, "websocket") for place in places if (place.vendor, place.target) in sockets]
    return held + [Held(place, "opaque") for place in places if (place.vendor, place.target) in opaque - sockets]
