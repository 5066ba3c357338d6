"""Who watches a run gets what happens, in order and within bounds; the rest is counted, and nobody waits for it."""

from collections.abc import Callable

import pytest

from tests.report.scene import OPEN, attempt, context, denial
from tierwall import events
from tierwall.events import Event, Stage
from tierwall.policy.attempt import Reason
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.live import A_TURN, QUIET_A_TURN, QUIET_AT_ONCE, WAITING, Live
from tierwall.proxy.state.recorder import Caller, Recorder

DENIED = denial("evil.example", Reason.UNLISTED)
ALLOWED = events.from_verdict(OPEN, attempt("8x8.vc"), context())


def test_while_nobody_watches_nothing_is_kept() -> None:
    live = Live()
    live.write(DENIED)

    assert not live.watched
    assert live.join().take() == []


def test_each_who_watches_gets_each_event_in_order() -> None:
    live = Live()
    one, other = live.join(), live.join()
    for event in (DENIED, ALLOWED):
        live.write(event)
    live.leave(other)
    live.write(DENIED)

    assert one.take() == [DENIED, ALLOWED, DENIED]
    assert other.take() == [DENIED, ALLOWED]


@pytest.mark.parametrize(("event", "kept"), [(DENIED, WAITING), (ALLOWED, QUIET_AT_ONCE)])
def test_of_more_than_there_is_room_for_the_rest_is_counted(event: Event, kept: int) -> None:
    live = Live()
    watcher = live.join()
    for _ in range(WAITING + 100):
        live.write(event)
    taken = 0
    while events_ := watcher.take():
        taken += len(events_)
        assert len(events_) <= A_TURN

    assert (taken, watcher.lost) == (kept, WAITING + 100 - kept)


def test_after_a_look_there_is_room_for_some_more_of_what_was_let_through() -> None:
    live = Live()
    watcher = live.join()
    for _ in range(QUIET_AT_ONCE):
        live.write(ALLOWED)
    full = live.turns_away()
    watcher.take()

    assert (full, live.turns_away(), watcher.lost) == (True, False, 1)
    for _ in range(QUIET_A_TURN):
        live.write(ALLOWED)
    assert live.turns_away()


@pytest.mark.parametrize("everything", [True, False])
def test_what_is_let_through_is_told_to_a_watcher_once_whatever_is_journalled(everything: bool) -> None:
    live, journal = Live(), _Sink()
    both = _Both((journal.write, live.write))
    recorder = Recorder(both, ActivePolicy(Site(id="lab"), Catalogue(())), everything=everything, live=live)
    caller = Caller(None, 0)
    recorder.decided(caller, attempt("8x8.vc"), OPEN, Stage.CONNECT)
    watcher = live.join()
    recorder.decided(caller, attempt("8x8.vc"), OPEN, Stage.CONNECT)

    assert [event.action for event in watcher.take()] == ["allowed"]
    assert len(journal.events) == (2 if everything else 0)


class _Sink:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, event: Event) -> None:
        self.events.append(event)


class _Both:
    def __init__(self, sinks: tuple[Callable[[Event], None], ...]) -> None:
        self._sinks = sinks

    def write(self, event: Event) -> None:
        for sink in self._sinks:
            sink(event)
