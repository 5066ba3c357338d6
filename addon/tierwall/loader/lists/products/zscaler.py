"""Zscaler's URL categories and lists, as its API gives them -> hosts and networks.

Knows `urlCategories`, `security` and `security/advanced` of the ZIA API; keywords are no hosts.
"""

from collections.abc import Iterator

from tierwall.loader.lists.content import Item, Spelling, Unplaced
from tierwall.loader.lists.reading import dictionaries, place, strings, unplaced

_LISTS = ("urls", "dbCategorizedUrls", "whitelistUrls")


def has_categories(value: object) -> bool:
    """Whether JSON has URL categories, or the allowlist, in it."""
    return any(
        "whitelistUrls" in each or "dbCategorizedUrls" in each or "configuredName" in each
        for each in dictionaries(value)
    )


def read_categories(value: object) -> Iterator[Item]:
    """What they list."""
    for each in dictionaries(value):
        for key in _LISTS:
            yield from (Spelling(None, url) for url in strings(each.get(key)))
        for key in ("ipRanges", "ipRangesRetainingParentCategory"):
            for text in strings(each.get(key)):
                yield from place(None, text)
        blocked = strings(each.get("blacklistUrls"))
        if blocked:
            yield Unplaced(None, f"{len(blocked)} URLs of the denylist: list them under `deny`")
        yield from unplaced(None, "keywords", strings(each.get("keywords")))
