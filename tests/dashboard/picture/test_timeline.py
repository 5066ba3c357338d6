"""The time line has room for any run: columns become wider, and nothing that was counted is lost."""

from hypothesis import given
from hypothesis import strategies as st

from tests.dashboard.picture.lines import Try, picture
from tierwall.dashboard.picture.timeline import BUCKETS, Timeline, widened


@given(st.lists(st.integers(0, 4_000_000_000), min_size=1, max_size=60))
def test_whatever_the_clock_says_every_second_has_a_column_and_every_count_stays(seconds: list[int]) -> None:
    timeline = Timeline()
    for second in seconds:
        at = timeline.column(second)
        timeline.columns[at][0] += 1

    assert sum(column[0] for column in timeline.columns) == len(seconds)
    assert len(timeline.columns) <= BUCKETS


@given(st.sets(st.integers(0, BUCKETS - 1)))
def test_columns_bits_become_those_of_columns_twice_as_wide(columns: set[int]) -> None:
    bits = sum(1 << at for at in columns)

    assert widened(bits) == sum(1 << at for at in {at // 2 for at in columns})


def test_a_row_remembers_when_it_was_tried_however_long_the_run_is() -> None:
    early, late = Try("https://8x8.vc"), Try("https://api.amplitude.com", second=BUCKETS * 3)
    seen = picture(early.line(), late.line())

    first, last = seen.rows.values()
    assert seen.timeline.width_s == 4
    start = seen.timeline.start
    assert bool(first.active & seen.timeline.of(start, start + 60))
    assert not last.active & seen.timeline.of(start, start + 60)


def test_seconds_outside_the_run_are_in_no_column() -> None:
    timeline = Timeline()
    timeline.column(1000)

    assert (timeline.of(0, 999), timeline.of(1000, 2000), timeline.of(2000, 3000), timeline.of(5, 1)) == (0, 1, 0, 0)
