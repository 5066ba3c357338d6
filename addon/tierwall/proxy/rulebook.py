"""The site and catalogue in force: judges attempts through the one pure function, remembers verdicts, fails closed.

Knows which policies hold now. Refuses to decide anything itself: that is policy/judge.py.
"""

import logging
from typing import Final

from cachetools import LRUCache

from tierwall.policy.attempt import Action, Attempt, Reason, Verdict
from tierwall.policy.judge import judge, prepare
from tierwall.policy.limits import VERDICTS_CACHED
from tierwall.policy.model import Address, Catalogue, Transport
from tierwall.policy.site import LOOPBACK_CLIENTS, PRIVATE_CLIENTS, Site

logger = logging.getLogger(__name__)

OUR_FAILURE: Final = Verdict(action=Action.DENY, reason=Reason.ERROR)
"""What an attempt gets when judging it, or anything around it, raised."""


_NOTHING: Final = Catalogue(())


class Rulebook:
    """What is in force. `replace` puts new files in force for new connections; open tunnels stay."""

    __slots__ = ("_clients", "_doors", "_verdicts", "catalogue", "site")

    def __init__(self, site: Site, catalogue: Catalogue) -> None:
        self.replace(site, catalogue)

    def replace(self, site: Site, catalogue: Catalogue) -> None:
        """Judge by these from now on."""
        prepare(site, catalogue)
        # Who may use the proxy is asked of sites without entries, which cost nothing beside one with a million.
        at_gateway = LOOPBACK_CLIENTS + PRIVATE_CLIENTS if site.clients is None else site.clients
        self._doors = {False: Site(id=site.id, clients=site.clients), True: Site(id=site.id, clients=at_gateway)}
        self._verdicts: LRUCache[Attempt, Verdict] = LRUCache(VERDICTS_CACHED)
        self.site, self.catalogue = site, catalogue
        self._clients: LRUCache[tuple[Address, bool], Verdict | None] = LRUCache(VERDICTS_CACHED)

    def judge(self, attempt: Attempt) -> Verdict:
        """The verdict; a denial with reason `error` where judging raised."""
        verdict = self._verdicts.get(attempt)
        if verdict is None:
            try:
                verdict = judge(self.site, self.catalogue, attempt)
            except Exception:
                logger.exception("judging failed; the attempt is denied")
                return OUR_FAILURE
            self._verdicts[attempt] = verdict
        return verdict

    def refused(self, client: Address, *, through_gateway: bool) -> Verdict | None:
        """Why this client may not use the proxy, or None; gateway modes serve the private ranges by default."""
        key = (client, through_gateway)
        if key not in self._clients:
            attempt = Attempt(transport=Transport.TCP, port=0, client=client)
            verdict = judge(self._doors[through_gateway], _NOTHING, attempt)
            self._clients[key] = verdict if verdict.reason is Reason.CLIENT_REFUSED else None
        return self._clients[key]
