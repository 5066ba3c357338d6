"""Watches the files of the site and policies in force, and puts them in force again when they changed.

Knows when to look, and what is said of a change. Looking is loader/watching.py's, what files mean loader/'s:
what does not load leaves everything as it was.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tierwall.loader import InvalidFiles
from tierwall.loader.watching import Signature, files_of, look
from tierwall.policy.site import ListEntry, RuledEntry, VendorEntry
from tierwall.proxy.state.in_force.behaviour_overrides import BehaviourOverrides
from tierwall.proxy.state.in_force.loading import Named

_LOOK_EVERY_S: Final = 0.5

_NAMED: Final = 3
"""Files; a change of a branch touches many."""


class Reloading:
    """One site with its policies. `changed` waits for the next change."""

    def __init__(self, named: Named, overrides: BehaviourOverrides) -> None:
        self._named, self._overrides = named, overrides
        self._active_policy = overrides.active_policy
        self._seen = self._look()

    async def changed(self) -> str | InvalidFiles:
        """Wait for a change: what is in force now, in one clause, or the faults that kept it from the new files."""
        while (now := self._look()) == self._seen:
            await asyncio.sleep(_LOOK_EVERY_S)
        differing = [path.name for path, sign in now.items() if self._seen.get(path) != sign]
        self._seen = now
        before = self._counted()
        try:
            # In a thread: a list may have a million entries, and connections go on meanwhile.
            site, catalogue = await asyncio.to_thread(self._named.load)
            await self._overrides.load(site, catalogue)
        except InvalidFiles as faults:
            return faults
        self._seen = {path: now.get(path, sign) for path, sign in self._look().items()}
        return f"{_names(differing or [self._active_policy.site.id])} in force ({_difference(before, self._counted())})"

    @property
    def site(self) -> str:
        """What is watched, as it was named: a bundled site, or a file."""
        return self._named.site

    async def switch_to(self, site: str) -> None:
        """Put another site in force, and watch its files from now on. Raises InvalidFiles, and all stays as it was."""
        named = replace(self._named, site=site)
        loaded, catalogue = await asyncio.to_thread(named.load)
        await self._overrides.load(loaded, catalogue)
        self._named, self._seen = named, self._look()

    def _counted(self) -> Counter[str]:
        """What people count of what is in force."""
        site, catalogue = self._active_policy.site, self._active_policy.catalogue
        return Counter(
            entry=sum(map(_entries, (*site.admit, *site.deny))),
            behaviour=len(site.behaviours),
            rule=sum(len(vendor.rules) for vendor in catalogue.vendors),
        )

    def _look(self) -> Signature:
        policy = self._active_policy
        return look(files_of([policy.site], policy.catalogue, self._named.watched()))


def _entries(entry: VendorEntry | ListEntry | RuledEntry) -> int:
    """How many an entry of the site counts for: a customer's list has as many as it lists."""
    return len(entry.hosts) + len(entry.networks) if isinstance(entry, ListEntry) else 1


def _names(files: Sequence[str]) -> str:
    names = list(dict.fromkeys(files))
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return f"{shown} {'is' if len(names) == 1 else 'are'}"


def _difference(before: Counter[str], after: Counter[str]) -> str:
    said = []
    for what, count in after.items():
        if more := count - before[what]:
            many = what if abs(more) == 1 else f"{what.removesuffix('y')}{'ies' if what.endswith('y') else 's'}"
            said.append(f"{abs(more):,} {many} {'more' if more > 0 else 'fewer'}")
    return ", ".join(said) or "as many entries, behaviours and rules as before"
