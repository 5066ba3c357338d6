"""Watches the files of the site and policies in force, and puts them in force again when they changed.

Knows files' times and sizes. What they mean is loader.py's; what does not load leaves everything as it was.
"""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.behaviour_overrides import BehaviourOverrides

_LOOK_EVERY_S: Final = 0.5
"""By looking, not by inotify: that does not see through the mounts that containers have."""

type _Signature = dict[str, tuple[int, int, int] | None]


class Reloading:
    """One site with its policies. `changed` waits for the next change."""

    def __init__(self, site: str, policies: Sequence[Path], overrides: BehaviourOverrides) -> None:
        self._site, self._policies, self._overrides = site, tuple(policies), overrides
        self._active_policy = overrides.active_policy
        self._seen = self._look()

    async def changed(self) -> ActivePolicy | InvalidFiles:
        """Wait for a change: the active policy, which has the new files now, or the faults that kept it from them."""
        while (now := self._look()) == self._seen:
            await asyncio.sleep(_LOOK_EVERY_S)
        self._seen = now
        try:
            # In a thread: a list may have a million entries, and connections go on meanwhile.
            site, catalogue = await asyncio.to_thread(self._load)
            await self._overrides.load(site, catalogue)
        except InvalidFiles as faults:
            return faults
        self._seen = {path: now.get(path, sign) for path, sign in self._look().items()}
        return self._active_policy

    def _load(self) -> tuple[Site, Catalogue]:
        catalogue = load_catalogue(self._policies)
        return load_site(self._site, catalogue), catalogue

    def _look(self) -> _Signature:
        return {str(path): _signature(path) for path in self._watched()}

    def _watched(self) -> Iterator[Path]:
        yield from map(Path, self._active_policy.site.paths)
        yield from (Path(vendor.path) for vendor in self._active_policy.catalogue.vendors if vendor.path)
        yield from self._policies  # a folder's own time tells that a file came or went


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
