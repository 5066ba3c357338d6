"""Reads on in a tunnel that stands, for as long as its client could still name another server, and then is not there.

Knows the two ends: it stands before each (Tap), so that what is no longer read costs nothing. Refuses to
decide: what it finds is judged by whoever started it.
"""

from collections.abc import Callable

from tierwall.opening import ClientHello, Following, Malformed, Opening, following, is_final_answer
from tierwall.proxy.transport.endpoints.endpoint import Endpoint

type Judge = Callable[[ClientHello | Malformed], bool]
"""Whether what was found may go on. Where not, the tunnel has been ended."""


def read_on(client: Endpoint, server: Endpoint, opening: Opening | None, admits: Judge) -> bool:
    """Read what the client's end has gathered, and stay where more has to be read. False where it may not go on.

    What is gathered then is what may go out.
    """
    if isinstance(opening, ClientHello) and opening.consumed == len(client.received):
        client.tap = server.tap = _ReadingOn(client, server, opening, admits)  # nothing follows it yet
        return True
    watch = following(opening)
    if watch is None:
        return True
    watch.hear(bytes(client.received))
    if not _admitted(watch, admits):
        return False
    client.received = bytearray(watch.read())
    if not watch.over:
        client.tap = server.tap = _ReadingOn(client, server, opening, admits, watch)
    return True


def _admitted(watch: Following, admits: Judge) -> bool:
    while (found := watch.found()) is not None:
        if not admits(found):
            return False
    return True


class _ReadingOn:
    """Before both ends. The careful reader is made only where a hello's answer does not say at a look that it is one:
    hardly ever."""

    __slots__ = ("_admits", "_client", "_hello", "_opening", "_server", "_watch")

    def __init__(
        self, client: Endpoint, server: Endpoint, opening: Opening | None, admits: Judge, watch: Following | None = None
    ) -> None:
        self._client, self._server, self._opening, self._admits, self._watch = client, server, opening, admits, watch
        self._hello = b"" if watch is not None else bytes(client.received)

    def heard(self, end: Endpoint, octets: bytes) -> None:
        if end is self._client:
            self._read_on().hear(octets)
            self._go_on()
            return
        end.take(octets)
        if self._watch is None and is_final_answer(octets):
            self._leave()
            return
        watch = self._read_on()
        watch.answered(octets)
        if watch.over:
            self._go_on()

    def _read_on(self) -> Following:
        """The careful reader, which has read the hello."""
        if self._watch is None:
            watch = following(self._opening)
            if watch is None:
                raise AssertionError("something is always read on after a ClientHello")
            watch.hear(self._hello)
            _admitted(watch, self._admits)
            watch.read()  # which went out already
            self._watch = watch
        return self._watch

    def _go_on(self) -> None:
        watch = self._read_on()
        if not _admitted(watch, self._admits):
            self._leave()
            return
        if octets := watch.read():
            self._client.take(octets)
        if watch.over:
            self._leave()

    def _leave(self) -> None:
        self._client.tap = self._server.tap = None
