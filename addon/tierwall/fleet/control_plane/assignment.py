"""Which site a node gets: by its id, else by the site that its bootstrap was written for.

Knows nodes as they name themselves. A node that is promised nothing gets nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """An Envoy, as its bootstrap says."""

    id: str
    site: str | None = None
    """The label: the site that its bootstrap was written for."""
    bootstrap: str | None = None
    """The version of its static part."""


class NotServed(LookupError):
    """No site for a node; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What the command line says."""

    by_id: Mapping[str, str]
    """The site of a node, by the node's id."""
    sites: frozenset[str]
    """Those that are given to whoever has them as a label."""

    def site_of(self, node: Node) -> str:
        """The id of its site. Raises NotServed."""
        if (named := self.by_id.get(node.id)) is not None:
            return named
        if node.site is None:
            raise NotServed("its bootstrap names no site; export it anew, or serve it by its id: NODE=SITE")
        if node.site not in self.sites:
            raise NotServed(f"it wants the site {node.site}, which is not served here")
        return node.site
