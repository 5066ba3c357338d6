"""A follower reads every line of a journal once, whatever rotates meanwhile, and knows what it could not read."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sinks.material import Written, event
from tierwall.events import to_line
from tierwall.sinks.following import START, Follower, at_end, at_start

LINE = len(to_line(event(1)))


def all_of(follower: Follower) -> list[str]:
    ids: list[str] = []
    while entries := follower.read():
        ids += [each.id for each in entries]
    return ids


def ids(*numbers: int) -> list[str]:
    return [f"run-{number:x}" for number in numbers]


def test_what_is_written_is_read_once_and_in_order(tmp_path: Path) -> None:
    written, follower = Written(tmp_path / "j"), Follower(tmp_path / "j")

    written.write(1, 2)
    first = all_of(follower)
    written.write(3)

    assert (first, all_of(follower), all_of(follower)) == (ids(1, 2), ids(3), [])


def test_a_journal_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "j")
    before = all_of(follower)

    Written(tmp_path / "j").write(1)

    assert (before, all_of(follower)) == ([], ids(1))


def test_rotation_between_two_looks_hides_nothing(tmp_path: Path) -> None:
    written, follower = Written(tmp_path / "j", rotate_octets=3 * LINE), Follower(tmp_path / "j")
    written.write(1, 2)
    first = all_of(follower)

    written.write(3, 4, 5, 6, 7)  # two rotations

    assert first + all_of(follower) == ids(*range(1, 8))
    assert follower.missed == 0


def test_what_rotation_removed_before_it_was_read_is_counted(tmp_path: Path) -> None:
    written, follower = Written(tmp_path / "j", rotate_octets=2 * LINE), Follower(tmp_path / "j")
    written.write(1, 2)
    first = all_of(follower)

    written.write(*range(3, 13))  # two files of two are kept beside the journal

    assert first + all_of(follower) == ids(1, 2, 7, 8, 9, 10, 11, 12)
    assert (follower.gaps, follower.missed) == (1, 4)


def test_a_position_that_was_kept_is_found_again_in_a_file_that_was_rotated(tmp_path: Path) -> None:
    written, follower = Written(tmp_path / "j", rotate_octets=3 * LINE), Follower(tmp_path / "j")
    written.write(1, 2)
    all_of(follower)
    follower.close()
    written.write(3, 4, 5)

    again = Follower(tmp_path / "j", follower.position)

    assert all_of(again) == ids(3, 4, 5)


def test_a_position_whose_file_is_gone_counts_what_went_with_it(tmp_path: Path) -> None:
    written, follower = Written(tmp_path / "j", rotate_octets=2 * LINE), Follower(tmp_path / "j")
    written.write(1)
    all_of(follower)
    follower.close()
    written.write(*range(2, 13))

    again = Follower(tmp_path / "j", follower.position)

    assert all_of(again) == ids(*range(7, 13))
    assert again.missed == 5


def test_a_torn_line_is_waited_for_and_one_that_is_no_event_is_counted(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "j")
    line = to_line(event(1))
    with (tmp_path / "j").open("wb", buffering=0) as file:
        file.write(b"no event\n" + line[:20])
        before = follower.read()
        file.write(line[20:])

        after = [each.id for each in follower.read()]

    assert (before, after, follower.unreadable) == ([], ids(1), 1)


def test_a_journal_that_somebody_empties_is_read_from_its_new_start(tmp_path: Path) -> None:
    written, follower = Written(tmp_path / "j"), Follower(tmp_path / "j")
    written.write(1, 2, 3)
    first = all_of(follower)
    os.truncate(tmp_path / "j", 0)
    empty = all_of(follower)
    written.write(4)

    assert (first, empty, all_of(follower)) == (ids(1, 2, 3), [], ids(4))
    assert follower.missed == 0


def test_a_run_begins_at_the_end_and_an_archive_at_its_start(tmp_path: Path) -> None:
    written = Written(tmp_path / "j", rotate_octets=2 * LINE)
    written.write(1, 2, 3)
    start, end = at_start(tmp_path / "j"), at_end(tmp_path / "j")

    written.write(4)

    assert all_of(Follower(tmp_path / "j", start)) == ids(1, 2, 3, 4)
    assert all_of(Follower(tmp_path / "j", end)) == ids(4)


def test_how_much_is_behind_is_what_reading_would_read(tmp_path: Path) -> None:
    written, follower = Written(tmp_path / "j", rotate_octets=2 * LINE), Follower(tmp_path / "j")
    written.write(1)
    all_of(follower)
    kept = follower.position
    written.write(2, 3)

    assert (follower.behind(), Follower(tmp_path / "j", kept).behind()) == (2 * LINE, 2 * LINE)


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(1, 4))
def test_whenever_it_looks_nothing_is_read_twice_and_what_is_missing_is_counted(
    tmp_path_factory: pytest.TempPathFactory, looks: list[int], lines_a_file: int
) -> None:
    folder = tmp_path_factory.mktemp("followed")
    written, follower = Written(folder / "j", rotate_octets=lines_a_file * LINE), Follower(folder / "j", START)
    heard: list[str] = []
    missed, number = 0, 0
    for step in looks:
        written.write(*range(number + 1, number + 1 + step))
        number += step
        follower = Follower(folder / "j", follower.position)  # a new process each time
        heard += all_of(follower)
        missed += follower.missed
        follower.close()

    assert heard == sorted(set(heard), key=lambda text: int(text.partition("-")[2], 16))
    assert not heard or heard[-1] == f"run-{number:x}"
    before_the_first = int(heard[0].partition("-")[2], 16) - 1 if heard else 0
    assert len(heard) + missed + before_the_first == number
