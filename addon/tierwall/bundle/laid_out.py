"""A bundle laid out on disk, for who loads it: which revision is in force, its sites, its policies.

Knows names of folders. Refuses to know archives and signatures, so that a proxy without bundles imports neither.
"""

from pathlib import Path
from typing import Final

FILES: Final = "files"
SITES: Final = "sites"
_POLICIES: Final = "policies"


def revision_in_force(current: Path) -> str | None:
    """Of the bundle that `current` leads to."""
    try:
        return current.readlink().name.removeprefix("r").partition(".")[0]
    except OSError:
        return None


def site_in(folder: Path, name: str) -> str:
    """What the loader is asked for: the bundle's site of that name, else what the name means without a bundle."""
    for ending in (".yaml", ".yml"):
        if (path := folder / SITES / f"{name}{ending}").is_file():
            return str(path)
    return name


def policies_in(folder: Path) -> tuple[Path, ...]:
    """The bundle's own vendors, where it has any."""
    policies = folder / _POLICIES
    return (policies,) if policies.is_dir() else ()
