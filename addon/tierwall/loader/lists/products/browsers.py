"""Browsers' policies -> the filters of their allowlists.

Knows Chrome's `URLAllowlist` (and what chrome://policy exports) and Firefox's `WebsiteFilter`: policy-templates of
Mozilla, WebsiteFilter. What they block is not read.
"""

from collections.abc import Iterator

from tierwall.loader.lists.content import Item, Spelling
from tierwall.loader.lists.reading import dictionaries, strings

ALLOWLIST = "URLAllowlist"
WEBSITE_FILTER = "WebsiteFilter"


def allowlist(value: object) -> list[object] | None:
    """The list at that key, however deep; chrome://policy has it as the `value` of an object."""
    for each in dictionaries(value):
        match each:
            case {"URLAllowlist": list(filters)} | {"URLAllowlist": {"value": list(filters)}}:
                return filters
            case _:
                pass
    return None


def has_website_filter(value: object) -> bool:
    """Whether JSON is a policy of Firefox with a filter for web sites."""
    return any(isinstance(each.get(WEBSITE_FILTER), dict) for each in dictionaries(value))


def read_website_filter(value: object) -> Iterator[Item]:
    """The exceptions from what is blocked."""
    for each in dictionaries(value):
        if isinstance(found := each.get(WEBSITE_FILTER), dict):
            yield from (Spelling(None, text) for text in strings(found.get("Exceptions")))
