"""The site in force with what was switched by hand: the one place where files and switches change it.

Knows which switches stand. What a switch says is loader/forms/switches.py's; the active policy tells the tunnels.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from tierwall.loader.forms.switches import switch_off, switch_on
from tierwall.policy.behaviour import Behaviour
from tierwall.policy.behaviour.switching import Switch, switched
from tierwall.policy.judge import prepare
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site
from tierwall.proxy.state.active_policy import ActivePolicy


class BehaviourOverrides:
    """Between those who change what is in force, and the active policy. Switches outlive a reload, and no restart."""

    def __init__(self, active_policy: ActivePolicy, suits: Callable[[Site], Site] = lambda site: site) -> None:
        """`suits`: what of a site can be in force here. Raises InvalidFiles."""
        self._suits = suits
        self.active_policy = active_policy
        self._site = active_policy.site
        self._said: dict[str, list[str] | None] = {}
        """By behaviour: its parameters as they were given, None where it is off."""
        self._changing = asyncio.Lock()

    @property
    def site(self) -> str:
        """The id of the site in force."""
        return self.active_policy.site.id

    @property
    def behaviours(self) -> tuple[Behaviour, ...]:
        """Those in force."""
        return self.active_policy.site.behaviours

    @property
    def said(self) -> dict[str, list[str] | None]:
        """What was switched, so that another process of the same proxy can do the same."""
        return dict(self._said)

    async def load(self, site: Site, catalogue: Catalogue) -> None:
        """Put changed files in force; what was switched stays so. Raises InvalidFiles where that makes no sense now."""
        async with self._changing:
            await self._put_in_force(site, catalogue, self._switches(self._said, site, catalogue))
            self._site = site

    async def switch(self, name: str, assignments: Sequence[str] | None) -> None:
        """Off where there are no assignments at all, else on with these. Raises InvalidFiles."""
        async with self._changing:
            said = self._said | {name: None if assignments is None else list(assignments)}
            catalogue = self.active_policy.catalogue
            await self._put_in_force(self._site, catalogue, self._switches(said, self._site, catalogue))
            self._said = said

    async def take_back(self) -> None:
        """As the site's file says again."""
        async with self._changing:
            self._said = {}
            await self._put_in_force(self._site, self.active_policy.catalogue, [])

    def _switches(self, said: dict[str, list[str] | None], site: Site, catalogue: Catalogue) -> list[Switch]:
        return [
            switch_off(name) if assignments is None else switch_on(name, assignments, site, catalogue)
            for name, assignments in said.items()
        ]

    async def _put_in_force(self, site: Site, catalogue: Catalogue, switches: list[Switch]) -> None:
        changed = self._suits(replace(site, behaviours=switched(site.behaviours, switches)) if switches else site)
        await asyncio.to_thread(prepare, changed, catalogue)  # seconds for a list of a million names
        self.active_policy.replace(changed, catalogue)
