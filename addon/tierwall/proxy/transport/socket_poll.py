"""One edge-triggered epoll for all sockets of an event loop, and the turns in which they are served.

Knows descriptors and who waits for them. Refuses to know what they carry. An edge is told once: whoever is told reads
until nothing is left, or says that it is not done (`again`). The event loop sees one descriptor, the epoll's own.
"""

import asyncio
import logging
import select
import threading
from collections import deque
from typing import Final, Protocol
from weakref import ref

from tierwall.proxy.transport.limits import Limits

logger = logging.getLogger(__name__)

READS: Final = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET if hasattr(select, "epoll") else 0
READS_AND_WRITES: Final = READS | select.EPOLLOUT if hasattr(select, "epoll") else 0

HANGS_UP: Final = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR if hasattr(select, "epoll") else 0
CAN_READ: Final = select.EPOLLIN | HANGS_UP if hasattr(select, "epoll") else 0
CAN_WRITE: Final = select.EPOLLOUT | select.EPOLLHUP | select.EPOLLERR if hasattr(select, "epoll") else 0
"""What an event means for whoever is told."""

ACCEPTS: Final = select.EPOLLIN if hasattr(select, "epoll") else 0
"""Level-triggered."""

EVENTS_A_TURN: Final = 256

BUFFER: Final = bytearray(256 * 1024)
"""What every socket is read into. What is kept of it is copied before the next read."""
VIEW: Final = memoryview(BUFFER)


class Polled(Protocol):
    """Who waits for a descriptor."""

    def ready(self, events: int) -> None:
        """The descriptor can be read or written, or is at its end (EPOLL* of select)."""

    def read_on(self) -> None:
        """It said that it was not done."""

    def bury(self) -> None:
        """It said that it is to be closed: now no event of this turn can be mistaken for one of its successor's."""

    def failed(self, failure: Exception) -> None:
        """One of these raised."""


class SocketPoll:
    """All of them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._poll = self._epoll.poll
        self._waiting: dict[int, Polled] = {}
        self._again: deque[Polled] = deque()
        self._ending: deque[Polled] = deque()
        self._settles = False
        self.limits = Limits.here()
        loop.add_reader(self._epoll.fileno(), self._turn)

    @staticmethod
    def here() -> "SocketPoll | None":
        """That of the loop that runs; None where there is no epoll."""
        loop = asyncio.get_running_loop()
        known: SocketPoll | None = None if (last := getattr(_LAST, "poll", None)) is None else last()
        if (known is None or known._loop is not loop) and hasattr(select, "epoll"):  # noqa: SLF001
            known = SocketPoll(loop)
            _LAST.poll = ref(known)
        return known

    def add(self, fd: int, events: int, who: Polled) -> None:
        """Tell them what happens at the descriptor from now on, and what can be done there already."""
        self._waiting[fd] = who
        self._epoll.register(fd, events)

    def change(self, fd: int, events: int) -> None:
        """Tell of other events there."""
        self._epoll.modify(fd, events)

    def remove(self, fd: int) -> None:
        """Tell nothing more of the descriptor, which goes elsewhere."""
        if self._waiting.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def forget(self, fd: int) -> None:
        """The same for a descriptor that is closed now, which the kernel forgets by itself."""
        self._waiting.pop(fd, None)

    def again(self, who: Polled) -> None:
        """Call their `read_on` once the others had their turn."""
        self._again.append(who)
        self._settle_soon()

    def end(self, who: Polled) -> None:
        """Call their `bury` at the end of the turn."""
        self._ending.append(who)
        self._settle_soon()

    def close(self) -> None:
        """Tell nobody anything any more."""
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()
        _LAST.poll = None

    def _turn(self) -> None:
        self._settles = True  # at its end
        waiting = self._waiting
        for fd, events in self._poll(0, EVENTS_A_TURN):
            who = waiting.get(fd)
            if who is not None:
                try:
                    who.ready(events)
                except Exception as failure:  # noqa: BLE001 - who failed says it
                    _fail(who, failure)
        if self._ending or self._again:
            self._settle()
        else:
            self._settles = False

    def _settle_soon(self) -> None:
        if not self._settles:
            self._settles = True
            self._loop.call_soon(self._settle)

    def _settle(self) -> None:
        self._bury()
        for _ in range(len(self._again)):
            who = self._again.popleft()
            try:
                who.read_on()
            except Exception as failure:  # noqa: BLE001 - who failed says it
                _fail(who, failure)
        self._bury()
        self._settles = False
        if self._again:
            self._settle_soon()

    def _bury(self) -> None:
        ending = self._ending
        while ending:
            who = ending.popleft()
            try:
                who.bury()
            except Exception as failure:  # noqa: BLE001 - who failed says it
                _fail(who, failure)


def _fail(who: Polled, failure: Exception) -> None:
    try:
        who.failed(failure)
    except Exception:
        logger.exception("ending it failed too")


_LAST: Final = threading.local()
"""Of this thread: the poll of the loop that ran last. That loop holds it, as one of its readers."""
