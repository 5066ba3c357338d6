"""From an address to what is in force: fetched, checked, tried by the loader, and put in force; or nothing changes.

Knows the order of things. A proxy sees that `current` leads elsewhere, and loads it as any changed file.
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tierwall.bundle.archive import Bundle, InvalidBundle, verify
from tierwall.bundle.fetching import CannotFetch, fetch
from tierwall.bundle.laid_out import FILES, SITES, policies_in, site_in
from tierwall.bundle.store import Store, check_newer
from tierwall.loader import InvalidFiles, load_catalogue, load_site


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where bundles come from, whose they are, and what more there is to load with them."""

    address: str
    key: Ed25519PublicKey
    store: Store
    site: str
    """The site that is served: one of the bundle's, or a bundled one's name."""
    policies: tuple[Path, ...] = ()


class NotTakenUp(Exception):
    """Why what is in force stays, a fault a line."""


def take_up(source: Source) -> Bundle | None:
    """Another bundle, where there is one: it is in force now. Raises NotTakenUp and CannotFetch."""
    try:
        before = source.store.in_force(source.key)
    except InvalidBundle:
        before = None  # what somebody changed here is laid out anew
    fetched = fetch(source.address, source.store.etag if before is not None else None)
    if fetched is None:
        return None
    try:
        bundle = verify(fetched.archive, source.key)
        if not check_newer(bundle, before):
            return None
        folder = source.store.lay_out(bundle, fetched.archive, fetched.etag)
    except (InvalidBundle, OSError) as fault:
        raise NotTakenUp(f"{source.address}: {fault}") from None
    try:
        try_out(folder / FILES, source.policies, source.site)
    except NotTakenUp as fault:
        source.store.forget(folder)
        raise NotTakenUp(f"{source.address}: revision {bundle.revision} does not load:\n{fault}") from None
    source.store.put_in_force(folder)
    return bundle


def try_out(folder: Path, more: tuple[Path, ...] = (), served: str | None = None) -> None:
    """Load all that is in there, and the site that is served. Raises NotTakenUp with every fault."""
    faults: list[object] = []
    try:
        catalogue = load_catalogue([*policies_in(folder), *more])
    except InvalidFiles as fault:
        raise NotTakenUp(str(fault).replace(f"{folder}/", "")) from None
    sites = {str(path) for path in sorted((folder / SITES).glob("*.y*ml"))}
    for site in sorted(sites | ({site_in(folder, served)} if served else set())):
        try:
            load_site(site, catalogue)
        except InvalidFiles as fault:
            faults.append(fault)
    if faults:
        raise NotTakenUp("\n".join(map(str, faults)).replace(f"{folder}/", ""))


__all__ = ["CannotFetch", "NotTakenUp", "Source", "take_up", "try_out"]
