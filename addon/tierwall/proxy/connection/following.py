"""Reads on in a tunnel that stands, for as long as its client could still name another server, and then is not there.

Knows transports and the two ends: it stands between each transport and its end, so that what is no longer read costs
nothing. Refuses to decide: what it finds is judged by whoever started it.
"""

import asyncio
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
        reading = _ReadingOn(client, server, watch, admits)
        client.transport.set_protocol(reading)
        server.transport.set_protocol(_Answering(server, reading))
    return True


def _admitted(watch: Following, admits: Judge) -> bool:
    while (found := watch.found()) is not None:
        if not admits(found):
            return False
    return True


class _Before(asyncio.Protocol):
    """Passes on to an end what its transport says."""

    def __init__(self, end: Endpoint) -> None:
        self._end = end

    def eof_received(self) -> bool:
        return self._end.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.connection_lost(exc)

    def pause_writing(self) -> None:
        self._end.pause_writing()

    def resume_writing(self) -> None:
        self._end.resume_writing()


class _ReadingOn(_Before):
    """Before the client's end."""

    def __init__(self, client: Endpoint, server: Endpoint, watch: Following, admits: Judge) -> None:
        super().__init__(client)
        self._server, self._watch, self._admits = server, watch, admits

    def data_received(self, data: bytes) -> None:
        self._watch.hear(data)
        self._go_on()

    def answered(self, data: bytes) -> None:
        """The server said this."""
        self._watch.answered(data)
        if self._watch.over:
            self._go_on()

    def _go_on(self) -> None:
        if not _admitted(self._watch, self._admits):
            self._leave()
            return
        if octets := self._watch.read():
            self._end.data_received(octets)
        if self._watch.over:
            self._leave()

    def _leave(self) -> None:
        for end in (self._end, self._server):
            if not end.gone:
                end.transport.set_protocol(end)


class _Answering(_Before):
    """Before the server's end."""

    def __init__(self, server: Endpoint, reading: _ReadingOn) -> None:
        super().__init__(server)
        self._reading = reading

    def data_received(self, data: bytes) -> None:
        self._end.data_received(data)
        self._reading.answered(data)
