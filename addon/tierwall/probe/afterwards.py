"""What is looked at once everything else was measured: names that moved meanwhile, and the machine's clock.

Knows results so far, and how to reach a place once more.
"""

import threading
from collections.abc import Iterable, Iterator

from tierwall.probe.measuring.circumstances import Circumstances, Resolved, for_services
from tierwall.probe.policies import Place
from tierwall.probe.resolving import resolve
from tierwall.probe.values import Check, State
from tierwall.probe.wire import hello, streams

_CLOCK_S = 300.0


def moved(places: Iterable[Place], around: Circumstances, stop: threading.Event) -> Iterator[Check]:
    """`moved`: names that have other addresses now; are both let through?"""
    again: dict[str, Resolved] = {}
    for place in places:
        if around.at(place).proxy is not None:
            continue
        old = around.resolved.get(place.host)
        if place.udp or place.port != 443 or old is None or old.saw != "answer":
            continue
        if stop.is_set():
            return
        new = again.setdefault(place.host, resolve(place.host))
        if new.saw == "answer" and not set(new.addresses) & set(old.addresses):
            yield from _both(place, old.addresses[0], new.addresses[0])


def _both(place: Place, old: str, new: str) -> Iterator[Check]:
    octets = hello.record(hello.client_hello(place.host))
    old_saw, new_saw = _hello_at(old, octets), _hello_at(new, octets)
    saw = {(True, True): "both", (True, False): "old-only", (False, True): "new-only"}.get(
        (old_saw == "answered", new_saw == "answered"), "neither"
    )
    detail = {"old": old, "old_saw": old_saw, "new": new, "new_saw": new_saw}
    state = State.WORKS if saw == "both" else State.BROKEN
    yield from for_services(place.services, "moved", place.target, state, saw, detail=detail)


def _hello_at(address: str, octets: bytes) -> str:
    reached = streams.connect(address, 443)
    if isinstance(reached, streams.Failed):
        return reached.saw
    return hello.answer_to(reached.sock, octets)[0]


def clock(checks: Iterable[Check]) -> list[Check]:
    """`clock`: this machine's against a server's."""
    for check in checks:
        off_s = check.detail.get("clock_off_s")
        if isinstance(off_s, (int, float)):
            wrong = abs(off_s) > _CLOCK_S
            state = State.BROKEN if wrong else State.WORKS
            return [Check("clock", check.target, state, "wrong" if wrong else "right", detail={"off_s": off_s})]
    return [Check("clock", "", State.NOT_TESTABLE, "no-date")]
