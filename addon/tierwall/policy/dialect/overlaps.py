"""Lists that Squid does not start with: entries that stand before one that covers them.

Knows a list as a whole, in its order; what a single entry covers is the dialect's table's. Squid keeps such a list in a
search tree, and 5.7 refuses what would make the tree unpredictable (src/acl/DomainData.cc, aclDomainCompare()).
"""

from collections.abc import Iterator, Sequence

from tierwall.policy.hostname import suffixes


def overlaps(spellings: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The places of two entries each, the first of which Squid calls a subdomain of the second. Lower case.

    An entry behind a wider one is left out with a warning, and so meets nothing that comes after it.
    """
    wide = {spelling[1:] for spelling in spellings if spelling.startswith(".")}
    kept: dict[str, int] = {}
    below: dict[str, int] = {}
    """For each name behind a leading dot the first entry below it that is kept."""
    for at, spelling in enumerate(spellings if wide else ()):
        name = spelling.removeprefix(".")
        above = [parent for labels, parent in suffixes(name) if labels and parent in wide]
        if spelling in kept or any(f".{parent}" in kept for parent in above):
            continue
        dotted = name != spelling
        if (other := kept.get(name if dotted else f".{name}")) is not None:
            yield (other, at) if dotted else (at, other)
        elif dotted and name in below:
            yield below[name], at
        kept[spelling] = at
        for parent in above:
            below.setdefault(parent, at)
