"""What is journalled and what is told meanwhile come to one row of events: each once, what was journalled first."""

from hypothesis import given
from hypothesis import strategies as st

from tests.dashboard.picture.lines import Try
from tierwall.dashboard.sources.replay import id_of
from tierwall.dashboard.sources.seam import AGAIN_S, HELD, Seam

PLAIN = Try("https://8x8.vc").line()


def line(number: int) -> bytes:
    return PLAIN.replace(b'"id":"1-1"', f'"id":"run-{number:x}"'.encode())


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_wherever_the_journal_ended_each_event_comes_once_and_in_order(
    before: int, journalled: int, held: int, then: int
) -> None:
    """`before`: the first that is told; the journal is read up to `journalled`, while `held` of them were told."""
    told = [line(number) for number in range(before, before + held + then)]
    seam = Seam()
    for each in told[:held]:
        seam.hold(each)
    seen = [line(number) for number in range(max(before, journalled))]
    seen += seam.close({id_of(each) for each in seen}, now=100.0)
    seen += [each for each in told[held:] if seam.is_new(each, now=100.0 + AGAIN_S / 2)]

    assert seen == [line(number) for number in range(max(before + held + then, before, journalled))]


def test_what_found_no_room_is_counted() -> None:
    seam = Seam()
    for _ in range(HELD + 3):
        seam.hold(PLAIN)

    assert (seam.lost, len(list(seam.close((), now=0.0)))) == (3, HELD)


def test_after_a_while_nothing_is_looked_at_any_more() -> None:
    seam = Seam()
    list(seam.close({"run-1"}, now=0.0))

    assert not seam.is_new(line(1), now=AGAIN_S - 1)
    assert seam.is_new(line(1), now=AGAIN_S + 1)
