"""Does the steps of a gateway, in order, and takes them back: nothing half set up is left behind.

Knows order. What a step is, is steps.py's; how it is done, host.py's.
"""

from collections.abc import Iterable, Iterator, Sequence

from tierwall.gateway.host import Failed, act
from tierwall.gateway.steps import Act, Step


def apply(steps: Iterable[Step]) -> None:
    """Do them all. Raises Failed, after all that was done has been taken back."""
    done: list[Step] = []
    for step in steps:
        try:
            act(step.do)
        except Failed:
            for undo in undoing(done):
                _try(undo)
            raise
        done.append(step)


def take_back(undos: Iterable[Act]) -> list[str]:
    """Undo what stands, all of it, whatever some of it says: the complaints."""
    return [complaint for undo in undos if (complaint := _try(undo)) is not None]


def undoing(steps: Sequence[Step]) -> Iterator[Act]:
    """What takes these back, the last first."""
    yield from (step.undo for step in reversed(steps) if step.undo is not None)


def _try(what: Act) -> str | None:
    try:
        act(what)
    except Failed as fault:
        return str(fault)
    return None
