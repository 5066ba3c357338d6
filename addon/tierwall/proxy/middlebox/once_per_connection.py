"""What behaviours do to connections that mitmproxy drives, journalled once for each behaviour of a connection.

Knows which were noted. A browser sends a thousand requests on one connection; one event says what happens to them.
"""

from dataclasses import replace

from mitmproxy.connection import Client

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt, Effect, Verdict
from tierwall.proxy.mitmproxy.clients import caller_of
from tierwall.proxy.state.recorder import Caller, Recorder


class OncePerConnection:
    """The events of behaviours, and the connections that have theirs."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._noted: dict[str, set[str]] = {}

    def broken(  # noqa: PLR0913, PLR0917  # an event is that many facts
        self,
        client: Client,
        attempt: Attempt,
        verdict: Verdict,
        effect: Effect,
        stage: Stage,
        detail: str,
        refusal: str | None = None,
        caller: Caller | None = None,
    ) -> None:
        """It broke what the effect says."""
        noted = self._noted.setdefault(client.id, set())
        if effect.behaviour.NAME not in noted:
            noted.add(effect.behaviour.NAME)
            told = caller or caller_of(client)
            self._recorder.broken(told, attempt, verdict, effect, stage, detail, refusal)

    def changed(  # noqa: PLR0913, PLR0917
        self,
        client: Client,
        attempt: Attempt,
        verdict: Verdict,
        effect: Effect,
        stage: Stage,
        detail: str,
        caller: Caller | None = None,
    ) -> None:
        """It changed something by which nothing documented breaks."""
        self.broken(client, attempt, verdict, replace(effect, breaks=()), stage, detail, caller=caller)

    def forget(self, client: Client) -> None:
        """Its connection is over."""
        self._noted.pop(client.id, None)
