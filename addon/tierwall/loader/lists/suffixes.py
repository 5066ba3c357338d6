"""Which wildcards cover a whole public suffix, such as `*.com` or `*.co.uk`.

Knows the ICANN section of the Public Suffix List (publicsuffix.org); whether that is a fault is the callers' to say.
`*.googleapis.com` is fine: its suffix stands in the private section.
"""

from functools import cache
from typing import TYPE_CHECKING

from tierwall.policy.dialect import Reading, vendors_part

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_MOST_LABELS = 5
"""The longest suffixes of the list have four."""


def public_suffix(pattern: str) -> str | None:
    """The public suffix that a vendor's pattern covers, or all names of some form in; None where it does not."""
    part = vendors_part(pattern)
    return suffix_of(part if isinstance(part, Reading) else Reading(part.tail, 1, None))


def suffix_of(reading: Reading) -> str | None:
    """The same of what any dialect's spelling covers."""
    base = reading.base
    if reading.most == 0 or base.count(".") >= _MOST_LABELS:
        return None
    return base if _icann().publicsuffix(base) == base else None


@cache
def _icann() -> "PublicSuffixList":
    """Building it takes a tenth of a second, so nobody pays who asks about nothing."""
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - importing it is a part of that time

    return PublicSuffixList(only_icann=True, accept_unknown=False)
