"""Where things are on the page, for those who look at it.

Knows its ids and attributes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

type Look = "Callable[..., Page]"
"""Opens an address as a new visitor."""


def rows(page: "Page") -> "Locator":
    """The destinations, the newest first."""
    return page.locator("#rows tbody tr")


def cell(page: "Page", key: str) -> "Locator":
    """A vendor's service, of the matrix."""
    return page.locator(f'[data-cell="{key}"]')
