"""How long connections last: some are left silent for different times, one is kept busy.

Knows the ladder of silences and what ends one. A limit that a firewall keeps to itself (it forgets, and says nothing)
shows only when the silence is broken, so that each length of silence takes a connection of its own; about nine stand
side by side, which is the one place where a service has more than one.
"""

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import pstdev, quantiles
from typing import Any

from tierwall.probe.measuring import inside_tls
from tierwall.probe.measuring.circumstances import Circumstances, for_services
from tierwall.probe.policies import Place
from tierwall.probe.values import Check, State
from tierwall.probe.wire import websocket
from tierwall.probe.wire.failure import EndOfStream, take, word_for

STEP = 1.15
"""From one silence to the next longer one: half of it is how far off a limit can be read."""
SHORTEST_S = 8.0
PING_S = 5.0
_BUSY_S = 0.25
_ASLEEP_S = 5.0
_LOOK_S = 0.5


def rungs_of(hold_s: float) -> list[list[float]]:
    """Silences from the longest down by STEP, in as few rows as hold them; each row is one connection's, in order."""
    rows: list[list[float]] = []
    silence = hold_s
    while silence >= min(SHORTEST_S, hold_s) and silence > 0:
        row = next((row for row in rows if sum(row) + silence <= hold_s), None)
        if row is None:
            row = []
            rows.append(row)
        row.insert(0, silence)
        silence /= STEP
    return rows


@dataclass(frozen=True)
class Held:
    """A place that keeps connections, and how it was seen to."""

    place: Place
    speaks: str
    """`websocket` or `opaque`."""


class Hold:
    """All that is held at once. `run` blocks until it is over, or `stop` is set."""

    def __init__(self, held: list[Held], around: Circumstances, hold_s: float, stop: threading.Event) -> None:
        self._held, self._around, self._hold_s, self._stop = held, around, hold_s, stop
        self.checks: list[Check] = []

    def run(self) -> None:
        """Hold them."""
        rows = rungs_of(self._hold_s)
        tasks: list[Callable[[], None]] = []
        for index, row in enumerate(rows):
            held = self._held[index % len(self._held)]
            tasks.append(partial(self._silent, held, row))
        busy = next((held for held in self._held if held.speaks == "websocket"), None)
        if busy is not None:
            tasks.append(partial(self._busy, busy))
        threads = [threading.Thread(target=task, daemon=True) for task in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_LOOK_S)

    def _silent(self, held: Held, row: list[float]) -> None:
        line: _Line | None = None
        for silence in row:
            if self._stop.is_set():
                return
            try:
                line = line or _Line(held, self._around)
                saw, after_s = line.silence(silence, self._stop)
                lived_s = line.age_s
            except OSError as fault:
                self._add(held, "hold", "not-opened", {"why": word_for(fault), "silent_s": round(silence, 1)})
                continue
            if saw == "stopped":
                return
            detail = {"silent_s": round(silence, 1), "after_s": round(after_s, 1), "lived_s": round(lived_s, 1)}
            self._add(held, "hold", saw, detail)
            if saw != "alive":
                if line is not None:
                    line.close()
                line = None
        if line is not None:
            line.close()

    def _busy(self, held: Held) -> None:
        times: list[float] = []
        try:
            line = _Line(held, self._around)
        except OSError as fault:
            self._add(held, "busy", "not-opened", {"why": word_for(fault)})
            return
        began, saw = time.monotonic(), "alive"
        try:
            while time.monotonic() - began < self._hold_s and not self._stop.wait(_BUSY_S):
                times.append(line.ping(PING_S))
        except OSError as fault:
            saw = word_for(fault)
        line.close()
        detail: dict[str, Any] = {"lived_s": round(time.monotonic() - began, 1), "samples": len(times)}
        if len(times) > 1:
            first, middle, third = quantiles(times, n=4)
            usual = [each for each in times if each <= 3 * middle]
            detail.update(least_ms=round(min(times), 1), q1_ms=round(first, 1), median_ms=round(middle, 1))
            detail.update(q3_ms=round(third, 1), deviation_ms=round(pstdev(usual), 1))
        self._add(held, "busy", saw, detail)

    def _add(self, held: Held, what: str, saw: str, detail: dict[str, Any]) -> None:
        state = State.WORKS if saw == "alive" else State.NOT_RUN if saw in {"slept", "not-opened"} else State.BROKEN
        self.checks += for_services(held.place.services[:1], what, held.place.target, state, saw, detail=detail)


class _Line:
    """One connection that stands."""

    def __init__(self, held: Held, around: Circumstances) -> None:
        """Open it. Raises OSError."""
        self._socket: websocket.Socket | None = None
        if held.speaks == "websocket":
            self._socket, answer = inside_tls.open_websocket(held.place, around.at(held.place))
            if self._socket is None:
                raise ConnectionResetError(f"answered {answer.status}")
            self._sock: socket.socket = self._socket.sock
        else:
            self._sock, _ = inside_tls.open_opaque(held.place, around.at(held.place))
        self._began = self._last = time.monotonic()

    @property
    def age_s(self) -> float:
        """Since it opened."""
        return time.monotonic() - self._began

    def ping(self, limit_s: float) -> float:
        """Milliseconds to an answer. Raises OSError."""
        began = time.monotonic()
        if self._socket is not None:
            ms = self._socket.ping(limit_s)
        else:
            self._sock.settimeout(limit_s)
            self._sock.sendall(inside_tls.OPAQUE)
            if not take(self._sock, 65536):
                raise EndOfStream("ended")
            ms = (time.monotonic() - began) * 1000
        self._last = time.monotonic()
        return ms

    def silence(self, silence_s: float, stop: threading.Event) -> tuple[str, float]:
        """Say nothing for so long, then ask. `alive`, `slept`, `stopped` or a failure; after how much silence."""
        self.ping(PING_S)
        until = time.monotonic() + silence_s
        try:
            while (left := until - time.monotonic()) > 0:
                if stop.is_set():
                    return "stopped", 0.0
                drift = time.time() - time.monotonic()
                asked = min(left, _LOOK_S)
                before = time.monotonic()
                self._look(asked)
                late = time.monotonic() - before - asked
                if late > _ASLEEP_S or abs(time.time() - time.monotonic() - drift) > _ASLEEP_S:
                    return "slept", 0.0
            after_s = time.monotonic() - self._last
            self.ping(PING_S)
            return "alive", after_s
        except OSError as fault:
            return word_for(fault), time.monotonic() - self._last if word_for(fault) != "silence" else silence_s

    def _look(self, limit_s: float) -> None:
        """Wait, and take what comes: an end raises OSError, octets break the silence."""
        pending = self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0
        if not pending and not select.select([self._sock], [], [], limit_s)[0]:
            return
        self._sock.settimeout(0.05)
        try:
            if not take(self._sock, 65536):
                raise EndOfStream("ended")
            self._last = time.monotonic()
        except socket.timeout:  # noqa: UP041 - a record of TLS itself, such as a session ticket
            return

    def close(self) -> None:
        """End it."""
        self._sock.close()
