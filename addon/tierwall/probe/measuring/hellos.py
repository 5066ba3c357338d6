"""`tls-hello-one`, `tls-hello-segments`, `tls-hello-1.2`, `tls-hello-1.3`, `tls-no-name`, `tls-other-address`: which
ClientHellos get through.

Knows which are sent where; any record that comes back is an answer, as a server says by alerts what it does not like.
"""

import socket
from collections.abc import Callable, Iterator, Mapping

from tierwall.probe.measuring.circumstances import Circumstances, for_services, name_of, opener
from tierwall.probe.policies import Place
from tierwall.probe.values import Check, State
from tierwall.probe.wire import hello, tls
from tierwall.probe.wire.failure import word_for

_ONE_VERSION = frozenset({"tls-hello-1.2", "tls-hello-1.3"})
_NOT_THIS_VERSION = "alert 70"
"""protocol_version (RFC 8446 section 6.2)."""
_UNUSUAL = frozenset({"tls-no-name", "tls-other-address", *_ONE_VERSION})
"""What no client of a vendor's needs: that it is cut tells of the network, and breaks nothing."""


def hellos(place: Place, around: Circumstances, shaken: tls.Handshake) -> Iterator[Check]:
    """Those that the place can be asked."""
    name = name_of(place)
    one = hello.record(hello.client_hello(name))
    several = hello.record(hello.client_hello(name, post_quantum=True))
    kinds: list[tuple[str, bytes, int]] = [("tls-hello-one", one, 1), ("tls-hello-segments", several, 2)]
    for what, version in (("tls-hello-1.2", hello.TLS_1_2), ("tls-hello-1.3", hello.TLS_1_3)) if shaken.stands else ():
        kinds.append((what, hello.record(hello.client_hello(name, versions=(version,))), 1))
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
    answered = saw == "answered" or (
        saw.startswith("alert") and not (what in _ONE_VERSION and saw == _NOT_THIS_VERSION)
    )
    state = State.WORKS if answered else State.DEGRADED if what in _UNUSUAL else State.BROKEN
    yield from for_services(place.services, what, place.target, state, saw, ms=ms, detail=detail or {})
