"""Whether files that a site and its policies were read from are still the same.

Knows times, sizes and inodes. By looking, not by inotify: that does not see through the mounts that containers have.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site

type Signature = Mapping[Path, tuple[int, int, int] | None]


def look(paths: Iterable[Path]) -> Signature:
    """As they are now; None for one that is not there."""
    return {path: _signature(path) for path in paths}


def files_of(sites: Iterable[Site], catalogue: Catalogue, policies: Iterable[Path]) -> Iterator[Path]:
    """All that they were read from; a folder of policies too, whose own time tells that a file came or went."""
    for site in sites:
        yield from map(Path, site.paths)
    yield from (Path(vendor.path) for vendor in catalogue.vendors if vendor.path)
    yield from policies


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
