"""A proxy that runs, watched through the control socket of each of its processes; another one, once it has ended.

Knows what a process says: lines of the journal, and every second how things stand; what happened before is in its
journal. Nothing that happens here reaches the proxy, except what somebody asked to be done.
"""

import asyncio
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tierwall.control.running import Refused, Running, ask, exchange, one, running
from tierwall.dashboard.picture.picture import Picture
from tierwall.dashboard.sources.feed import CannotDo
from tierwall.dashboard.sources.replay import Run, replay
from tierwall.dashboard.sources.reporting import report_of
from tierwall.dashboard.sources.seam import Seam
from tierwall.loader import site_names
from tierwall.policy.behaviour import BY_NAME

LOOK_EVERY_S: Final = 0.5
SETTLE_S: Final = 0.3
"""After which what happened before a process is listened to is in its journal."""

_LONGEST: Final = 1 << 20
"""Octets of a line: how things stand, with its tunnels."""

_NOW: Final = b'{"now":'
_TURN: Final = 500
"""Lines that are read before the page has its turn."""

_TUNNELS: Final = 100
_NOT_SHOWN: Final = "What happened before this page was started is not shown"
_AT_ONCE_S: Final = 3.0
"""A page that is there so soon after its proxy has missed nothing."""

_ACTIONS: Final = ["clear", "mark", "switch", "report"]
_TOLD: Final = {"switch", "take-back", "site", "mark"}
"""What a page may have done in the proxy; the proxy itself looks at the rest of the request."""


@dataclass(slots=True)
class _Process:
    """One of the proxy's."""

    listening: asyncio.Task[None]
    now: dict[str, Any] = field(default_factory=dict)
    joined: float = 0.0
    """When it said something first, by the monotonic clock."""
    replayed: bool = False
    """Whether what it journalled before is on the page."""


