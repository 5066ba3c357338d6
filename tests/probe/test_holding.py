"""The ladder of silences: no limit is further than a step from two of them, and no connection is silent for longer
than asked."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tierwall.probe.holding import SHORTEST_S, STEP, rungs_of


@given(st.floats(min_value=1, max_value=7200))
def test_each_silence_is_a_step_from_the_next_and_all_fit(hold_s: float) -> None:
    rows = rungs_of(hold_s)
    silences = sorted(silence for row in rows for silence in row)

    assert max(silences) == hold_s
    assert all(longer / shorter <= STEP * 1.001 for shorter, longer in pairwise(silences))
    assert all(sum(row) <= hold_s * 1.001 for row in rows)
    assert min(silences) <= max(SHORTEST_S * STEP, hold_s)


def test_ten_connections_are_enough_for_ten_minutes() -> None:
    assert len(rungs_of(600)) <= 10
