"""Which wildcards cover a whole public suffix, such as `*.com` or `*.co.uk`.

Knows what patterns and spellings cover; which names are public suffixes is public_suffix.py's.
"""

from tierwall.policy.dialect.reading import Reading
from tierwall.policy.dialect.vendors import vendors_part
from tierwall.public_suffix import is_public_suffix


def public_suffix(pattern: str) -> str | None:
    """The public suffix that a vendor's pattern covers, or all names of some form in; None where it does not."""
    part = vendors_part(pattern)
    return suffix_of(part if isinstance(part, Reading) else Reading(part.tail, 1, None))


def suffix_of(reading: Reading) -> str | None:
    """The same of what any dialect's spelling covers."""
    return reading.base if reading.most != 0 and is_public_suffix(reading.base) else None
