"""Reads on in a tunnel that stands, for as long as its client could still name another server, and then is not there.

Knows the two ends: it stands before each (Tap), so that what is no longer read costs nothing. Refuses to
decide: what it finds is judged by whoever started it.
"""

from collections.abc import Callable

from tierwall.opening import ClientHello, Following, Malformed, Opening, following
from tierwall.proxy.transport.endpoint import Endpoint

type Judge = Callable[[ClientHello | Malformed], bool]
"""Whether what was found may go on. Where not, the tunnel has been ended."""


def read_on(client: Endpoint, server: Endpoint, opening: Opening | None, admits: Judge) -> bool:
    """Read what the client's end has gathered, and stay where more has to be read. False where it may not go on.

    What is gathered then is what may go out.
    """
    watch = following(opening)
    if watch is None:
        return True
    watch.hear(bytes(client.received))
    if not _admitted(watch, admits):
        return False
    client.received = bytearray(watch.read())
    if not watch.over:
        client.tap = reading = _ReadingOn(client, server, watch, admits)
        server.tap = _Answering(server, reading)
    return True


def _admitted(watch: Following, admits: Judge) -> bool:
    while (found := watch.found()) is not None:
        if not admits(found):
            return False
    return True


class _ReadingOn:
    """Before the client's end."""

    def __init__(self, client: Endpoint, server: Endpoint, watch: Following, admits: Judge) -> None:
        self._client, self._server, self._watch, self._admits = client, server, watch, admits

    def heard(self, octets: bytes) -> None:
        self._watch.hear(octets)
        self._go_on()

    def answered(self, octets: bytes) -> None:
        """The server said this."""
        self._watch.answered(octets)
        if self._watch.over:
            self._go_on()

    def _go_on(self) -> None:
        if not _admitted(self._watch, self._admits):
            self._leave()
            return
        if octets := self._watch.read():
            self._client.take(octets)
        if self._watch.over:
            self._leave()

    def _leave(self) -> None:
        self._client.tap = self._server.tap = None


class _Answering:
    """Before the server's end."""

    def __init__(self, server: Endpoint, reading: _ReadingOn) -> None:
        self._server, self._reading = server, reading

    def heard(self, octets: bytes) -> None:
        self._server.take(octets)
        self._reading.answered(octets)
