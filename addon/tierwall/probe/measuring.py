"""How one place is measured, step by step: each step only where the one before got through.

Knows the steps and what each result means as a state. wire/ speaks the protocols; nothing here keeps a payload.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tierwall.probe.policies import Place, Service
from tierwall.probe.values import Check, State
from tierwall.probe.wire import hello, http1, quic, streams, stun, tls, websocket
from tierwall.probe.wire.failure import EndOfStream, take, word_for

OPAQUE = b"\x00\x00\x00\x08tierwall"
"""Octets that are no HTTP: a length and a word, as many protocols of applications begin."""
_OPAQUE_S = 3.0
_LARGE_OCTETS = 64 * 1024
_FROM_PROXIES = frozenset({407, 502, 503, 504})
_PINGED_TLS = frozenset({"tls-other", "xmpp", "any", "unspecified"})


@dataclass(frozen=True)
class Circumstances:
    """What holds for all places."""

    proxy: streams.Proxy | None
    authorities: tls.Authorities
    covered: Callable[[str, str], bool]
    """Whether a vendor's policy covers a host: a redirect to there is the vendor's own."""
    resolved: Mapping[str, "Resolved"]
    """What the system's resolver said of each host."""
    elsewhere: Mapping[tuple[str, str], str]
    """Vendor and host -> an address of another of the vendor's hosts."""


@dataclass(frozen=True)
class Resolved:
    """What became of a name."""

    saw: str
    addresses: tuple[str, ...]
    ms: float


def measure(place: Place, around: Circumstances) -> Iterator[Check]:
    """All checks of a place, as they come."""
    if place.udp:
        yield from _datagrams(place)
    elif place.port == 80:
        yield from _plain(place, around)
    else:
        yield from _stream(place, around)


def for_services(
    services: tuple[Service, ...], what: str, target: str, state: State, saw: str, **more: Any
) -> Iterator[Check]:
    """The same measurement for each service that needs the place."""
    for service in services:
        yield Check(
            what=what,
            target=target,
            state=state,
            saw=saw,
            vendor=service.vendor,
            service=service.id,
            tier=service.tier,
            **more,
        )


def opener(place: Place, around: Circumstances, address: str | None = None) -> Callable[[], socket.socket]:
    """Opens a connection to the place, which got through before. Raises OSError."""

    def open_stream() -> socket.socket:
        reached = _reach(place, around, address)
        if isinstance(reached, streams.Failed):
            raise ConnectionResetError(reached.saw)
        return reached.sock

    return open_stream


def _reach(place: Place, around: Circumstances, address: str | None = None) -> streams.Reached | streams.Failed:
    if around.proxy is not None:
        return streams.connect_through(around.proxy, place.host, place.port)
    return streams.connect(place.host, place.port, address=address)


# Names


def _addresses(place: Place, around: Circumstances) -> Iterator[Check]:
    """`dns`: what the system's resolver says."""
    found = around.resolved.get(place.host)
    if place.is_address or found is None:
        return
    state = State.WORKS if found.saw == "answer" else State.BROKEN
    if found.saw != "answer" and around.proxy is not None:
        state = State.NOT_TESTABLE  # behind a proxy the client need not resolve
    detail = {"addresses": list(found.addresses)} if found.addresses else {}
    yield from for_services(place.services, "dns", place.host, state, found.saw, ms=found.ms, detail=detail)


# Streams


def _stream(place: Place, around: Circumstances) -> Iterator[Check]:
    found = list(_addresses(place, around))
    yield from found
    if found and found[0].state is State.BROKEN and found[0].saw not in {"sinkhole", "private"}:
        yield from for_services(place.services, "tcp", place.target, State.NOT_RUN, "no-address")
        return
    reached = _reach(place, around)
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
        yield from _turn(place, around)
    if place.port == 443:
        yield from _secure(place, around)
    elif "stun" not in place.protocols:
        yield from _still_there(place, around)


def _still_there(place: Place, around: Circumstances) -> Iterator[Check]:
    """`open`: whether the first octets get through, on a port whose protocol is not spoken here. A server may end the
    connection over them; a door that only looked open resets it, or says `access denied` (alert 49)."""
    try:
        saw, ms = hello.answer_to(opener(place, around)(), hello.record(hello.client_hello(_name(place))))
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
    yield from for_services(place.services, "tls", place.target, state, shaken.saw, ms=_ms(began), detail=detail)
    yield from _hellos(place, around, shaken)
    if not shaken.stands:
        return
    yield from _web(place, around, shaken)
    upgraders = tuple(service for service in place.services if service.protocol == "websocket")
    if upgraders:
        yield from _websocket(place, around, upgraders)
    others = tuple(service for service in place.services if service.protocol in _PINGED_TLS)
    if others:
        yield from _opaque(place, around, others)


