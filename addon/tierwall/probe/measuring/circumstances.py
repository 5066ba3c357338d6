"""What holds for every measurement: the way out, whom to believe, what the names lead to.

Knows how a place is reached, and how one measurement becomes a check of each service that needs the place.
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tierwall.probe.policies import Place, Service
from tierwall.probe.values import Check, State
from tierwall.probe.wire import streams, tls

_ADDRESSES = 3
"""Of a name, how many are tried."""


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
    by_host: Mapping[str, "streams.Proxy | None"] = field(default_factory=dict)
    """The way to hosts of which a PAC file says it; `proxy` is that to all others."""

    def at(self, place: Place) -> "Circumstances":
        """The same, with the way to this place."""
        return replace(self, proxy=self.by_host[place.host]) if place.host in self.by_host else self


@dataclass(frozen=True)
class Resolved:
    """What became of a name."""

    saw: str
    addresses: tuple[str, ...]
    ms: float


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
        reached = reach(place, around, address)
        if isinstance(reached, streams.Failed):
            raise ConnectionResetError(reached.saw)
        return reached.sock

    return open_stream


def reach(place: Place, around: Circumstances, address: str | None = None) -> streams.Reached | streams.Failed:
    """A connection to the place, through the proxy where there is one; else to an address that it had at first."""
    if around.proxy is not None:
        return streams.connect_through(around.proxy, place.host, place.port)
    found = around.resolved.get(place.host)
    last = streams.Failed("no-address", 0.0)
    for each in (address,) if address else found.addresses[:_ADDRESSES] if found is not None else (place.host,):
        reached = streams.connect(place.host, place.port, address=each)
        if isinstance(reached, streams.Reached):
            return reached
        last = reached
    return last


def addresses(place: Place, around: Circumstances) -> Iterator[Check]:
    """`dns`: what the system's resolver says."""
    found = around.resolved.get(place.host)
    if place.is_address or found is None:
        return
    state = State.WORKS if found.saw == "answer" else State.BROKEN
    if found.saw != "answer" and around.proxy is not None:
        state = State.NOT_TESTABLE  # behind a proxy the client need not resolve
    detail = {"addresses": list(found.addresses)} if found.addresses else {}
    yield from for_services(place.services, "dns", place.host, state, found.saw, ms=found.ms, detail=detail)


def name_of(place: Place) -> str | None:
    """What a client would ask for by SNI."""
    return None if place.is_address else place.host


def since(began: float) -> float:
    """Milliseconds since that moment of the monotonic clock."""
    return (time.monotonic() - began) * 1000
