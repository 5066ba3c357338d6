"""Waits until the first bytes of a connection say what its client wants, or too much time has passed.

Knows time limits and ends. What the bytes say is opening's.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from tierwall.opening import Malformed, NeedMore, Opaque, Opening, read_tunnel
from tierwall.policy.limits import FIRST_BYTES_S
from tierwall.proxy.transport.endpoints.end_states import Peer
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.limits import Limit

PAUSE_S: Final = 0.02
"""Seconds that a client in a tunnel may pause in a line that hardly is HTTP before what it has said goes out."""

type Reads = Callable[[bytearray], Opening]
type Then = Callable[[Opening | None], None]


class FirstBytes:
    """What one client says, told by callback: to `then`, once for each time that it is awaited.

    None where it says nothing. What was begun and not finished in time is Malformed: time makes neither TLS nor HTTP
    opaque.
    """

    __slots__ = ("_client", "_limit", "_looks", "_needs", "_pause", "_reads", "_then")

    def __init__(self, client: Endpoint) -> None:
        self._client = client
        self._reads: Reads = read_tunnel
        self._then: Then | None = None
        self._needs = _ANY
        self._limit: Limit | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._looks = False

    def wait(self, reads: Reads, then: Then, *, limited: bool = True) -> None:
        """Tell `then` what is read. Not `limited`: a client may be silent for as long as it likes before it begins."""
        self._reads, self._then, self._needs = reads, then, _ANY
        self._client.reader = self
        if self._client.received or self._client.peer is not Peer.SPEAKS:
            self.came()
        if limited and self._then is then and self._limit is None:
            self._limit = self._client.limits.begin(FIRST_BYTES_S, self)

    def came(self) -> None:
        if not self._looks:
            self._looks = True
            try:
                self._look()
            finally:
                self._looks = False

    def limit_passed(self) -> None:
        self._limit = None
        if self._then is not None:
            self._tell(_at_the_end(self._client, self._reads, self._needs, expired=True))

    def stop(self) -> None:
        """Nobody wants to know any more."""
        self._then = self._client.reader = None
        if self._limit is not None:
            self._limit.pop(self, None)
            self._limit = None
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def _look(self) -> None:
        client = self._client
        while self._then is not None:
            received = client.received
            if len(received) >= self._needs.octets:
                opening = self._reads(received)
                if not isinstance(opening, NeedMore):
                    self._tell(opening)
                    continue
                self._needs = opening
            if client.peer is not Peer.SPEAKS:
                self._tell(_at_the_end(client, self._reads, self._needs, expired=False))
                continue
            if received:
                self._wait_on()
            return

    def _wait_on(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if self._needs.may_pause and self._reads is read_tunnel:
            self._pause = asyncio.get_running_loop().call_later(PAUSE_S, self.limit_passed)
        elif self._limit is None:
            self._limit = self._client.limits.begin(FIRST_BYTES_S, self)

    def _tell(self, opening: Opening | None) -> None:
        then = self._then
        self.stop()
        if then is not None:
            try:
                then(opening)
            except Exception as failure:  # noqa: BLE001 - its owner says it
                self._client.failed(failure)


async def read(client: Endpoint, reads: Reads) -> Opening | None:
    """The same, awaited."""
    loop = asyncio.get_running_loop()
    said: asyncio.Future[Opening | None] = loop.create_future()

    def tell(opening: Opening | None) -> None:
        if not said.done():
            said.set_result(opening)

    first = FirstBytes(client)
    first.wait(reads, tell)
    try:
        return await said
    finally:
        first.stop()


def _at_the_end(client: Endpoint, reads: Reads, needs: NeedMore, *, expired: bool) -> Opening | None:
    """What was said, as nothing more comes, or not in time."""
    if not client.received:
        return None
    if needs.may_pause and reads is read_tunnel and expired:
        return Opaque()
    if client.eof and reads(client.received + b"\n") == Opaque():  # a line ends here too
        return Opaque()
    why = f"not finished within {FIRST_BYTES_S:.0f} s" if expired else "ended before it was finished"
    return Malformed(f"an opening of {len(client.received)} octets, {why}")


_ANY: Final = NeedMore(1)
