"""What behaviours do to connections that mitmproxy drives, journalled once for each behaviour of a connection.

Knows which were noted. A browser sends a thousand requests on one connection; one event says what happens to them.
"""

from dataclasses import replace

from mitmproxy.connection import Client

from tierwall.proxy.mitmproxy.clients import caller_of
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.recorder import Caller, Recorder


class OncePerConnection:
    """The events of behaviours, and the connections that have theirs."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._noted: dict[str, set[str]] = {}

    def broken(self, client: Client, breakage: Breakage, caller: Caller | None = None) -> None:
        """It broke what the effect says. `caller`: where more is known of it than its connection."""
        noted = self._noted.setdefault(client.id, set())
        name = breakage.effect.behaviour.NAME
        if name not in noted:
            noted.add(name)
            self._recorder.broken(caller or caller_of(client), breakage)

    def changed(self, client: Client, breakage: Breakage, caller: Caller | None = None) -> None:
        """It changed something by which nothing documented breaks."""
        self.broken(client, replace(breakage, effect=replace(breakage.effect, breaks=())), caller)

    def forget(self, client: Client) -> None:
        """Its connection is over."""
        self._noted.pop(client.id, None)
