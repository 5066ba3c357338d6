"""The sites that a control plane serves, from their files, and whose they are.

Knows what the command line named, and files' times. What does not load, or what Envoy cannot express, is bad input.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tierwall.cli.faults import BadInput
from tierwall.fleet.control_plane.assignment import Assignment
from tierwall.fleet.envoy import CannotExpress, Lists, lists_of
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.loader.watching import files_of, look
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site


@dataclass(frozen=True, slots=True)
class _Named:
    """`SITE`, or `NODE=SITE`."""

    site: str
    node: str | None


class ServedSites:
    """All of them; `changed` says when to `load` again."""

    def __init__(self, named: Sequence[str], policies: Sequence[Path]) -> None:
        """Load them. Raises BadInput."""
        self._named = [_parsed(text) for text in named]
        self._policies = tuple(policies)
        self._watched: tuple[Path, ...] = ()
        self.lists: dict[str, Lists] = {}
        self.assignment = Assignment(by_id={}, sites=frozenset())
        self.load()

    def load(self) -> None:
        """All or none. Raises BadInput."""
        self._seen = look(self._watched)
        try:
            catalogue = load_catalogue(self._policies)
        except InvalidFiles as invalid:
            raise BadInput(invalid.faults) from None
        faults: list[object] = []
        sites = list(_sites(self._named, catalogue, faults))
        lists = dict(_lists(dict.fromkeys(sites), catalogue, faults))
        if faults:
            raise BadInput(faults)
        named = list(zip(self._named, sites, strict=True))
        self.lists = lists
        self.assignment = Assignment(
            by_id={each.node: site.id for each, site in named if each.node is not None},
            sites=frozenset(site.id for each, site in named if each.node is None),
        )
        self._watched = tuple(dict.fromkeys(files_of(sites, catalogue, self._policies)))
        self._seen = look(self._watched)

    def changed(self) -> bool:
        """Whether a file is another than when they were last loaded, or tried to be."""
        return look(self._watched) != self._seen


def _parsed(text: str) -> _Named:
    node, equals, site = text.partition("=")
    return _Named(site, node) if equals else _Named(text, None)


def _sites(named: Iterable[_Named], catalogue: Catalogue, faults: list[object]) -> Iterator[Site]:
    """Each file once, so that what two nodes get is one object."""
    loaded: dict[str, Site] = {}
    ids: dict[str, str] = {}
    for each in named:
        try:
            if each.site not in loaded:
                loaded[each.site] = load_site(each.site, catalogue)
        except InvalidFiles as invalid:
            faults += invalid.faults
            continue
        site = loaded[each.site]
        if (other := ids.setdefault(site.id, each.site)) != each.site:
            faults.append(f"{other} and {each.site} both call their site {site.id}")
        yield site


def _lists(sites: Iterable[Site], catalogue: Catalogue, faults: list[object]) -> Iterator[tuple[str, Lists]]:
    for site in sites:
        try:
            yield site.id, lists_of(site, catalogue)
        except CannotExpress as cannot:
            faults.append(cannot)
