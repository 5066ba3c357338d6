"""A judging whose site is given, and whose clock stands until it is told."""

from pathlib import Path

from tierwall.decide.judging import LOOK_EVERY_S, Judging


class Clock:
    """Seconds, as the test says."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def until_next_look(self) -> None:
        self.now += LOOK_EVERY_S


def judging(site: str | Path = "8x8-core-only", said: list[str] | None = None, clock: Clock | None = None) -> Judging:
    """For a bundled site or a file; what it says goes to `said`."""
    return Judging(str(site), (), (said if said is not None else []).append, clock or Clock())
