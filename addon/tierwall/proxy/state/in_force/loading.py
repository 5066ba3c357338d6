"""What the options name, loaded: the site with its policies, from one and the same bundle where they come in one.

Knows that a bundle may be replaced while it is read. What files mean is the loader's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tierwall.bundle.laid_out import FILES, policies_in, revision_in_force, site_in
from tierwall.loader import load_catalogue, load_site
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site


@dataclass(frozen=True, slots=True)
class Named:
    """What is to be loaded."""

    site: str
    policies: Sequence[Path]
    bundle: Path | None = None
    """The name that leads to the bundle in force."""

    def load(self, shared: Catalogue | None = None) -> tuple[Site, Catalogue]:
        """As it is now. `shared`: the catalogue, where another site was just loaded with it. Raises InvalidFiles."""
        if self.bundle is None:
            catalogue = shared or load_catalogue(self.policies)
            return load_site(self.site, catalogue), catalogue
        files = self.bundle / FILES
        while True:
            revision = revision_in_force(self.bundle)
            catalogue = shared or load_catalogue([*policies_in(files), *self.policies])
            site = load_site(site_in(files, self.site), catalogue)
            if revision_in_force(self.bundle) == revision:
                return replace(site, revision=revision), catalogue
            shared = None

    def watched(self) -> Sequence[Path]:
        """What to look at besides the files that were loaded: a folder's own time tells that a file came or went."""
        return [*self.policies, *([] if self.bundle is None else [self.bundle])]
