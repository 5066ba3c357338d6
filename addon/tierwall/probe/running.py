"""One run: names first, then all places side by side, a service's one after the other, then what is held.

Knows the order, the bounds and the progress; keeps what was measured when it is stopped.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from queue import Empty, Queue
from typing import Any

from tierwall.probe import system
from tierwall.probe.holding import Held, Hold
from tierwall.probe.measuring import Circumstances, Resolved, for_services, measure
from tierwall.probe.policies import Place, Untried, plan
from tierwall.probe.values import Check, Result, State
from tierwall.probe.wire import hello, http1, names, streams, tls

AT_ONCE = 8
"""Groups of services side by side."""
PLACE_S = 45.0
"""Seconds that a place takes at the most where nothing answers."""
NAMES_S = 20.0
_CLOCK_S = 300.0
_DOH_NAMES = 8


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
        longest = max((len(group) for group in self._groups), default=0)
        rounds = max(longest, -(-len(self.places) // AT_ONCE))
        return NAMES_S + rounds * PLACE_S + (self._wanted.hold_s + 60 if self._wanted.hold_s else 0)

    def run(self) -> None:
        """Measure everything. May be interrupted at any time."""
        for untried in self._untried:
            self.checks += _not_testable(untried)
        self._tell(f"names: {len({place.host for place in self.places if not place.is_address})}")
        resolved = _resolved(self.places)
        around = Circumstances(
            proxy=self._wanted.proxy.proxy,
            authorities=self._wanted.authorities,
            covered=lambda vendor, host: _covered(self._wanted.policies, vendor, host),
            resolved=resolved,
            elsewhere=_elsewhere(self.places, resolved),
        )
        self._ask_proxy()
        self._measure(around)
        self._ask_outside(around)
        self._hold(around)
        self._look_again(around)
        self.checks += _clock(self.checks)
        self._whole = not self.stop.is_set()

    @property
    def result(self) -> Result:
        """What was measured until now."""
        about = dict(system.about())
        if self._wanted.with_addresses:
            about["address"] = _own_address()
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
            state = State.DEGRADED if reached.saw == "407" else State.BROKEN
            self.checks.append(
                Check("proxy-asks", place.target, state, reached.saw, ms=reached.ms, detail=reached.detail)
            )
        else:
            reached.sock.close()
            self.checks.append(Check("proxy-asks", place.target, State.WORKS, "200", ms=reached.ms))

    def _ask_outside(self, around: Circumstances) -> None:
        """`dns-over-https`: what a resolver outside says of names that have no good answer here."""
        broken = {c.target: c for c in self.checks if c.what == "dns" and c.state is State.BROKEN}
        for name, check in list(broken.items())[:_DOH_NAMES]:
            if self.stop.is_set():
                return
            saw, state, detail = _from_outside(name, around)
            self.checks.append(
                Check("dns-over-https", name, state, saw, check.vendor, check.service, check.tier, detail=detail)
            )
            if state is State.NOT_TESTABLE:
                return

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

    def _look_again(self, around: Circumstances) -> None:
        """`moved`: names that have other addresses now; are both let through?"""
        if around.proxy is not None or self.stop.is_set():
            return
        again: dict[str, Resolved] = {}
        for place in self.places:
            old = around.resolved.get(place.host)
            if place.udp or place.port != 443 or old is None or old.saw != "answer":
                continue
            new = again.setdefault(place.host, _resolve(place.host))
            if new.saw != "answer" or set(new.addresses) & set(old.addresses):
                continue
            octets = hello.record(hello.client_hello(place.host))
            old_saw, new_saw = (_hello_at(address, octets) for address in (old.addresses[0], new.addresses[0]))
            saw = {(True, True): "both", (True, False): "old-only", (False, True): "new-only"}.get(
                (old_saw == "answered", new_saw == "answered"), "neither"
            )
            state = State.WORKS if saw == "both" else State.BROKEN
            detail = {"old": old.addresses[0], "old_saw": old_saw, "new": new.addresses[0], "new_saw": new_saw}
            self.checks += for_services(place.services, "moved", place.target, state, saw, detail=detail)


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
        return list(measure(place, around))
    except OSError as fault:  # whatever no step expected: said, and the run goes on
        detail = {"why": f"{type(fault).__name__}: {fault}"[:200]}
        return list(for_services(place.services, "place", place.target, State.NOT_RUN, "fault", detail=detail))


def _not_testable(untried: Untried) -> Iterable[Check]:
    return for_services(
        (untried.service,), "place", untried.target, State.NOT_TESTABLE, "no-name", detail={"why": untried.why}
    )


def _resolve(host: str) -> Resolved:
    began = time.monotonic()
    try:
        addresses = names.addresses_of(host)
        saw = names.kind_of(addresses)
    except names.NoAddress as fault:
        addresses, saw = [], fault.saw
    return Resolved(saw, tuple(addresses), (time.monotonic() - began) * 1000)


def _resolved(places: Iterable[Place]) -> dict[str, Resolved]:
    hosts = list(dict.fromkeys(place.host for place in places if not place.is_address))
    pool = ThreadPoolExecutor(AT_ONCE)
    asked = {host: pool.submit(_resolve, host) for host in hosts}
    wait(asked.values(), timeout=NAMES_S)
    pool.shutdown(wait=False, cancel_futures=True)
    late = Resolved("no-answer", (), NAMES_S * 1000)
    return {host: each.result() if each.done() and not each.cancelled() else late for host, each in asked.items()}


def _elsewhere(places: Iterable[Place], resolved: dict[str, Resolved]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    web = [place for place in places if not place.udp and place.port == 443 and not place.is_address]
    for place in web:
        own = resolved.get(place.host)
        others = [resolved.get(each.host) for each in web if each.vendor == place.vendor]
        addresses = [a for each in others if each is not None and each.saw == "answer" for a in each.addresses]
        different = [a for a in addresses if own is not None and a not in own.addresses and ":" not in a]
        if different:
            found[place.vendor, place.host] = different[0]
    return found


def _covered(policies: dict[str, Any], vendor: str, host: str) -> bool:
    rules: list[Any] = next((each["rules"] for each in policies["vendors"] if each["id"] == vendor), [])
    return any(
        host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))
        for rule in rules
        for pattern in rule["hosts"]
    )


def _from_outside(name: str, around: Circumstances) -> tuple[str, State, dict[str, Any]]:
    reached = (
        streams.connect(names.DOH_HOST, 443)
        if around.proxy is None
        else streams.connect_through(around.proxy, names.DOH_HOST, 443)
    )
    if isinstance(reached, streams.Failed):
        return reached.saw, State.NOT_TESTABLE, {}
    try:
        with tls.session(reached.sock, names.DOH_HOST) as session:
            octets = http1.request("GET", f"/resolve?name={name}&type=A", names.DOH_HOST, "Connection: close")
            addresses = names.addresses_from(http1.ask(session, octets, body=True).answer)
    except (OSError, ValueError):
        return "no-answer", State.NOT_TESTABLE, {}
    if addresses:
        return "different", State.BROKEN, {"addresses": addresses}
    return "same", State.WORKS, {}


def _holdable(places: Iterable[Place], checks: Iterable[Check]) -> list[Held]:
    found = list(checks)
    sockets = {(c.vendor, c.target) for c in found if c.what == "websocket" and c.saw == "101"}
    opaque = {(c.vendor, c.target) for c in found if c.what == "opaque" and c.saw == "answered"}
    held = [Held(place, "websocket") for place in places if (place.vendor, place.target) in sockets]
    return held + [Held(place, "opaque") for place in places if (place.vendor, place.target) in opaque - sockets]


def _hello_at(address: str, octets: bytes) -> str:
    reached = streams.connect(address, 443)
    if isinstance(reached, streams.Failed):
        return reached.saw
    return hello.answer_to(reached.sock, octets)[0]


def _clock(checks: Iterable[Check]) -> list[Check]:
    """`clock`: this machine's against a server's (RFC 9110 section 6.6.1)."""
    dated = [check for check in checks if check.what == "http" and check.detail.get("date")]
    for check in dated:
        try:
            there = parsedate_to_datetime(str(check.detail["date"]))
        except (TypeError, ValueError):
            continue
        off_s = (datetime.now(timezone.utc) - there).total_seconds()
        wrong = abs(off_s) > _CLOCK_S
        state = State.BROKEN if wrong else State.WORKS
        return [Check("clock", check.target, state, "wrong" if wrong else "right", detail={"off_s": round(off_s)})]
    return [Check("clock", "", State.NOT_TESTABLE, "no-date")]


def _own_address() -> str:
    import socket  # noqa: PLC0415

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(sock.getsockname()[0])