def _hellos(place: Place, around: Circumstances, shaken: tls.Handshake) -> Iterator[Check]:
    name = _name(place)
    one = hello.record(hello.client_hello(name))
    several = hello.record(hello.client_hello(name, post_quantum=True))
    kinds: list[tuple[str, bytes, int]] = [("tls-hello-one", one, 1), ("tls-hello-segments", several, 2)]
    if shaken.stands and name is not None:
        kinds.append(("tls-no-name", hello.record(hello.client_hello(None)), 1))
    for what, octets, segments in kinds:
        yield from _hello(place, what, opener(place, around), octets, segments)
    other = around.elsewhere.get((place.vendor, place.host))
    if shaken.stands and other and around.proxy is None:
        yield from _hello(place, "tls-other-address", opener(place, around, other), one, 1, {"address": other})


def _hello(  # noqa: PLR0913, PLR0917 - what is sent, where, and how
    place: Place,
    what: str,
    open_stream: Callable[[], socket.socket],
    octets: bytes,
    segments: int,
    detail: Mapping[str, str] | None = None,
) -> Iterator[Check]:
    try:
        saw, ms = hello.answer_to(open_stream(), octets, segments)
    except OSError as fault:
        saw, ms = word_for(fault), 0.0
    state = State.WORKS if saw == "answered" or saw.startswith("alert") else State.BROKEN
    yield from for_services(place.services, what, place.target, state, saw, ms=ms, detail=detail or {})


def _web(place: Place, around: Circumstances, shaken: tls.Handshake) -> Iterator[Check]:
    """`http` inside TLS: a head, then a whole response."""
    if place.protocols <= {"stun", "media", "sftp"}:
        return
    host = place.host if place.port == 443 else f"{place.host}:{place.port}"

    def ask(method: str) -> http1.Timed:
        with tls.session(opener(place, around)(), place.host) as session:
            return http1.ask(session, http1.request(method, "/", host, "Connection: close"), body=method == "GET")

    public = shaken.saw == "public"
    yield from _asked(place, around, ask, by_server=public)


def _plain(place: Place, around: Circumstances) -> Iterator[Check]:
    """`http` on port 80, and through a proxy CONNECT to it besides."""
    found = list(_addresses(place, around))
    yield from found
    if found and found[0].state is State.BROKEN:
        yield from for_services(place.services, "http", place.target, State.NOT_RUN, "no-address")
        return

    def ask(method: str) -> http1.Timed:
        if around.proxy is None:
            reached = streams.connect(place.host, place.port)
            target, more = "/", []
        else:
            reached = streams.connect(around.proxy.host, around.proxy.port)
            target, more = f"http://{place.host}/", streams.authorization(around.proxy)
        if isinstance(reached, streams.Failed):
            raise _Unreached(reached.saw)
        reached.sock.settimeout(streams.ANSWER_S)
        with reached.sock as sock:
            return http1.ask(
                sock, http1.request(method, target, place.host, "Connection: close", *more), body=method == "GET"
            )

    yield from _asked(place, around, ask, by_server=False)
    if around.proxy is not None:
        reached = streams.connect_through(around.proxy, place.host, place.port)
        if isinstance(reached, streams.Failed):
            yield from for_services(
                place.services, "connect", place.target, State.BROKEN, reached.saw, ms=reached.ms, detail=reached.detail
            )
        else:
            reached.sock.close()
            yield from for_services(place.services, "connect", place.target, State.WORKS, "200", ms=reached.ms)


class _Unreached(OSError):
    def __init__(self, saw: str) -> None:
        super().__init__(saw)
        self.saw = saw


def _asked(
    place: Place, around: Circumstances, ask: Callable[[str], http1.Timed], *, by_server: bool
) -> Iterator[Check]:
    try:
        head = ask("HEAD")
        whole = ask("GET")
    except _Unreached as fault:
        yield from for_services(place.services, "http", place.target, State.BROKEN, fault.saw)
        return
    except OSError as fault:
        yield from for_services(place.services, "http", place.target, State.BROKEN, word_for(fault))
        return
    answer = whole.answer
    detail: dict[str, Any] = {
        "octets": whole.octets,
        "head_ms": round(head.first_ms, 1),
        "first_ms": round(whole.first_ms, 1),
        "last_ms": round(whole.last_ms, 1),
    }
    if whole.octets >= _LARGE_OCTETS and whole.last_ms > whole.first_ms:
        detail["bits_per_s"] = round(whole.octets * 8000 / (whole.last_ms - whole.first_ms))
    date = answer.header("date")
    if date:
        detail["date"] = date
    location = answer.header("location")
    if location:
        detail["location"] = location.partition("?")[0][:500]
    state = State.WORKS
    if not by_server:
        detail.update(streams.said_by(answer, answer.body))
        if _is_from_the_way(place, around, answer, detail):
            state = State.BROKEN
    yield from for_services(
        place.services, "http", place.target, state, str(answer.status), ms=whole.last_ms, detail=detail
    )


