"""What a spelling covers, asked of the index that the judge asks."""

from functools import cache

from tierwall.policy.dialect import Dialect, Rejected, read
from tierwall.policy.index import HostIndex


@cache
def _index(dialect: Dialect, spelling: str) -> HostIndex[None] | None:
    parts = read(dialect, spelling)
    return None if isinstance(parts, Rejected) else HostIndex((part, None) for part in parts)


def covers(dialect: Dialect, spelling: str, name: str) -> bool:
    """Whether the dialect takes the spelling to cover the name; a spelling that it rejects covers nothing."""
    index = _index(dialect, spelling)
    return index is not None and any(hit.covers for hit in index.find(name))