class ProxyFeed:
    """A proxy as a source. `run` is the id of its first process; None: any that is the only one."""

    def __init__(self, folder: Path, run: int | None, picture: Picture, *, stays: bool = False) -> None:
        """`stays`: with this run alone, whose sockets may not be there yet."""
        self.picture = picture
        self._stays = stays
        self._folder, self._run = folder, run
        self._processes: dict[Path, _Process] = {}
        self._lost_before = 0
        """Of processes that have ended."""
        self._last: dict[str, Any] = {}
        self._seam = Seam()
        self._unseen: tuple[int | None, str | None] = (None, None)
        """A run, and what of it is not on the page."""

    def about(self) -> dict[str, Any]:
        """How it stands now, all its processes together."""
        standing = [process.now for process in self._processes.values() if process.now]
        sites = _sites(self._standing())
        tunnels = sorted((each for now in standing for each in now["tunnels"]), key=lambda each: -each["age"])
        return {
            "kind": "proxy",
            "title": f"process {self._run}" if self._run is not None else "no proxy runs",
            "connected": bool(standing),
            "site": ", ".join(each["site"] for each in sites) or None,
            "sites": [{key: each[key] for key in ("site", "named", "behaviours", "switched")} for each in sites],
            "unseen": self._unseen[1],
            "since": min((now["since"] for now in standing), default=None),
            "open": sum(now["open"] for now in standing),
            "tunnels": tunnels[:_TUNNELS],
            "actions": _ACTIONS,
        }

    async def run(self) -> None:
        """Listen to every process, to those too that are started later."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            for process in self._processes.values():
                process.listening.cancel()

    async def explain(self, target: str, site: str) -> dict[str, Any]:
        """What the proxy itself says, which knows what to make of a site that it no more serves. Raises CannotDo."""
        said: dict[str, Any] = (await self._asked({"do": "explain", "target": target, "site": site}))["explained"]
        return said

    def choices(self) -> dict[str, Any]:
        """Every behaviour, and the bundled sites."""
        return {
            "behaviours": [
                {"name": name, "does": (kind.__doc__ or "").partition("\n")[0]} for name, kind in BY_NAME.items()
            ],
            "sites": sorted({*site_names(), *(each["named"] for each in _sites(self._standing()))}),
        }

    async def do(self, request: dict[str, Any]) -> None:
        """Tell every process; a moment is marked once. Raises CannotDo."""
        if request.get("do") not in _TOLD:
            raise CannotDo("there is no such action")
        await self._asked(request, everywhere=request["do"] != "mark")

    async def report(self) -> str:
        """Of the proxy's journal, from its beginning. Raises CannotDo."""
        if not (journal := self._standing().get("journal")):
            raise CannotDo("the proxy writes no journal")
        return await report_of(Path(journal))

    def proxy(self) -> str:
        """One of the addresses that it listens at."""
        listening = self._standing().get("listening") or ["127.0.0.1:8080"]
        return f"http://{listening[0]}"

    def _standing(self) -> dict[str, Any]:
        """What a process said last, or the last that there was."""
        return next((process.now for process in self._processes.values() if process.now), self._last)

    async def _asked(self, request: dict[str, Any], *, everywhere: bool = False) -> dict[str, Any]:
        sockets = tuple(self._processes)
        if not sockets:
            raise CannotDo("the proxy has ended")
        try:
            if everywhere:
                return await asyncio.to_thread(ask, Running(self._run or 0, sockets), request)
            answer = await asyncio.to_thread(exchange, sockets[0], request)
        except Refused as fault:
            raise CannotDo(str(fault)) from None
        if faults := answer.get("faults"):
            raise CannotDo("\n".join(faults))
        return answer

    # -- processes, and what they say

    async def _look(self) -> None:
        """Listen to processes of the run that nobody listens to yet; take up another run where this one has ended."""
        for path, process in tuple(self._processes.items()):
            if process.listening.done():
                self._last = process.now or self._last
                self._lost_before += process.now.get("lost", 0)
                del self._processes[path]
        if not self._processes and not self._stays:
            with suppress(Refused):
                self._run = (await asyncio.to_thread(self._find)).run
        if self._run is not None:
            for path in self._folder.glob(f"{self._run}.*.sock"):
                if path not in self._processes:
                    task = asyncio.get_running_loop().create_task(self._listen(path))
                    self._processes[path] = _Process(task)
        await self._catch_up([process for process in self._processes.values() if process.now and not process.replayed])

    def _find(self) -> Running:
        mine = [each for each in running(self._folder) if each.run == self._run]
        return mine[0] if mine else one(self._folder, None)

    async def _listen(self, path: Path) -> None:
        with suppress(OSError, ValueError, asyncio.LimitOverrunError):
            reader, writer = await asyncio.open_unix_connection(str(path), limit=_LONGEST)
            try:
                writer.write(b'{"do": "watch"}\n')
                read = 0
                while line := await reader.readline():
                    self._heard(path, line)
                    read += 1
                    if read % _TURN == 0:
                        await asyncio.sleep(0)
            finally:
                writer.close()

    async def _catch_up(self, late: Sequence[_Process]) -> None:
        """Read what they journalled before they were listened to; then what they told meanwhile has its turn."""
        now = time.monotonic()
        if any(now - process.joined < SETTLE_S for process in late):
            return
        recent: set[str] = set()
        if late:
            recent, unseen = await self._replayed([process.now for process in late])
            if self._unseen[0] != self._run:
                self._unseen = (self._run, unseen)
        for line in self._seam.close(recent, time.monotonic()):
            self.picture.write(line)
        for process in late:
            process.replayed = True

    async def _replayed(self, said: Sequence[dict[str, Any]]) -> tuple[set[str], str | None]:
        """The ids of the last events, and what is not shown, in words."""
        since = min(each["since"] for each in said)
        early = time.time() - since > _AT_ONCE_S
        journal = Path(said[0]["journal"] or os.devnull)
        if not journal.is_file():
            return set(), f"{_NOT_SHOWN}: there is no journal." if early else None
        try:
            ids = frozenset(run for each in said for run in each["runs"])
            found = await replay(Run(journal=journal, since=since, ids=ids), self.picture)
        except OSError as fault:
            return set(), f"{_NOT_SHOWN}: {journal}: {fault.strerror}."
        if not found.whole:
            return found.recent, "The run is longer than what is read of its journal: its beginning is not shown."
        if early and not said[0]["everything"]:
            return found.recent, "What was let through before this page was started is not journalled, and not shown."
        return found.recent, None

    def _heard(self, path: Path, line: bytes) -> None:
        process = self._processes[path]
        if not line.startswith(_NOW):
            if not process.replayed:
                self._seam.hold(line)
            elif self._seam.is_new(line, time.monotonic()):
                self.picture.write(line)
            return
        now = json.loads(line)["now"]
        process.now, process.joined = now, process.joined or time.monotonic()
        acting = {each["site"]: frozenset(one["behaviour"] for one in each["behaviours"]) for each in _sites(now)}
        self.picture.acts(acting)
        lost = self._lost_before + self._seam.lost + sum(each.now.get("lost", 0) for each in self._processes.values())
        if lost != self.picture.lost:
            self.picture.lost = lost
            self.picture.revision += 1


def _sites(now: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that are served, the first of them for whom no other is meant."""
    return [now, *now["others"]] if now else []
