"""Behaviours that look at a connection's opening: the ClientHello, or what came instead of one.

Knows the opening as it was read. Refuses to decide which behaviours act: the verdict says so.
"""

from typing import assert_never

from tierwall.opening import Opening
from tierwall.policy import behaviour
from tierwall.policy.attempt import Attempt, Effect, Verdict
from tierwall.policy.behaviour import Stop
from tierwall.proxy.behaviours import dpi
from tierwall.proxy.destinations import Destinations
from tierwall.proxy.passage import Passage
from tierwall.proxy.refusal import Refusal, Reset, Silence


class AtTheOpening:
    """Everything that happens to an admitted client because of how its connection opens."""

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations

    async def stops(self, passage: Passage, attempt: Attempt, verdict: Verdict, opening: Opening | None) -> bool:
        """Whether a behaviour ended the connection here; then it was journalled, and the client told."""
        for effect in verdict.effects:
            against = self._against(effect, opening)
            if against is not None:
                detail, how = against
                passage.break_off(attempt, verdict, effect, detail, _shown(how))
                return True
        return False

    def _against(
        self,
        effect: Effect,
        opening: Opening | None,
    ) -> tuple[str, Stop] | None:
        match effect.behaviour:
            case behaviour.DpiHttpsOnly():
                detail = dpi.against(effect.behaviour, opening)
                return (detail, Stop.RESET) if detail else None
            case behaviour.SniRequired(how=how):
                return "a ClientHello without a server name", how
            case _:
                return None


def _shown(how: Stop) -> tuple[str, Refusal]:
    match how:
        case Stop.RESET:
            return "reset", Reset()
        case Stop.DROP:
            return "drop", Silence()
        case _:
            assert_never(how)
