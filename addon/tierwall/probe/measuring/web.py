"""`http`: a head and a whole response, inside TLS and on port 80; and who it was that answered.

Knows how a proxy's own answers and a portal's differ from the vendor's. Keeps sizes and times, no body.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from tierwall.probe.measuring.circumstances import Circumstances, addresses, for_services, opener, reach
from tierwall.probe.policies import Place
from tierwall.probe.values import Check, State
from tierwall.probe.wire import http1, streams, tls
from tierwall.probe.wire.failure import word_for

FROM_PROXIES = frozenset({407, 502, 503, 504})
"""Statuses of whoever stands between."""
_LARGE_OCTETS = 64 * 1024


def web(place: Place, around: Circumstances, shaken: tls.Handshake) -> Iterator[Check]:
    """`http` inside TLS: a head, then a whole response."""
    if place.protocols <= {"stun", "media", "sftp"}:
        return
    host = place.host if place.port == 443 else f"{place.host}:{place.port}"

    def ask(method: str) -> http1.Timed:
        with tls.session(opener(place, around)(), place.host) as session:
            return http1.ask(session, http1.request(method, "/", host, "Connection: close"), body=method == "GET")

    public = shaken.saw == "public"
    yield from _asked(place, around, ask, by_server=public)


def plain(place: Place, around: Circumstances) -> Iterator[Check]:
    """`http` on port 80, and through a proxy CONNECT to it besides."""
    found = list(addresses(place, around))
    yield from found
    if found and found[0].state is State.BROKEN:
        yield from for_services(place.services, "http", place.target, State.NOT_RUN, "no-address")
        return

    def ask(method: str) -> http1.Timed:
        if around.proxy is None or around.proxy.scheme == "socks5":
            reached = reach(place, around)
            target, more = "/", []
        else:
            reached = streams.connect_to(around.proxy)
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
        yield _connect(place, around.proxy)


def _connect(place: Place, proxy: streams.Proxy) -> Check:
    """CONNECT to port 80 tells of the proxy, and no service needs it: so it is nobody's check."""
    reached = streams.connect_through(proxy, place.host, place.port)
    if isinstance(reached, streams.Failed):
        return Check("connect", place.target, State.DEGRADED, reached.saw, ms=reached.ms, detail=reached.detail)
    reached.sock.close()
    return Check("connect", place.target, State.WORKS, "200", ms=reached.ms)


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
    off_s = _clock_off_s(answer.header("date"))
    if off_s is not None:
        detail["clock_off_s"] = off_s
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


def _clock_off_s(date: str) -> int | None:
    """How far this machine's clock is ahead of the answer's Date (RFC 9110 section 6.6.1), which has just come."""
    try:
        return round((datetime.now(timezone.utc) - parsedate_to_datetime(date)).total_seconds())
    except (TypeError, ValueError):
        return None


def _is_from_the_way(place: Place, around: Circumstances, answer: http1.Answer, detail: Mapping[str, Any]) -> bool:
    """Whether somebody on the way answered, and not the vendor's server."""
    if answer.status in FROM_PROXIES:
        return True
    if 300 <= answer.status < 400:
        try:
            to = urlsplit(answer.header("location")).hostname or place.host
        except ValueError:
            return False
        return to != place.host and not around.covered(place.vendor, to)
    return answer.status >= 400 and "product" in detail
