"""Behaviours at names, in the proxy's own look-ups: resolvers that lie, and allowlists made from names once.

Knows which addresses a name leads to under the verdict's behaviours. Refuses to dial them: whatever comes out of here
is judged before. `--resolve` stands for the DNS outside: it is asked after these behaviours, by name where they say
nothing of the name, by address where they answer with one.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt, Effect, Verdict
from tierwall.policy.behaviour import DnsAnswer, DnsFilter, SplitDns, StaleAddresses
from tierwall.policy.limits import DIAL_S
from tierwall.policy.model import Address
from tierwall.policy.projections.dns_answers import Answer, answer_to
from tierwall.proxy.connection.dial import Broken, Look
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.address_pins import Pinned
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.destinations import Destination, Destinations
from tierwall.proxy.state.recorder import Caller, Recorder

_ACTING: Final = (DnsFilter, SplitDns, StaleAddresses)


class AtResolution:
    """Everything that happens to an admitted attempt between its name and the address that is dialled."""

    def __init__(self, active_policy: ActivePolicy, destinations: Destinations, recorder: Recorder) -> None:
        self._active_policy, self._destinations, self._recorder = active_policy, destinations, recorder

    def look(self, caller: Caller, attempt: Attempt, verdict: Verdict) -> Look | None:
        """How its addresses are found; None where no behaviour changes that."""
        if any(isinstance(effect.behaviour, _ACTING) for effect in verdict.effects):
            return partial(self._look, caller, attempt, verdict)
        return None

    async def stop(self, request: TunnelRequest, broken: Broken) -> None:
        """Journal what was broken, and show it to the client as a dial that failed: at once, or after its limit."""
        request.connection.stage = Stage.DIAL
        how = request.as_failed_dial(broken.effect, broken.detail, timed_out=broken.silent)
        if broken.silent:
            await request.break_off_after(DIAL_S, broken.effect, broken.detail, how)
        else:
            request.break_off(broken.effect, broken.detail, how)

    async def _look(
        self, caller: Caller, attempt: Attempt, verdict: Verdict, host: str | Address, port: int
    ) -> Destination | Broken:
        """Raises OSError where the name has no addresses."""
        answer = answer_to(verdict.effects, host) if isinstance(host, str) and self._looks_up(attempt) else None
        if answer is None:
            destination = await self._destinations.find(host, port)
        elif answer.addresses:
            told = Breakage(attempt, verdict, answer.effect, Stage.DIAL, answer.detail)
            self._recorder.broken_once(caller, told)
            destination = self._instead(answer, port)
        else:
            return Broken(answer.effect, answer.detail, silent=answer.how is DnsAnswer.DROP)
        stale = next((effect for effect in verdict.effects if isinstance(effect.behaviour, StaleAddresses)), None)
        if stale is None or destination.redirected:
            return destination
        return await self._pinned(stale, attempt, host, destination)

    def _looks_up(self, attempt: Attempt) -> bool:
        """Whether the proxy does: a client that chose an address looked it up, and only `names: resolve` does again."""
        claim = self._active_policy.claim(attempt)
        return attempt.address is None or (claim is not None and claim.resolves)

    def _instead(self, answer: Answer, port: int) -> Destination:
        elsewhere = (self._destinations.redirect(address, port) for address in answer.addresses)
        return next((sent for sent in elsewhere if sent is not None), Destination(answer.addresses, port))

    async def _pinned(
        self, effect: Effect, attempt: Attempt, host: str | Address, destination: Destination
    ) -> Destination | Broken:
        """What of it is on the allowlist."""
        name = name_of(attempt)
        if name is None:
            return destination
        pinned = self._destinations.pins.of(name) or await self._pin(name, host, destination)
        on_the_list = tuple(address for address in destination.addresses if address in pinned.addresses)
        if on_the_list:
            return Destination(on_the_list, destination.port)
        return Broken(effect, moved(name, destination.addresses, pinned))

    async def _pin(self, name: str, host: str | Address, destination: Destination) -> Pinned:
        if isinstance(host, str):
            return self._destinations.pins.pin(name, frozenset(destination.addresses), None)
        try:
            found = (await self._destinations.find(name, destination.port)).addresses
        except OSError:  # whoever told the client its address does not tell us
            found = ()
        return self._destinations.pins.pin(name, frozenset(found), host)


def name_of(attempt: Attempt) -> str | None:
    """The name whose addresses are pinned: the first that is one."""
    return next((name.value for name in attempt.names if isinstance(name.value, str)), None)


def moved(name: str, to: Sequence[Address], pinned: Pinned) -> str:
    """One clause for people: where the name leads now, and where it led when the allowlist was made."""
    return f"{name} is at {_listed(to)} now; the allowlist has {_listed(sorted(pinned.addresses, key=str))}"


def _listed(addresses: Sequence[Address]) -> str:
    shown = ", ".join(map(str, addresses[:4]))
    return shown if len(addresses) <= 4 else f"{shown} and {len(addresses) - 4} more"
