"""`websocket` and `opaque`: what is not a page, inside TLS; and such connections for holding.

Knows that a server's own paths and protocols are not known: what it does not answer is not testable.
"""

import socket
import ssl
import time
from collections.abc import Iterator

from tierwall.probe.measuring.circumstances import Circumstances, for_services, opener, since
from tierwall.probe.measuring.web import FROM_PROXIES
from tierwall.probe.policies import Place, Service
from tierwall.probe.values import Check, State
from tierwall.probe.wire import http1, tls, websocket
from tierwall.probe.wire.failure import EndOfStream, take, word_for

OPAQUE = b"\x00\x00\x00\x08tierwall"
"""Octets that are no HTTP: a length and a word, as many protocols of applications begin."""
_OPAQUE_S = 3.0


def websocket_checks(place: Place, around: Circumstances, services: tuple[Service, ...]) -> Iterator[Check]:
    """`websocket`: an upgrade at `/`, and a ping."""
    began = time.monotonic()
    try:
        opened, answer = open_websocket(place, around)
    except OSError as fault:
        yield from for_services(services, "websocket", place.target, State.BROKEN, word_for(fault), ms=since(began))
        return
    if opened is None:
        detail = {"why": "its path is not known: the server may have none at /"}
        state = State.BROKEN if answer.status in {501} | FROM_PROXIES else State.NOT_TESTABLE
        yield from for_services(
            services, "websocket", place.target, state, str(answer.status), ms=since(began), detail=detail
        )
        return
    try:
        ms = opened.ping(_OPAQUE_S)
        yield from for_services(services, "websocket", place.target, State.WORKS, "101", ms=ms)
    except OSError as fault:
        yield from for_services(services, "websocket", place.target, State.BROKEN, word_for(fault), ms=since(began))
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


def opaque_checks(place: Place, around: Circumstances, services: tuple[Service, ...]) -> Iterator[Check]:
    """`opaque`: whether a session survives octets that are no HTTP."""
    began = time.monotonic()
    try:
        session, answered = open_opaque(place, around)
        session.close()
    except OSError as fault:
        yield from for_services(services, "opaque", place.target, State.BROKEN, word_for(fault), ms=since(began))
        return
    saw = "answered" if answered else "kept"
    yield from for_services(services, "opaque", place.target, State.WORKS, saw, ms=since(began))
