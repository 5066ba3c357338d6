"""`dial-blackhole` at the gateway: SYNs that its kernel left unanswered become events.

Knows who is told of what. Refuses to decide: the active policy judges each as the attempt that it is, by address.
"""

from cachetools import TTLCache

from tierwall.events import Stage
from tierwall.gateway.nflog import Syn
from tierwall.policy.behaviour import DialBlackhole
from tierwall.policy.model import Transport
from tierwall.proxy.connection.attempts import at_address
from tierwall.proxy.connection.learned_names import judge_unnamed
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Caller, Recorder

_SAID = 4096
_SENT_AGAIN_S = 150.0
"""Seconds over which a client may send one SYN again: Linux gives up after 127."""


class UnansweredSyns:
    """Journals each connection that was tried, once."""

    def __init__(self, active_policy: ActivePolicy, destinations: Destinations, recorder: Recorder) -> None:
        self._active_policy, self._destinations, self._recorder = active_policy, destinations, recorder
        self._said: TTLCache[Syn, None] = TTLCache(_SAID, _SENT_AGAIN_S)

    def tell(self, syn: Syn) -> None:
        """Broken, where it would have been let through; denied, where it would not."""
        if syn in self._said:
            return
        self._said[syn] = None
        caller = Caller(syn.client, syn.client_port)
        attempt = at_address(syn.server, syn.port, Transport.TCP, self._destinations)
        attempt, verdict = judge_unnamed(self._active_policy, attempt)
        if not verdict.passes:
            self._recorder.decided(caller, attempt, verdict, Stage.ACCEPT, "drop")
            return
        for effect in verdict.effects:
            if isinstance(effect.behaviour, DialBlackhole):
                detail = "the SYN is never answered"
                self._recorder.broken(caller, Breakage(attempt, verdict, effect, Stage.DIAL, detail, "drop"))
                return
