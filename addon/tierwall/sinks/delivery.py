"""One sink's thread: reads the journal on, sends what is wanted, tries again with longer pauses, says what is lost.

Knows time and the position file. What an engine is told is its outlet's.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tierwall.events import Stage
from tierwall.sinks.entry import Entry, NotNow, Outcome, Outlet, Unwelcome
from tierwall.sinks.following import Follower, Position

LOOK_EVERY_S: Final = 0.2
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
ASKED_PAUSE_S: Final = 300.0
"""The most that an engine may ask for."""
SAY_EVERY_S: Final = 60.0
"""Events that were refused are said at once, then so often at most."""
_DOUBLINGS: Final = 6
_GRACE_S: Final = 1.0
_LAST_TRIES: Final = 2
"""Of an engine that is away when all ends: what it does not take now it gets from the next run."""


@dataclass(slots=True)
class Progress:
    """How far a sink is, as metrics and its last words say it. Written by its thread, read by any."""

    sent: int = 0
    refused: int = 0
    missed: int = 0
    retries: int = 0
    behind: int = 0
    """Octets of the journal that it has not had yet."""
    away_since: float | None = None
    """On the monotonic clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Whom a sink tells; both are called from its thread."""

    say: Callable[[str], None]
    """On the console."""
    journal: Callable[[str], None]
    """As a fault, into the journal."""


class Delivery:
    """Start it, read its progress, ask it to `end`."""

    def __init__(  # noqa: PLR0913 - what a sink is
        self,
        name: str,
        outlet: Outlet,
        follower: Follower,
        kept_at: Path,
        voice: Voice,
        *,
        wanted: Callable[[Entry], bool] = lambda _: True,
    ) -> None:
        """`kept_at`: the file that its position is kept in."""
        self.name = name
        self.progress = Progress()
        self._outlet, self._wanted, self._voice = outlet, wanted, voice
        self._follower, self._kept_at = follower, kept_at
        self._closing = threading.Event()
        self._until = float("inf")
        self._refused_unsaid = 0
        self._why = ""
        self._refused_said_at = -SAY_EVERY_S
        self._missed_said = 0
        self._last_tries = 0
        self._gaps_said = 0
        self._thread = threading.Thread(target=self._run, name=f"sink {name}", daemon=True)

    def start(self) -> None:
        """From here on the thread follows the journal."""
        self._thread.start()

    def running(self) -> bool:
        """Whether it still has something to do."""
        return self._thread.is_alive()

    def end(self, within_s: float = float("inf")) -> None:
        """Send what the journal holds now, and end. Of limited time, an engine that is away gets little."""
        self._until = time.monotonic() + within_s
        self._closing.set()

    def ended(self) -> bool:
        """Wait until its time is up. Whether the engine had all of the journal."""
        self._thread.join(max(self._until - time.monotonic(), 0) + _GRACE_S)
        return not self._thread.is_alive() and self.progress.behind == 0

    def samples(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """Its progress for metrics/: a name, labels, a value."""
        labels, progress = {"sink": self.name}, self.progress
        yield "tierwall_sink_sent_total", labels, progress.sent
        yield "tierwall_sink_refused_total", labels, progress.refused
        yield "tierwall_sink_missed_total", labels, progress.missed
        yield "tierwall_sink_retries_total", labels, progress.retries
        yield "tierwall_sink_behind_bytes", labels, progress.behind
        yield "tierwall_sink_away", labels, int(progress.away_since is not None)

    # -- the thread

    def _run(self) -> None:
        try:
            while self._turns():
                pass
        finally:
            self._say_refused(at_once=True)
            self._measure()
            with suppress(Exception):
                self._outlet.close()
            self._follower.close()

    def _turns(self) -> bool:
        """One turn. A failure of ours is said, and tried again: a sink that ended would be missed by nobody."""
        try:
            return self._turn()
        except Exception as failure:  # noqa: BLE001 - it is said
            self._voice.say(f"{self.name}: a failure of ours: {failure!r}")
            return not self._closing.wait(LONGEST_PAUSE_S)

    def _turn(self) -> bool:
        """Read and send once. False where it is over."""
        before, closing = self._follower.position, self._closing.is_set()
        try:
            entries = self._follower.read()
        except OSError as trouble:
            self._voice.say(f"{self.name}: the journal cannot be read: {trouble.strerror}")
            return not self._closing.wait(LONGEST_PAUSE_S)
        self._say_missed()
        if self._follower.position is before:
            self._measure()
            self._say_refused()
            self._closing.wait(LOOK_EVERY_S)
            return not closing  # else what came last may not have been read
        wanted = [entry for entry in entries if self._wanted(entry)]
        if wanted and not self._delivered(wanted):
            self._follower.back_to(before)
            return False
        self._keep(self._follower.position)
        return True

    def _delivered(self, entries: Sequence[Entry]) -> bool:
        """Until the engine took or refused each of them; False where time is up before."""
        pauses = 0
        rest = tuple(entries)
        while rest:
            try:
                outcome = self._outlet.send(rest)
            except NotNow as said:
                self._note_away(str(said))
                if not self._pause(pauses, said.after_s):
                    return False
                pauses += 1
                continue
            except Exception as failure:  # noqa: BLE001 - an event that we cannot put into words is no reason to stop
                if len(rest) > 1:
                    half = len(rest) // 2
                    return self._delivered(rest[:half]) and self._delivered(rest[half:])
                outcome = Outcome(refused=1, why=str(failure) if isinstance(failure, Unwelcome) else repr(failure))
            self._note_back()
            self._refused(outcome, rest)
            self.progress.sent += len(rest) - outcome.refused - len(outcome.again)
            rest = outcome.again
            if rest:
                if not self._pause(pauses, None):
                    return False
                pauses += 1
        return True

    def _pause(self, pauses: int, after_s: float | None) -> bool:
        """Longer each time, and never quite the same for many proxies. False where time is up."""
        self.progress.retries += 1
        self._measure()
        pause = min(FIRST_PAUSE_S * 2 ** min(pauses, _DOUBLINGS), LONGEST_PAUSE_S) * random.uniform(0.5, 1)  # noqa: S311
        if after_s is not None:
            pause = min(max(after_s, pause), ASKED_PAUSE_S)
        if not self._closing.wait(pause):
            return True
        if self._until == float("inf"):
            time.sleep(pause)
            return True
        self._last_tries += 1
        time.sleep(min(pause, FIRST_PAUSE_S))
        return self._last_tries <= _LAST_TRIES and time.monotonic() < self._until

    def _note_away(self, why: str) -> None:
        if self.progress.away_since is None:
            self.progress.away_since = time.monotonic()
            self._voice.say(f"{self.name} takes no events: {why}. They wait in the journal.")

    def _note_back(self) -> None:
        if self.progress.away_since is not None:
            seconds = time.monotonic() - self.progress.away_since
            self.progress.away_since = None
            self._voice.say(f"{self.name} takes events again, after {seconds:.0f} s")

    def _refused(self, outcome: Outcome, entries: Sequence[Entry]) -> None:
        if outcome.refused:
            self.progress.refused += outcome.refused
            if not all(_complains(entry) for entry in entries):
                self._refused_unsaid += outcome.refused
                self._why = outcome.why
                self._say_refused()

    def _say_refused(self, *, at_once: bool = False) -> None:
        if self._refused_unsaid and (at_once or time.monotonic() - self._refused_said_at >= SAY_EVERY_S):
            said = f"{self.name} refused {_events(self._refused_unsaid)}, left in the journal alone: {self._why}"
            self._refused_unsaid, self._refused_said_at = 0, time.monotonic()
            self._voice.say(said)
            self._voice.journal(said)

    def _say_missed(self) -> None:
        """Once a gap, with its number as soon as events tell it."""
        missed = self._follower.missed - self._missed_said
        if self._follower.gaps > self._gaps_said or missed:
            first = self._follower.gaps > self._gaps_said
            self._gaps_said, self._missed_said = self._follower.gaps, self._follower.missed
            self.progress.missed = self._follower.missed
            number = _events(missed) if missed else "events"
            said = f"{self.name} never had {number}: the journal was rotated away before they were taken"
            if missed or first:
                self._voice.say(said)
                self._voice.journal(said)

    def _measure(self) -> None:
        with suppress(OSError):
            self.progress.behind = self._follower.behind()

    def _keep(self, position: Position) -> None:
        """In one step. Where it cannot be kept, the next run sends again what this one sent."""
        beside = self._kept_at.with_name(f"{self._kept_at.name}.{os.getpid()}")
        try:
            beside.write_bytes(msgspec.json.encode(position))
            beside.replace(self._kept_at)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)


def kept_position(path: Path) -> Position | None:
    """Where a sink was when it ended; None where it never was, or the file is spoiled."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Position)
    except (OSError, msgspec.DecodeError):
        return None


def keep(path: Path, position: Position) -> None:
    """Write where a sink begins. Raises OSError."""
    path.write_bytes(msgspec.json.encode(position))


def _complains(entry: Entry) -> bool:
    """Whether it is what a sink journalled: that this is refused too is not worth another line."""
    try:
        return entry.event.tierwall.stage is Stage.JOURNAL
    except ValueError:
        return False


def _events(number: int) -> str:
    return "1 event" if number == 1 else f"{number} events"
