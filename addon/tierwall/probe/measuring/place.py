"""All checks of a place: names, the connection, TLS and what is inside it.

Knows the order. The other modules here have the steps.
"""

import time
from collections.abc import Iterator

from tierwall.probe.measuring.circumstances import Circumstances, addresses, for_services, name_of, opener, reach, since
from tierwall.probe.measuring.hellos import hellos
from tierwall.probe.measuring.inside_tls import opaque_checks, websocket_checks
from tierwall.probe.measuring.relays import datagrams, turn
from tierwall.probe.measuring.web import plain, web
from tierwall.probe.policies import Place
from tierwall.probe.values import Check, State
from tierwall.probe.wire import hello, streams, tls
from tierwall.probe.wire.failure import word_for

_PINGED_TLS = frozenset({"tls-other", "xmpp", "any", "unspecified"})


def measure(place: Place, around: Circumstances) -> Iterator[Check]:
    """All checks of a place, as they come."""
    if place.udp:
        yield from datagrams(place, around)
    elif place.port == 80:
        yield from plain(place, around)
    else:
        yield from _stream(place, around)


def _stream(place: Place, around: Circumstances) -> Iterator[Check]:
    found = list(addresses(place, around))
    yield from found
    if found and found[0].state is State.BROKEN and found[0].saw not in {"sinkhole", "private"}:
        yield from for_services(place.services, "tcp", place.target, State.NOT_RUN, "no-address")
        return
    reached = reach(place, around)
    what = "tcp" if around.proxy is None else "connect"
    if isinstance(reached, streams.Failed):
        yield from for_services(
            place.services, what, place.target, State.BROKEN, reached.saw, ms=reached.ms, detail=reached.detail
        )
        return
    reached.sock.close()
    saw = "connected" if around.proxy is None else "200"
    yield from for_services(place.services, what, place.target, State.WORKS, saw, ms=reached.ms)
    if "stun" in place.protocols:
        yield from turn(place, around)
    if place.port == 443:
        yield from _secure(place, around)
    elif "stun" not in place.protocols:
        yield from _still_there(place, around)


def _still_there(place: Place, around: Circumstances) -> Iterator[Check]:
    """`open`: whether the first octets get through, on a port whose protocol is not spoken here. A server may end the
    connection over them; a door that only looked open resets it, or says `access denied` (alert 49)."""
    try:
        saw, ms = hello.answer_to(opener(place, around)(), hello.record(hello.client_hello(name_of(place))))
    except OSError as fault:
        saw, ms = word_for(fault), 0.0
    state = State.BROKEN if saw in {"reset", "alert 49"} else State.WORKS
    yield from for_services(place.services, "open", place.target, state, saw, ms=ms)


def _secure(place: Place, around: Circumstances) -> Iterator[Check]:
    open_stream = opener(place, around)
    began = time.monotonic()
    try:
        shaken = tls.handshake(open_stream, place.host, around.authorities)
    except OSError as fault:
        shaken = tls.Handshake(word_for(fault))
    detail = {k: v for k in ("issuer", "subject", "version", "alpn") if (v := getattr(shaken, k))}
    state = State.WORKS if shaken.saw == "public" else State.DEGRADED if shaken.stands else State.BROKEN
    yield from for_services(place.services, "tls", place.target, state, shaken.saw, ms=since(began), detail=detail)
    yield from hellos(place, around, shaken)
    if not shaken.stands:
        return
    yield from web(place, around, shaken)
    upgraders = tuple(service for service in place.services if service.protocol == "websocket")
    if upgraders:
        yield from websocket_checks(place, around, upgraders)
    others = tuple(service for service in place.services if service.protocol in _PINGED_TLS)
    if others:
        yield from opaque_checks(place, around, others)
