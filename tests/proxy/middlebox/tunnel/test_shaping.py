"""When octets leave, told by a clock that the tests turn themselves."""

from collections.abc import Callable

import pytest

from tierwall.policy.behaviour import Bandwidth, IdleTimeout, Jitter, Latency, Slicer, SlowClose, Way
from tierwall.policy.behaviour.parameters import Octets, OctetsPerSecond, Seconds
from tierwall.proxy.middlebox.tunnel.shaping import AS_IT_COMES, DELAYED_OCTETS, QUEUED_OCTETS, Queue, Shape, shape_of


def shaped(shape: Shape, draw: Callable[[float], float] = lambda most: most) -> Queue:
    """A queue in which this happens from 0 s on; jitters are their largest."""
    queue = Queue(draw)
    queue.reshape(shape, 0.0)
    return queue


def departures(queue: Queue) -> list[tuple[float, bytes]]:
    """When what leaves, where somebody looks exactly then."""
    left = []
    while not queue.is_empty:
        at = queue.next_at()
        assert at is not None
        octets = queue.take(at)
        assert octets is not None
        left.append((round(at, 6), octets))
    return left


def test_unshaped_octets_leave_as_they_come() -> None:
    queue = shaped(AS_IT_COMES)
    queue.put(b"a", 1.0)

    assert departures(queue) == [(1.0, b"a")]


def test_latency_is_added_to_each_arrival_and_does_not_slow_what_follows() -> None:
    queue = shaped(Shape(latency_s=0.5))
    for at in (0.0, 0.1, 0.2):
        queue.put(b"x", at)

    assert departures(queue) == [(0.5, b"x"), (0.6, b"x"), (0.7, b"x")]


def test_nothing_overtakes_whatever_the_jitter() -> None:
    drawn = iter([0.9, 0.1, 0.4])
    queue = shaped(Shape(jitters_s=(1.0,)), lambda _: next(drawn))
    for octets in (b"a", b"b", b"c"):
        queue.put(octets, 0.0)

    assert departures(queue) == [(0.9, b"a"), (0.9, b"b"), (0.9, b"c")]


def test_at_a_rate_a_second_passes_as_much_as_it_says() -> None:
    queue = shaped(Shape(rate=1000))
    queue.put(bytes(3000), 0.0)

    left = departures(queue)

    assert left[-1][0] == 3.0
    assert {len(octets) for _, octets in left} == {20}


def test_a_rate_makes_up_for_a_clock_that_looked_late_but_not_for_a_silence() -> None:
    queue = shaped(Shape(rate=1000))
    queue.put(bytes(100), 0.0)

    late = [queue.take(0.05), queue.take(0.05), queue.take(0.05)]
    departures(queue)
    queue.put(bytes(20), 50.0)

    assert [len(octets or b"") for octets in late] == [20, 20, 0]
    assert departures(queue) == [(50.02, bytes(20))]


def test_nor_for_a_time_in_which_the_other_side_took_nothing() -> None:
    queue = shaped(Shape(rate=1000))
    queue.put(bytes(40), 0.0)
    queue.wait(10.0)

    assert [at for at, _ in departures(queue)] == [10.02, 10.04]


def test_pieces_keep_their_distance_even_from_one_that_left_late() -> None:
    queue = shaped(Shape(piece=2, pause_s=0.1))
    queue.put(b"abcde", 0.0)

    assert (queue.take(5.0), queue.take(5.05), queue.take(5.1)) == (b"ab", None, b"cd")
    assert departures(queue) == [(5.2, b"e")]


def test_later_then_slower_then_in_pieces() -> None:
    queue = shaped(Shape(latency_s=1.0, rate=10, piece=1, pause_s=0.5))
    queue.put(b"ab", 0.0)

    assert departures(queue) == [(1.1, b"a"), (1.7, b"b")]


def test_the_end_leaves_after_all_octets_and_as_late_as_the_site_says() -> None:
    queue = shaped(Shape(latency_s=0.5, close_s=2.0))
    queue.put(b"x", 0.0)
    queue.end(0.1)

    before = queue.has_ended(9.0)
    departures(queue)

    assert not before
    assert queue.next_at() == pytest.approx(2.6)
    assert (queue.has_ended(2.5), queue.has_ended(2.7)) == (False, True)


def test_octets_delayed_under_the_old_shape_leave_before_those_of_the_new() -> None:
    queue = shaped(Shape(latency_s=1.0))
    queue.put(b"old", 0.0)
    queue.reshape(AS_IT_COMES, 0.1)
    queue.put(b"new", 0.2)

    assert departures(queue) == [(1.0, b"old"), (1.0, b"new")]


def test_no_more_is_taken_than_is_asked_for() -> None:
    queue = shaped(AS_IT_COMES)
    queue.put(b"abc", 0.0)

    assert (queue.take(0.0, 2), queue.take(0.0)) == (b"ab", b"c")


@pytest.mark.parametrize(("shape", "holds"), [(Shape(rate=1), QUEUED_OCTETS), (Shape(latency_s=1.0), DELAYED_OCTETS)])
def test_it_is_full_in_time_and_has_room_again_when_half_of_it_has_left(shape: Shape, holds: int) -> None:
    queue = shaped(shape)
    while not queue.is_full:
        queue.put(bytes(1000), 0.0)
    held = len(queue.take_all())

    assert holds - 3 * holds // 10 <= held <= holds
    assert queue.has_room


def test_single_octets_cost_what_holding_them_costs() -> None:
    queue = shaped(Shape(rate=1))
    count = 0
    while not queue.is_full:
        queue.put(b"x", 0.0)
        count += 1

    assert count < 300


def test_a_direction_feels_what_is_meant_for_it_and_all_of_several() -> None:
    behaviours = (
        IdleTimeout(after=Seconds(1.0)),
        Latency(delay=Seconds(1.0)),
        Latency(delay=Seconds(0.5), way=Way.UP),
        Jitter(most=Seconds(0.1), way=Way.DOWN),
        Bandwidth(rate=OctetsPerSecond(900)),
        Bandwidth(rate=OctetsPerSecond(100), way=Way.DOWN),
        Slicer(size=Octets(7), pause=Seconds(0.2), way=Way.UP),
        SlowClose(delay=Seconds(3.0), way=Way.DOWN),
    )

    assert shape_of(behaviours, Way.UP) == Shape(latency_s=1.5, rate=900, piece=7, pause_s=0.2)
    assert shape_of(behaviours, Way.DOWN) == Shape(latency_s=1.0, jitters_s=(0.1,), rate=100, close_s=3.0)
