"""What a spelling covers, asked of the index that the judge asks."""

from functools import cache

from tierwall.policy.dialect import Dialect, Reading, Rejected, Shape, read
from tierwall.policy.match.index import HostIndex


@cache
def _index(dialect: Dialect, spelling: str) -> HostIndex[None] | None:
    parts = read(dialect, spelling)
    if isinstance(parts, Rejected):
        return None
    return HostIndex((part, None) for part in parts if isinstance(part, Reading | Shape))


def covers(dialect: Dialect, spelling: str, name: str) -> bool:
    """Whether the dialect takes the spelling to cover the name; a spelling that it rejects covers nothing."""
    index = _index(dialect, spelling)
    return index is not None and any(hit.covers for hit in index.find(name))
