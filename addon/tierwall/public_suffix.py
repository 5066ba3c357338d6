"""Below which names anybody may register: the ICANN section of the Public Suffix List (publicsuffix.org).

Knows the list, which is data inside its package and read when it is first asked. Whether a wildcard there is a fault is
the callers' to say. `*.googleapis.com` is fine: its suffix stands in the private section, one company's.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_MOST_LABELS = 5
"""The longest suffixes of the list have four."""


def is_public_suffix(domain: str) -> bool:
    """Whether names below it belong to anybody. `domain`: canonical, as policy/hostname.py makes it."""
    return domain.count(".") < _MOST_LABELS and _icann().publicsuffix(domain) == domain


@cache
def _icann() -> "PublicSuffixList":
    """Building it takes a tenth of a second, so nobody pays who asks about nothing."""
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - importing it is a part of that time

    return PublicSuffixList(only_icann=True, accept_unknown=False)


def registrable(name: str) -> str | None:
    """The part of the name that one owner registered, by both sections of the list: of a private suffix too, others own
    what is below it. None where the name is a suffix itself, or no suffix of it is known."""
    found = _whole().privatesuffix(name)
    return None if found is None else str(found)


@cache
def _whole() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - as above

    return PublicSuffixList(accept_unknown=False)
