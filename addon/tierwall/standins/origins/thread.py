"""Runs an origin's event loop in a thread, for callers that are not asynchronous themselves."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Protocol, Self


class _Origin(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, kind: None, error: None, trace: None, /) -> None: ...


@contextmanager
def serve_in_thread[O: _Origin](origin: O) -> Iterator[O]:
    """Serve while the block runs. What went wrong inside the origin is raised when the block ends."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    ended: Future[None] = Future()
    thread = threading.Thread(target=_run, args=(origin, started, ended), name=type(origin).__name__)
    thread.start()
    try:
        loop, stop = started.result()
    except BaseException:
        thread.join()
        raise
    try:
        yield origin
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
    ended.result()


def _run(
    origin: _Origin, started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]], ended: Future[None]
) -> None:
    async def serve() -> None:
        stop = asyncio.Event()
        async with origin:
            started.set_result((asyncio.get_running_loop(), stop))
            await stop.wait()

    try:
        asyncio.run(serve())
    except BaseException as error:  # noqa: BLE001 - carried to the thread that waits, which raises it
        (ended if started.done() else started).set_exception(error)
    else:
        ended.set_result(None)
