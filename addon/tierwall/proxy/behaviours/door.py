"""Behaviours before anything is dialled: who may connect, and to which ports.

Knows what the client asked for. Refuses to decide which behaviours act: the verdict says so.
"""

from tierwall.policy import behaviour
from tierwall.policy.attempt import Attempt, Effect, Verdict
from tierwall.proxy.passage import Passage


class AtTheDoor:
    """Everything that happens to an admitted client before the dial."""

    async def stops(
        self,
        passage: Passage,
        attempt: Attempt,
        verdict: Verdict,
        credentials: str | None = None,  # noqa: ARG002
    ) -> bool:
        """Whether a behaviour ended the connection here; then it was journalled, and the client told."""
        for effect in verdict.effects:
            if isinstance(effect.behaviour, behaviour.AtTheDoor):
                detail = self._against(effect, attempt)
                if detail is not None:
                    passage.break_off(attempt, verdict, effect, detail)
                    return True
        return False

    def _against(self, effect: Effect, attempt: Attempt) -> str | None:
        match effect.behaviour:
            case behaviour.ConnectPorts(ports=ports):
                return f"CONNECT to port {attempt.port}; only {', '.join(map(str, ports))} are allowed"
            case behaviour.NoIpConnect():
                return "CONNECT to an address; only names are allowed"
            case _:
                return None
