"""Lists that Squid does not start with, as 5.7 itself was seen to say: tests/fidelity asks it again."""

import pytest

from tierwall.policy.dialect.overlaps import overlaps


@pytest.mark.parametrize(
    ("spellings", "found"),
    [
        (("x.org", ".x.org"), [(0, 1)]),
        ((".x.org", "x.org"), [(1, 0)]),
        (("a.x.org", ".x.org"), [(0, 1)]),
        ((".a.x.org", ".x.org"), [(0, 1)]),
        ((".x.org", "a.x.org", ".a.x.org", ".x.org"), []),
        (("x.org", "x.org", "a.x.org", "y.org"), []),
        ((".org", "a.x.org", ".x.org"), []),
        (("a.x.org", "b.y.org", ".x.org", ".y.org"), [(0, 2), (1, 3)]),
    ],
)
def test_an_entry_before_one_that_covers_it_is_an_overlap(
    spellings: tuple[str, ...], found: list[tuple[int, int]]
) -> None:
    assert list(overlaps(spellings)) == found
