"""Behaviours that look at a connection's opening: the ClientHello, or what came instead of one.

Knows the opening as it was read, and how it came. Refuses to decide which behaviours act: the verdict says so.
"""

from typing import Final, assert_never

from tierwall.opening import ClientHello, Opening
from tierwall.policy import behaviour
from tierwall.policy.attempt import Attempt, Effect, NameSource
from tierwall.policy.behaviour import Stop
from tierwall.proxy.connection.client_connection import ClientConnection
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox import dpi
from tierwall.proxy.state import refusal
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.refusal import Refusal, Reset, Silence, Spoken
from tierwall.proxy.transport.tcp_segments import segments_from

ONE_SEGMENT_OCTETS: Final = 1360
"""What one segment takes at most on any common path (1420 octets of MTU in WireGuard, IPv6)."""

_ADDRESSES_TOLD: Final = 4

_AT_OPENING: Final = behaviour.AtOpening | behaviour.DpiHttpsOnly

type Against = tuple[str, tuple[str, Refusal]]
"""How a behaviour breaks the connection, in one clause, and what its client sees."""


class AtOpening:
    """Everything that happens to an admitted client because of how its connection opens."""

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations

    def begin(self, connection: ClientConnection, consumed: int) -> None:
        """The client was told, or is about to be, that its tunnel stands; so many gathered octets are not the tunnel's.

        Octets of the tunnel that came together with the request before it are of a segment that counts again.
        """
        came_along = len(connection.client.received) > consumed
        connection.segments = (segments_from(connection.client) or 0) - came_along

    @staticmethod
    def looks(request: TunnelRequest) -> bool:
        """Whether any of the verdict's behaviours has to look at the opening."""
        return any(isinstance(each.behaviour, _AT_OPENING) for each in request.verdict.effects)

    async def stops(self, request: TunnelRequest, opening: Opening | None) -> bool:
        """Whether a behaviour ended the connection here; then it was journalled, and the client told."""
        for effect in request.verdict.effects:
            if isinstance(effect.behaviour, _AT_OPENING):
                against = await self._against(request, effect, effect.behaviour, opening)
                if against is not None:
                    request.break_off(effect, *against)
                    return True
        return False

    async def _against(
        self,
        request: TunnelRequest,
        effect: Effect,
        kind: behaviour.AtOpening | behaviour.DpiHttpsOnly,
        opening: Opening | None,
    ) -> Against | None:
        connection = request.connection
        match kind:
            case behaviour.DpiHttpsOnly():
                detail = dpi.against(kind, opening)
                return (detail, ("reset", Reset())) if detail else None
            case behaviour.SniRequired(how=how):
                return "a ClientHello without a server name", _shown(how)
            case behaviour.OneSegmentHello(how=how):
                several = _several_segments(connection, opening)
                return None if several is None else (several, _shown(how))
            case behaviour.HostForgeryCheck():
                forged = await self._forged(request.attempt)
                if forged is None:
                    return None
                if connection.spoken is not Spoken.HTTP:
                    return forged, ("reset", Reset())
                return forged, ("409", refusal.conflict(request.told_of(effect, forged)))
            case _:
                assert_never(kind)

    async def _forged(self, attempt: Attempt) -> str | None:
        """Which name does not lead to the address that the client chose."""
        chosen = attempt.address
        for name in attempt.names:
            if chosen is None or name.source is NameSource.DNS or not isinstance(name.value, str):
                continue
            try:
                found = (await self._destinations.find(name.value, attempt.port)).addresses
            except OSError as fault:
                return f"{name.value} does not resolve here ({fault.strerror}), and the client went to {chosen}"
            if chosen not in found:
                leads = ", ".join(map(str, found[:_ADDRESSES_TOLD])) + (" …" if len(found) > _ADDRESSES_TOLD else "")
                return f"{name.value} leads to {leads}, and the client went to {chosen}"
        return None


def _several_segments(connection: ClientConnection, opening: Opening | None) -> str | None:
    """That the ClientHello came in several segments; where no kernel counts them, that it is too large for one."""
    if not isinstance(opening, ClientHello):
        return None
    octets, counted = opening.consumed, segments_from(connection.client)
    if counted is None:
        return (
            f"a ClientHello of {octets} octets, too many for one TCP segment" if octets > ONE_SEGMENT_OCTETS else None
        )
    came = counted - connection.segments
    return f"a ClientHello of {octets} octets in {came} TCP segments" if came > 1 else None


def _shown(how: Stop) -> tuple[str, Refusal]:
    match how:
        case Stop.RESET:
            return "reset", Reset()
        case Stop.DROP:
            return "drop", Silence()
        case _:
            assert_never(how)
