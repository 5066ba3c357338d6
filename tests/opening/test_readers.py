"""The three rules of every reader: no sooner, no later, no different."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.opening.material import READERS, WHOLE, Reader
from tierwall.opening import (
    NeedMore,
)


@pytest.mark.parametrize("name", WHOLE)
def test_an_opening_is_read_with_its_last_octet_and_not_before(name: str) -> None:
    reader, octets = WHOLE[name]

    answers = [reader(octets[:count]) for count in range(len(octets))]

    assert all(isinstance(answer, NeedMore) for answer in answers)
    assert getattr(reader(octets), "consumed", None) == len(octets)


@pytest.mark.parametrize("name", WHOLE)
def test_no_octet_count_that_a_reader_asks_for_is_more_than_it_needs(name: str) -> None:
    reader, octets = WHOLE[name]

    asked = [(count, reader(octets[:count])) for count in range(len(octets))]

    assert all(isinstance(more, NeedMore) and count < more.octets <= len(octets) for count, more in asked)


@pytest.mark.parametrize("name", WHOLE)
@given(following=st.binary(max_size=40))
def test_what_follows_an_opening_changes_nothing(name: str, following: bytes) -> None:
    reader, octets = WHOLE[name]

    assert reader(octets + following) == reader(octets)


def openings() -> st.SearchStrategy[bytes]:
    """Arbitrary octets, and real openings with a few octets replaced, removed or repeated."""
    whole = st.sampled_from([octets for _, octets in WHOLE.values() if len(octets) < 800])
    broken = st.tuples(whole, st.integers(0, 800), st.integers(0, 800), st.binary(max_size=3)).map(
        lambda parts: parts[0][: parts[1]] + parts[3] + parts[0][parts[2] :]
    )
    text = st.text(alphabet="GETCONPRI /*:.%@[]1\\\r\n\t\x00h", max_size=60).map(str.encode)
    return st.one_of(st.binary(max_size=200), broken, text, text.map(lambda rest: b"GET /" + rest))


@pytest.mark.parametrize("reader", READERS)
@given(octets=openings())
def test_the_first_answer_stands_however_the_octets_are_split(reader: Reader, octets: bytes) -> None:
    answers = [reader(octets[:count]) for count in range(len(octets) + 1)]
    decided = [answer for answer in answers if not isinstance(answer, NeedMore)]

    assert decided == [decided[0]] * len(decided) if decided else True
    assert answers[len(answers) - len(decided) :] == decided


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("name", WHOLE)
def test_every_kind_of_buffer_is_read(name: str, kind: Callable[[bytes], bytes]) -> None:
    reader, octets = WHOLE[name]

    assert reader(kind(octets)) == reader(octets)
