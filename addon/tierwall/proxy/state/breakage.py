"""What a behaviour of the site did to something that was admitted: all that its event needs, but who asked.

Knows values only.
"""

from dataclasses import dataclass

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt, Effect, Verdict


@dataclass(frozen=True, slots=True)
class Breakage:
    """One behaviour, and one attempt that it broke."""

    attempt: Attempt
    verdict: Verdict
    effect: Effect
    stage: Stage
    detail: str
    """How, in one clause."""
    refusal: str | None = None
    """What the client saw of it; None where nothing was said to it."""
    event: str | None = None
    """Its id, where the client was told one; otherwise the recorder makes it."""
