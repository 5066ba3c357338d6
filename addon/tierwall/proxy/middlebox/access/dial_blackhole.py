"""`dial-blackhole`: the SYN that would be sent is never answered, and so is never sent.

Knows how long a dial lasts, and what its failing looks like. Refuses to decide whether it acts: the verdict says so.
"""

from typing import Final

from tierwall.events import Stage
from tierwall.policy.attempt import Effect
from tierwall.policy.behaviour import DialBlackhole
from tierwall.policy.limits import DIAL_S
from tierwall.proxy.connection.client_connection import ClientConnection, Speaks
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.state.refusal import Silence, Spoken

UNANSWERED: Final = f"nothing is dialled, as if no SYN were answered; a dial lasts {DIAL_S:g} s"


def blackholes(request: TunnelRequest) -> Effect | None:
    """The effect that keeps the destination from being dialled, if one does."""
    return next((effect for effect in request.verdict.effects if isinstance(effect.behaviour, DialBlackhole)), None)


async def blackhole(request: TunnelRequest, effect: Effect) -> None:
    """Let it: journalled at once, shown when the limit is over.

    Who was told already that its connection stands is never answered at all.
    """
    connection = request.connection
    connection.stage = Stage.DIAL
    if connection.spoken in {Spoken.CONNECT, Spoken.SOCKS} or _asks_a_proxy(connection):
        how = request.as_failed_dial(effect, UNANSWERED, timed_out=True)
        await request.break_off_after(DIAL_S, effect, UNANSWERED, how)
    else:
        request.break_off(effect, UNANSWERED, ("drop", Silence()))


def _asks_a_proxy(connection: ClientConnection) -> bool:
    return connection.spoken is Spoken.HTTP and connection.listener.speaks is Speaks.HTTP_PROXY
