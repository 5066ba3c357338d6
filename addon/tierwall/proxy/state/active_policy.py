"""The site and catalogue in force: judges attempts through the one pure function, remembers verdicts, fails closed.

Knows which policies hold now. Refuses to decide anything itself: that is policy/judge.py.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final

from tierwall.policy.attempt import Action, Attempt, Reason, Verdict
from tierwall.policy.claimed_names import Claim, claim_of
from tierwall.policy.judge import judge, prepare
from tierwall.policy.limits import VERDICTS_CACHED
from tierwall.policy.model import Address, Catalogue, Network, Transport
from tierwall.policy.site import LOOPBACK_CLIENTS, PRIVATE_CLIENTS, Site

logger = logging.getLogger(__name__)

OUR_FAILURE: Final = Verdict(action=Action.DENY, reason=Reason.ERROR)
"""What an attempt gets when judging it, or anything around it, raised."""


_NOTHING: Final = Catalogue(())


class ActivePolicy:
    """What is in force. `replace` puts new files in force for new connections; open tunnels stay."""

    __slots__ = ("_claimed", "_judged", "_listening", "_refused", "_served", "catalogue", "site")

    def __init__(self, site: Site, catalogue: Catalogue, clients: tuple[Network, ...] = ()) -> None:
        """`clients`: whom to serve besides, where the site does not say."""
        self._served = LOOPBACK_CLIENTS + clients
        self._listening: list[Callable[[], None]] = []
        self.replace(site, catalogue)

    def listen(self, changed: Callable[[], None]) -> None:
        """Call this whenever something else was put in force."""
        self._listening.append(changed)

    def replace(self, site: Site, catalogue: Catalogue) -> None:
        """Judge by these from now on."""
        prepare(site, catalogue)
        self.site, self.catalogue = site, catalogue
        # Made anew, so that what the files before had said is forgotten. What raises is not remembered.
        self._judged = lru_cache(VERDICTS_CACHED)(lambda attempt: judge(site, catalogue, attempt))
        self._claimed = lru_cache(VERDICTS_CACHED)(lambda attempt: claim_of(site, catalogue, attempt))
        self._refused = lru_cache(VERDICTS_CACHED)(_asked_at_the_door(site, self._served))
        for changed in self._listening:
            changed()

    def claim(self, attempt: Attempt) -> Claim | None:
        """What the attempt claims of the address that the client chose. Raises where that cannot be told."""
        return self._claimed(attempt)

    def judge(self, attempt: Attempt) -> Verdict:
        """The verdict; a denial with reason `error` where judging raised."""
        try:
            return self._judged(attempt)
        except Exception:
            logger.exception("judging failed; the attempt is denied")
            return OUR_FAILURE

    def served(self, *, through_gateway: bool = False) -> tuple[Network, ...]:
        """Whose clients may use the proxy."""
        return _served(self.site, self._served, through_gateway=through_gateway)

    def refused(self, client: Address, *, through_gateway: bool) -> Verdict | None:
        """Why this client may not use the proxy, or None; gateway modes serve the private ranges by default."""
        return self._refused(client, through_gateway)


def _asked_at_the_door(site: Site, served: tuple[Network, ...]) -> Callable[[Address, bool], Verdict | None]:
    """Who may use the proxy, asked of sites without entries, which cost nothing beside one with a million."""
    allowed = {at_gateway: _served(site, served, through_gateway=at_gateway) for at_gateway in (False, True)}
    doors = {at_gateway: Site(id=site.id, clients=networks) for at_gateway, networks in allowed.items()}

    def refused(client: Address, through_gateway: bool) -> Verdict | None:
        verdict = judge(doors[through_gateway], _NOTHING, Attempt(transport=Transport.TCP, port=0, client=client))
        if verdict.reason is not Reason.CLIENT_REFUSED:
            return None
        networks = ", ".join(map(str, allowed[through_gateway])) or "nobody"
        return replace(verdict, detail=f"served: {networks}; `clients` of the site, or --clients, names others")

    return refused


def _served(site: Site, served: tuple[Network, ...], *, through_gateway: bool) -> tuple[Network, ...]:
    if site.clients is not None:
        return site.clients
    return served + PRIVATE_CLIENTS if through_gateway else served
