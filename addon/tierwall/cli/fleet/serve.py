"""`tierwall fleet serve`: the control plane as a process: sites in, lists to Envoys, and what they took told.

Knows certificates' files, signals, the journal and the file that `fleet status` reads; the protocol is
fleet/control_plane's, the sites are served_sites.py's.
"""

import asyncio
import json
import os
import signal
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tierwall.cli.faults import BadInput
from tierwall.cli.fleet.credentials import SERVER, credentials
from tierwall.cli.fleet.served_sites import ServedSites
from tierwall.cli.output import talk
from tierwall.events import Stage, applied, fault
from tierwall.events.hostile_text import visible
from tierwall.fleet.control_plane.fleet import Change, Fleet, Standing, State
from tierwall.fleet.envoy import Place
from tierwall.journal import CannotJournal, Journal
from tierwall.loader.faults import shown_path
from tierwall.policy.authority import host_port

if TYPE_CHECKING:
    import grpc

    from tierwall.fleet.control_plane.ads import Discovery

LOOK_EVERY_S: Final = 0.5
"""Seconds between two looks at the sites' files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for."""

    sites: tuple[str, ...]
    listen: Place
    tls: Path
    policies: tuple[Path, ...] = ()
    journal: Path
    state: Path


def serve(asked: Asked) -> int:
    """Until it is ended. Raises BadInput."""
    shown = credentials(asked.tls)
    sites = ServedSites(asked.sites, asked.policies)
    try:
        journal = Journal(asked.journal, _say)
    except CannotJournal as cannot:
        raise BadInput([cannot]) from None
    plane = _ControlPlane(asked, sites, journal)
    try:
        asyncio.run(plane.run(shown))
    finally:
        journal.close()
    return 0


class _ControlPlane:
    """One that runs."""

    def __init__(self, asked: Asked, sites: ServedSites, journal: Journal) -> None:
        self._asked, self._sites, self._journal = asked, sites, journal
        self._fleet = Fleet(time.time, self._tell)

    async def run(self, shown: "grpc.ServerCredentials") -> None:
        import grpc  # noqa: PLC0415

        from tierwall.fleet.control_plane.ads import Discovery  # noqa: PLC0415

        discovery = Discovery(self._fleet)
        await self._publish(discovery)
        server = grpc.aio.server(options=SERVER)
        server.add_generic_rpc_handlers((discovery.handler(),))
        at = host_port(self._asked.listen.host, self._asked.listen.port)
        try:
            server.add_secure_port(at, shown)
        except RuntimeError:
            raise BadInput([f"--listen {at}: cannot be listened on; is another control plane there?"]) from None
        await server.start()
        _say(f"listening {at}")
        self._write_state()
        await self._until_ended(discovery)
        await server.stop(1)
        self._write_state(ended=True)

    async def _until_ended(self, discovery: "Discovery") -> None:
        ending = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ending.set)
        while not ending.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), LOOK_EVERY_S)
            if not self._sites.changed():
                continue
            try:
                await asyncio.to_thread(self._sites.load)
            except BadInput as bad:
                kept = (
                    f"the files cannot be served, and every Envoy goes on with the last good: {'; '.join(bad.faults)}"
                )
                _say(kept)
                self._journal.write(fault(kept, Stage.CONFIG, when=datetime.now(UTC), id=uuid.uuid4().hex))
                continue
            await self._publish(discovery)

    async def _publish(self, discovery: "Discovery") -> None:
        from tierwall.fleet.control_plane.snapshots import snapshot_of  # noqa: PLC0415

        packed = {site: await asyncio.to_thread(snapshot_of, lists) for site, lists in self._sites.lists.items()}
        for snapshot in packed.values():
            _say(f"serving {snapshot.site}, version {snapshot.version}")
        await discovery.publish(self._sites.assignment, packed)

    def _tell(self, change: Change) -> None:
        standing, when, event_id = change.standing, datetime.now(UTC), uuid.uuid4().hex
        line = f"node {standing.node.id}: {change.state}" + (f": {change.detail}" if change.detail else "")
        _say(line)
        if change.state is State.CURRENT:
            self._journal.write(applied(line, when=when, id=event_id, site=standing.site))
        elif change.state in {State.REFUSED, State.UNSERVED}:
            self._journal.write(fault(line, Stage.CONFIG, when=when, id=event_id, site=standing.site))
        self._write_state()

    def _write_state(self, *, ended: bool = False) -> None:
        """For `fleet status`; a disk that is full must not keep lists from Envoys."""
        said = {
            "pid": os.getpid(),
            "ended": ended,
            "listen": host_port(self._asked.listen.host, self._asked.listen.port),
            "nodes": [_object(each) for each in self._fleet],
        }
        path = self._asked.state
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            coming = path.with_name(f".{path.name}.new")
            coming.write_text(json.dumps(said, indent=1) + "\n")
            coming.replace(path)
        except OSError as cause:
            _say(f"{shown_path(path)}: cannot be written: {cause.strerror}")


def _object(standing: Standing) -> dict[str, object]:
    return {
        "node": standing.node.id,
        "site": standing.site,
        "state": standing.state.value,
        "runs": standing.runs,
        "wanted": standing.wanted,
        "since": datetime.fromtimestamp(int(standing.since), UTC).isoformat().replace("+00:00", "Z"),
        "detail": standing.detail,
    }


def _say(line: str) -> None:
    talk().print(visible(line), soft_wrap=True)
