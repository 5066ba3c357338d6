"""What came of tries to reach a destination, in the words of the page."""

from enum import StrEnum
from typing import Final

from tierwall.events import Action


class Outcome(StrEnum):
    """The worst first: a service is as bad as the worst of its destinations."""

    REFUSED = "refused"
    BROKEN = "broken"
    UNREACHABLE = "unreachable"
    OBSERVED = "would be refused"
    WORKS = "works"


OUTCOMES: Final = tuple(Outcome)
RANK: Final[dict[str, int]] = {outcome: rank for rank, outcome in enumerate(OUTCOMES)}
BY_ACTION: Final[dict[str, Outcome]] = {
    Action.DENIED.value: Outcome.REFUSED,
    Action.BROKEN.value: Outcome.BROKEN,
    Action.FAILED.value: Outcome.UNREACHABLE,
    Action.WOULD_DENY.value: Outcome.OBSERVED,
    Action.ALLOWED.value: Outcome.WORKS,
}
"""Tries. `closed` is the end of one that was counted, `fault` and `marked` are none."""