def _is_from_the_way(place: Place, around: Circumstances, answer: http1.Answer, detail: Mapping[str, Any]) -> bool:
    """Whether somebody on the way answered, and not the vendor's server."""
    if answer.status in _FROM_PROXIES:
        return True
    if 300 <= answer.status < 400:
        to = urlsplit(answer.header("location")).hostname or place.host
        return to != place.host and not around.covered(place.vendor, to)
    return answer.status >= 400 and "product" in detail


# What is inside TLS


def _websocket(place: Place, around: Circumstances, services: tuple[Service, ...]) -> Iterator[Check]:
    began = time.monotonic()
    try:
        opened, answer = open_websocket(place, around)
    except OSError as fault:
        yield from for_services(services, "websocket", place.target, State.BROKEN, word_for(fault), ms=_ms(began))
        return
    if opened is None:
        detail = {"why": "its path is not known: the server may have none at /"}
        state = State.BROKEN if answer.status in {501} | _FROM_PROXIES else State.NOT_TESTABLE
        yield from for_services(
            services, "websocket", place.target, state, str(answer.status), ms=_ms(began), detail=detail
        )
        return
    try:
        ms = opened.ping(_OPAQUE_S)
        yield from for_services(services, "websocket", place.target, State.WORKS, "101", ms=ms)
    except OSError as fault:
        yield from for_services(services, "websocket", place.target, State.BROKEN, word_for(fault), ms=_ms(began))
    finally:
        opened.sock.close()


def open_websocket(place: Place, around: Circumstances) -> tuple[websocket.Socket | None, http1.Answer]:
    """One that stands, or None with the answer that said no. Raises OSError."""
    session = tls.session(opener(place, around)(), place.host)
    try:
        session.sendall(websocket.upgrade(place.host))
        answer = http1.read_head(session)
    except OSError:
        session.close()
        raise
    if answer.status != 101:
        session.close()
        return None, answer
    return websocket.Socket(session, answer.surplus), answer


def open_opaque(place: Place, around: Circumstances) -> tuple[ssl.SSLSocket, bool]:
    """TLS in which octets were sent that are no HTTP, and whether the server answered them. Raises OSError."""
    session = tls.session(opener(place, around)(), place.host, alpn=None)
    try:
        session.settimeout(_OPAQUE_S)
        session.sendall(OPAQUE)
        answered = _answered(session)
    except OSError:
        session.close()
        raise
    return session, answered


def _answered(session: ssl.SSLSocket) -> bool:
    """Whether anything came, or nothing; an end raises OSError."""
    try:
        if not take(session, 4096):
            raise EndOfStream("ended")
    except socket.timeout:  # noqa: UP041 - the same since Python 3.10
        return False
    return True


def _opaque(place: Place, around: Circumstances, services: tuple[Service, ...]) -> Iterator[Check]:
    began = time.monotonic()
    try:
        session, answered = open_opaque(place, around)
        session.close()
    except OSError as fault:
        yield from for_services(services, "opaque", place.target, State.BROKEN, word_for(fault), ms=_ms(began))
        return
    saw = "answered" if answered else "kept"
    yield from for_services(services, "opaque", place.target, State.WORKS, saw, ms=_ms(began))


# TURN, and UDP


def _turn(place: Place, around: Circumstances) -> Iterator[Check]:
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


def _datagrams(place: Place) -> Iterator[Check]:
    if "stun" in place.protocols or place.port == 3478:
        for what, method in (("stun", stun.BINDING), ("turn-udp", stun.ALLOCATE)):
            saw, ms = stun.by_udp(place.host, place.port, method)
            yield from for_services(place.services, what, place.target, _turn_state(saw), saw, ms=ms)
    elif place.port == 443 and not place.is_address:
        saw, ms = quic.answer_from(place.host, place.port, place.host)
        state = State.WORKS if saw == "answered" else State.BROKEN
        yield from for_services(place.services, "http3", place.target, state, saw, ms=ms)
    else:
        why = {"why": "nothing is known that would be answered there"}
        yield from for_services(place.services, "media", place.target, State.NOT_TESTABLE, "no-echo", detail=why)


def _name(place: Place) -> str | None:
    return None if place.is_address else place.host


def _ms(began: float) -> float:
    return (time.monotonic() - began) * 1000
