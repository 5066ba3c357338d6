"""TURN by TCP, TLS and UDP, and what else goes by UDP.

Knows that a relay's 401 proves the way to it, and that most of what is sent by UDP has no answer.
"""

from collections.abc import Iterator

from tierwall.probe.measuring.circumstances import Circumstances, for_services, opener
from tierwall.probe.policies import Place
from tierwall.probe.values import Check, State
from tierwall.probe.wire import quic, stun, tls
from tierwall.probe.wire.failure import word_for


def turn(place: Place, around: Circumstances) -> Iterator[Check]:
    """`turn-tcp` and `turn-tls`: an Allocate without credentials, whose 401 proves the way."""
    services = tuple(service for service in place.services if service.protocol == "stun")
    open_stream = opener(place, around)
    try:
        saw, ms = stun.by_stream(open_stream(), stun.ALLOCATE)
    except OSError as fault:
        saw, ms = word_for(fault), 0.0
    yield from for_services(services, "turn-tcp", place.target, _turn_state(saw), saw, ms=ms)
    try:
        saw, ms = stun.by_stream(tls.session(open_stream(), place.host, alpn=None), stun.ALLOCATE)
    except OSError as fault:
        saw, ms = word_for(fault), 0.0
    yield from for_services(services, "turn-tls", place.target, _turn_state(saw), saw, ms=ms)


def _turn_state(saw: str) -> State:
    return State.WORKS if saw == "answered" or saw.isdecimal() else State.BROKEN


def datagrams(place: Place, around: Circumstances) -> Iterator[Check]:
    """`stun` and `turn-udp`, `http3`, or `media`, which nothing is known to answer. No proxy carries them."""
    found = around.resolved.get(place.host)
    if found is not None and not found.addresses:
        yield from for_services(place.services, "place", place.target, State.NOT_RUN, "no-address")
        return
    address = found.addresses[0] if found is not None else place.host
    if "stun" in place.protocols or place.port == 3478:
        for what, method in (("stun", stun.BINDING), ("turn-udp", stun.ALLOCATE)):
            saw, ms = stun.by_udp(address, place.port, method)
            yield from for_services(place.services, what, place.target, _turn_state(saw), saw, ms=ms)
    elif place.port == 443 and not place.is_address:
        saw, ms = quic.answer_from(address, place.port, place.host)
        state = State.WORKS if saw == "answered" else State.DEGRADED  # browsers fall back to TCP
        yield from for_services(place.services, "http3", place.target, state, saw, ms=ms)
    else:
        why = {"why": "nothing is known that would be answered there"}
        yield from for_services(place.services, "media", place.target, State.NOT_TESTABLE, "no-echo", detail=why)
