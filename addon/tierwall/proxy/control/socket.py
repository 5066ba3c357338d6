"""The control socket of a running proxy, for the same user alone: one request, one answer, a line of JSON each.

`watch` alone is answered by a stream. Knows the socket and who may speak through it; what is answered is answers.py's.
"""

import asyncio
import errno
import json
import os
import socket
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tierwall.proxy.control.answers import Answers
from tierwall.proxy.control.inside import Inside
from tierwall.proxy.control.streaming import stream

ENDING: Final = ".sock"
REQUEST_OCTETS: Final = 64 * 1024
REQUEST_S: Final = 5.0
_PATH_OCTETS: Final = 107
"""sockaddr_un's, on Linux, its ending NUL apart."""


_NOT_ASKED: Final = (OSError, TimeoutError, ValueError, RecursionError, EOFError, asyncio.LimitOverrunError)
"""Who connects and leaves, says too much, or nothing that can be read, gets no answer, and nobody is told."""


class NoControl(Exception):
    """Why there is no control socket; the proxy runs all the same."""


class Control:
    """One process's socket. Its name is `RUN.PID.sock`: several workers of one run are switched together."""

    def __init__(self, folder: Path, run: int, inside: Callable[[], Inside], tell: Callable[[str], None]) -> None:
        """`inside`: the proxy as it is now. `tell` says on the console what was changed."""
        self._folder, self._run, self._inside = folder, run, inside
        self._answers = Answers(inside, tell)
        self._streams: set[asyncio.Task[None]] = set()
        self._path = folder / f"{run}.{os.getpid()}{ENDING}"
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen, and take over what the other processes of the run were told. Raises NoControl."""
        if len(os.fsencode(self._path)) > _PATH_OCTETS:
            raise NoControl(f"{self._path} is too long for a socket: set XDG_RUNTIME_DIR to a shorter folder")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _own(self._folder)
            self._tidy()
            await self._follow_the_others()
            with suppress(FileNotFoundError):
                self._path.unlink()
            self._server = await asyncio.start_unix_server(self._serve, sock=_private(self._path), limit=REQUEST_OCTETS)
        except OSError as cause:
            raise NoControl(f"{self._path}: {cause.strerror or cause}") from None

    def close(self) -> None:
        """Nobody is listened to any more."""
        if self._server is not None:
            self._server.close()
            for task in self._streams:
                task.cancel()
            with suppress(OSError):
                self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(*_NOT_ASKED):
                if _peer(writer) in {os.getuid(), 0}:
                    async with asyncio.timeout(REQUEST_S):
                        request = await reader.readuntil()
                    await self._do(json.loads(request), writer)
        finally:
            writer.close()

    async def _do(self, request: Any, writer: asyncio.StreamWriter) -> None:
        if request == {"do": "watch"}:
            task = asyncio.get_running_loop().create_task(stream(self._inside(), writer))
            self._streams.add(task)
            task.add_done_callback(self._streams.discard)
            with suppress(asyncio.CancelledError):
                await task
            return
        answer = await self._answers.answer(request)  # seconds, where a site has a million entries
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()

    async def _follow_the_others(self) -> None:
        """A worker that was started again does what its siblings do."""
        for path in self._siblings():
            with suppress(*_NOT_ASKED, KeyError):
                async with asyncio.timeout(REQUEST_S):
                    reader, writer = await asyncio.open_unix_connection(str(path), limit=REQUEST_OCTETS)
                    writer.write(b'{"do": "list"}\n')
                    theirs = json.loads(await reader.readuntil())
                    writer.close()
                for ours, its in zip(self._inside().every, [theirs, *theirs["others"]], strict=True):
                    await self._follow(ours, its)
                return

    async def _follow(self, ours: Inside, theirs: dict[str, Any]) -> None:
        """Of one site."""
        if theirs["named"] != ours.reloading.site:
            await self._answers.answer({"do": "site", "site": ours.overrides.site, "name": theirs["named"]})
        for name, assignments in theirs["said"].items():
            asked = {"do": "switch", "site": ours.overrides.site, "name": name, "assignments": assignments}
            await self._answers.answer(asked)

    def _tidy(self) -> None:
        """Remove the sockets of proxies that were killed."""
        for path in self._folder.glob(f"*{ENDING}"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client, suppress(OSError):
                try:
                    client.connect(str(path))
                except ConnectionRefusedError:
                    path.unlink()

    def _siblings(self) -> Iterator[Path]:
        yield from (path for path in self._folder.glob(f"{self._run}.*{ENDING}") if path != self._path)


def _own(folder: Path) -> None:
    """Raises OSError where others could put a socket of theirs in there, or a link leads there. Changes nothing."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
    finally:
        os.close(fd)
    if status.st_uid != os.getuid():
        raise PermissionError(errno.EPERM, f"{folder} belongs to another user")
    if others := stat.S_IMODE(status.st_mode) & 0o077:
        raise PermissionError(errno.EPERM, f"others may use {folder} ({others:03o}); chmod 700 it")


def _private(path: Path) -> socket.socket:
    """A socket that is 0600 from its first moment, so that nobody else connects while its mode is changed."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _peer(writer: asyncio.StreamWriter) -> int:
    """The user at the other end (unix(7), SO_PEERCRED)."""
    its = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", its)[1])
