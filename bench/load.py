"""Starts the C clients (load.c) and reads what they print.

Knows the command line of load.c and its JSON. What the figures mean is parts/'s.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from bench.ground import REPLY_OCTETS
from bench.peer import Peer

SETTLE_S: Final = 0.3
"""After the last client left: journals and logs written in batches are part of a proxy's CPU time."""


class LoadFailed(Exception):
    """The clients did not get what they asked for; the figure would be worth nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run of the clients against one proxy."""

    done: int
    seconds: float
    cpu_s: float
    """The proxy's own, user and system, all its processes."""
    load_cpu_s: float
    p50_us: float
    p99_us: float
    failed: int
    """Of those tried, at most one in a hundred: with more there is no figure."""

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.done / self.seconds

    @property
    def cpu_us_each(self) -> float:
        """The proxy's CPU time for each."""
        return self.cpu_s / self.done * 1e6


def warm_up(storm: Callable[[Peer, int, float], Outcome], peer: Peer, concurrency: int, seconds: float) -> None:
    """Let caches fill. What goes wrong here goes wrong again where it counts; a slow peer may finish nothing."""
    with suppress(LoadFailed):
        storm(peer, concurrency, seconds)


def tunnels(peer: Peer, concurrency: int, seconds: float) -> Outcome:
    """Open, greet, read the reply and close, as fast as it goes."""
    return _run(peer, "tunnels", peer.target, str(concurrency), str(seconds))


def redirected(peer: Peer, address: str, uid: int, concurrency: int, seconds: float) -> Outcome:
    """The same of clients that go to an address, as another user."""
    ground = peer.ground
    by = ("setpriv", "--reuid", str(uid), "--clear-groups")
    what = (str(ground.load), "tunnels", f"{address}:{ground.origin_port}", "-", str(ground.hello), str(REPLY_OCTETS))
    return _measured(peer, "tunnels", (*ground.for_clients, *by, *what, str(concurrency), str(seconds)))


def denials(peer: Peer, concurrency: int, seconds: float) -> Outcome:
    """Ask for an unlisted host and read the whole refusal."""
    return _run(peer, "denials", peer.unlisted, str(concurrency), str(seconds))


def requests(peer: Peer, concurrency: int, seconds: float) -> Outcome:
    """GET a page of the origin's, again and again on each connection."""
    return _run(peer, "requests", peer.target, str(concurrency), str(seconds))


def echo(peer: Peer, seconds: float) -> Outcome:
    """64 octets there and back through one tunnel."""
    return _run(peer, "echo", peer.target, str(seconds))


def bulk(peer: Peer, octets: int) -> Outcome:
    """One stream from the origin."""
    return _run(peer, "bulk", peer.target, str(octets))


@contextmanager
def idle(peer: Peer, count: int) -> Iterator[None]:
    """So many tunnels standing; at the end each has to echo once."""
    command = [*_command(peer, "idle", peer.target), str(count)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as load:
        try:
            if not load.stdout.readline():  # type: ignore[union-attr]
                raise LoadFailed(f"{peer.name}: {load.stderr.read().strip()}")  # type: ignore[union-attr]
            yield
            told, _ = load.communicate(timeout=120)
        except BaseException:
            load.kill()
            raise
    ended = json.loads(told)
    if ended["done"] != count:
        raise LoadFailed(f"{peer.name}: {count - ended['done']} of {count} idle tunnels were lost")


def _command(peer: Peer, mode: str, target: str) -> list[str]:
    ground = peer.ground
    port = peer.denials_port if mode == "denials" else peer.port
    return [*ground.for_clients, str(ground.load), mode, str(port), target, str(ground.hello), str(REPLY_OCTETS)]


def _run(peer: Peer, mode: str, target: str, *more: str) -> Outcome:
    return _measured(peer, mode, [*_command(peer, mode, target), *more])


def _measured(peer: Peer, mode: str, command: Sequence[str]) -> Outcome:
    before = peer.cpu_s()
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    time.sleep(SETTLE_S)
    if ran.returncode:
        raise LoadFailed(f"{peer.name}, {mode}: {ran.stderr.strip()}")
    told: dict[str, Any] = json.loads(ran.stdout)
    if told["failed"] * 100 > told["done"] or not told["done"]:
        raise LoadFailed(f"{peer.name}, {mode}: {told['failed']} of {told['failed'] + told['done']}: {told['error']}")
    return Outcome(
        done=told["done"],
        seconds=told["seconds"],
        cpu_s=peer.cpu_s() - before,
        load_cpu_s=told.get("load_cpu_s", 0.0),
        p50_us=told.get("p50_us", 0.0),
        p99_us=told.get("p99_us", 0.0),
        failed=told["failed"],
    )
