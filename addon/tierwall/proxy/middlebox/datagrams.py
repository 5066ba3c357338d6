"""Behaviours towards UDP flows: those that never begin, and those that are forgotten while both sides still talk.

Knows one flow's client and what the verdict says of it. Refuses to touch datagrams: datagram_layer.py relays them.
"""

from typing import assert_never

from mitmproxy import connection
from mitmproxy.proxy import mode_specs

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt, Effect, Verdict
from tierwall.policy.behaviour import NoQuic, NoUdp, UdpStop, UdpTimeout
from tierwall.proxy.mitmproxy.clients import caller_of
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.recorder import Recorder
from tierwall.proxy.transport import icmp


class AtDatagrams:
    """Everything that happens to an admitted UDP flow."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._complained = False

    def stops(self, client: connection.Client, attempt: Attempt, verdict: Verdict) -> bool:
        """Whether a behaviour ended the flow before it began; then it was journalled, and shown to the client."""
        for effect in verdict.effects:
            match effect.behaviour:
                case NoUdp(how=how):
                    self._stop(client, attempt, verdict, effect, "no UDP passes", how)
                    return True
                case NoQuic(how=how):
                    self._stop(client, attempt, verdict, effect, "no QUIC passes", how)
                    return True
                case _:
                    pass
        return False

    def forgotten(self, client: connection.Client, attempt: Attempt, verdict: Verdict, then: str) -> None:
        """Journal that a flow was silent for too long, and what came `then`."""
        for effect in verdict.effects:
            match effect.behaviour:
                case UdpTimeout(after=after):
                    detail = f"nothing passed for {after:g} s, and the flow was forgotten; {then}"
                    self._recorder.broken(
                        caller_of(client), Breakage(attempt, verdict, effect, Stage.UDP, detail, "drop")
                    )
                    return
                case _:
                    pass

    def _stop(  # noqa: PLR0913, PLR0917  # who, what, why and how
        self, client: connection.Client, attempt: Attempt, verdict: Verdict, effect: Effect, detail: str, how: UdpStop
    ) -> None:
        self._recorder.broken(caller_of(client), Breakage(attempt, verdict, effect, Stage.UDP, detail, str(how)))
        match how:
            case UdpStop.DROP:
                pass
            case UdpStop.REJECT:
                self._reject(client, attempt)
            case _:
                assert_never(how)

    def _reject(self, client: connection.Client, attempt: Attempt) -> None:
        """Where that cannot be, the client is met with silence, and the journal says so once."""
        caller = caller_of(client)
        if not isinstance(client.proxy_mode, mode_specs.TunMode) or caller.address is None or attempt.address is None:
            return
        try:
            icmp.reject((caller.address, caller.port), (attempt.address, attempt.port))
        except OSError as fault:
            if not self._complained:
                self._complained = True
                self._recorder.fault(f"UDP is dropped where the site rejects it: no ICMP ({fault})", Stage.UDP)


def forgets_after(verdict: Verdict) -> float | None:
    """Seconds of silence after which the flow is forgotten; None where nothing forgets it.

    None at all where no such flow passes: one that stood before the site changed begins anew, and is stopped then.
    """
    found: list[float] = []
    for effect in verdict.effects:
        match effect.behaviour:
            case UdpTimeout(after=after):
                found.append(after)
            case NoUdp() | NoQuic():
                found.append(0.0)
            case _:
                pass
    return min(found, default=None)
