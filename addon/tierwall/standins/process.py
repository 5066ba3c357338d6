"""The proxy as a user runs it: `tierwall run` in a process of its own, and all that stands in its terminal.

Knows how to start it, when it listens, and how to end it by its own pid. What it decides is none of its business.
"""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.text import Text

from tierwall import programs

START_LIMIT_S: Final = 180.0
END_LIMIT_S: Final = 5.0

_LISTENING = re.compile(r"listening\s+[0-9.]+:([0-9]+)")
_START_UP_ENDS: Final = "stop "


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """The terminal that the proxy is to write for."""

    width: int
    is_terminal: bool


@dataclass(slots=True)
class Proxy:
    """A proxy that runs, or ran."""

    port: int
    talk: list[str] = field(default_factory=list)
    """What it said at its start."""
    said: list[str] = field(default_factory=list)
    """Its lines after the start-up talk, as they came, colours included."""


class ProxyFailed(Exception):
    """The proxy did not start, or did not end as it should; with what it said."""


@asynccontextmanager
async def running(arguments: Sequence[str], folder: Path, screen: Screen) -> AsyncIterator[Proxy]:
    """The proxy, listening, until the block ends; then Ctrl-C, and its last words. Raises ProxyFailed."""
    process = await programs.start_ending_with_us(
        [sys.executable, "-m", "tierwall", "run", *arguments],
        folder=folder,
        environment=_environment(folder, screen),
        errors=asyncio.subprocess.STDOUT,
    )
    proxy = Proxy(port=0)
    try:
        try:
            async with asyncio.timeout(START_LIMIT_S):
                proxy.port = await _listening(process, proxy.talk)
        except TimeoutError:
            raise ProxyFailed(
                "\n".join([f"the proxy did not listen within {START_LIMIT_S:.0f} s", *proxy.talk])
            ) from None
        reading = asyncio.create_task(_listen_to(process, proxy.said))
        yield proxy
    finally:
        status = await _end(process)
    await reading
    if status != 0:
        raise ProxyFailed("\n".join([f"the proxy ended with status {status}", *proxy.said]))


def _environment(folder: Path, screen: Screen) -> dict[str, str]:
    ours = {"COLUMNS": str(screen.width), "PYTHONUNBUFFERED": "1", "XDG_STATE_HOME": str(folder / "state")}
    inherited = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    return inherited | ours | ({"FORCE_COLOR": "1"} if screen.is_terminal else {})


async def _listening(process: asyncio.subprocess.Process, talk: list[str]) -> int:
    """Wait until the proxy says where it listens and has said all that it says at its start."""
    port = None
    while line := await _line(process):
        talk.append(line.rstrip())
        plain = Text.from_ansi(line).plain
        if found := _LISTENING.match(plain):
            port = int(found[1])
        if plain.startswith(_START_UP_ENDS) and port is not None:
            return port
    raise ProxyFailed("\n".join(["the proxy did not start", *talk]))


async def _listen_to(process: asyncio.subprocess.Process, said: list[str]) -> None:
    while line := await _line(process):
        said.append(line.rstrip())


async def _line(process: asyncio.subprocess.Process) -> str:
    """The next line with its end, empty once there is none."""
    if process.stdout is None:
        return ""
    return (await process.stdout.readline()).decode(errors="replace")


async def _end(process: asyncio.subprocess.Process) -> int:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    try:
        async with asyncio.timeout(END_LIMIT_S):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()
