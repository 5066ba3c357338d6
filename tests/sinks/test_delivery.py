"""A sink hands on every event once, waits for an engine that is away, and says what will never arrive."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.sinks.material import NOW, Heard, Played, Written, a_sink
from tierwall.sinks import delivery
from tierwall.sinks.delivery import kept_position
from tierwall.sinks.entry import TAKEN, Entry, NotNow, Outcome, Unwelcome
from tierwall.sinks.following import Follower


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(delivery, "LOOK_EVERY_S", 0.01)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "j")


def test_it_follows_the_journal_and_ends_when_all_is_sent(written: Written) -> None:
    outlet, heard = Played(), Heard()
    sink = a_sink(outlet, written.path, heard)
    sink.start()
    written.write(1, 2)
    outlet.wait_for(2)
    written.write(3)

    sink.end(5)

    assert sink.ended()
    assert (outlet.taken, heard.said) == (["run-1", "run-2", "run-3"], [])


def test_a_line_that_only_looks_like_an_event_is_refused_and_said_and_the_others_go_on(written: Written) -> None:
    def read_all(entries: Sequence[Entry]) -> Outcome:
        assert [each.event for each in entries]  # raises where one is none
        return TAKEN

    outlet, heard = Played(read_all), Heard()
    written.write(1)
    with written.path.open("ab") as file:
        file.write(b'{"event":{"id":"run-2","action":"nonsense"}}\n')
    written.write(3)
    sink = a_sink(outlet, written.path, heard)
    sink.start()

    sink.end(5)

    assert sink.ended()
    assert (outlet.taken, sink.progress.refused) == (["run-1", "run-3"], 1)
    assert "played refused 1 event" in heard.said[0]


def test_a_clock_that_is_set_back_and_forth_holds_nothing_up(written: Written) -> None:
    outlet = Played()
    for number, year in enumerate((2026, 2099, 1999, 2026), 1):
        written.write(number, when=NOW.replace(year=year))
    sink = a_sink(outlet, written.path, Heard())
    sink.start()

    sink.end(5)

    assert sink.ended()
    assert outlet.taken == ["run-1", "run-2", "run-3", "run-4"]


def test_an_engine_that_is_away_is_tried_again_and_both_are_said_once(written: Written) -> None:
    heard, tries = Heard(), []

    def away_twice(entries: Sequence[Entry]) -> Outcome:
        tries.append(len(entries))
        if len(tries) <= 2:
            raise NotNow("Connection refused")
        return TAKEN

    outlet = Played(away_twice)
    written.write(1, 2)
    sink = a_sink(outlet, written.path, heard)
    sink.start()
    outlet.wait_for(2)
    sink.end(5)

    assert sink.ended()
    assert (tries, outlet.taken) == ([2, 2, 2], ["run-1", "run-2"])
    assert heard.said == [
        "played takes no events: Connection refused. They wait in the journal.",
        "played takes events again, after 0 s",
    ]


def test_one_event_that_is_refused_keeps_no_other_away_and_is_said_in_the_journal(written: Written) -> None:
    def refuses_3(entries: Sequence[Entry]) -> Outcome:
        if any(each.id == "run-3" for each in entries):
            raise Unwelcome("it answers 400: field too long")
        return TAKEN

    outlet, heard = Played(refuses_3), Heard()
    written.write(*range(1, 8))
    sink = a_sink(outlet, written.path, heard)
    sink.start()
    sink.end(5)

    assert sink.ended()
    assert outlet.taken == ["run-1", "run-2", "run-4", "run-5", "run-6", "run-7"]
    assert (sink.progress.sent, sink.progress.refused) == (6, 1)
    said = "played refused 1 event, left in the journal alone: it answers 400: field too long"
    assert (heard.said, heard.journalled) == ([said], [said])


def test_events_that_are_busy_are_sent_again_alone(written: Written) -> None:
    once: list[int] = []

    def busy_first(entries: Sequence[Entry]) -> Outcome:
        once.append(len(entries))
        return Outcome(again=tuple(entries[1:])) if len(once) == 1 else TAKEN

    outlet, heard = Played(busy_first), Heard()
    written.write(1, 2, 3)
    sink = a_sink(outlet, written.path, heard)
    sink.start()
    sink.end(5)

    assert sink.ended()
    assert (outlet.taken, once) == (["run-1", "run-2", "run-3"], [3, 2])


def test_what_is_not_sent_in_time_is_sent_by_the_next_run(written: Written) -> None:
    def away(_: Sequence[Entry]) -> Outcome:
        raise NotNow("Connection refused")

    outlet, heard = Played(), Heard()
    written.write(1)
    first = a_sink(outlet, written.path, heard)
    first.start()
    outlet.wait_for(1)
    outlet.answer = away
    written.write(2, 3)
    heard.wait_for("takes no events")
    first.end(0.05)
    assert not first.ended()
    outlet.answer = lambda _: TAKEN

    position = kept_position(written.path.with_name("kept"))
    assert position is not None
    second = a_sink(outlet, written.path, heard, Follower(written.path, position))
    second.start()
    second.end(5)

    assert second.ended()
    assert outlet.taken == ["run-1", "run-2", "run-3"]


def test_what_rotation_removed_is_counted_said_and_journalled(tmp_path: Path) -> None:
    written = Written(tmp_path / "j", rotate_octets=1)
    outlet, heard = Played(), Heard()
    follower = Follower(written.path)
    written.write(1)
    follower.read()
    written.write(*range(2, 10))
    sink = a_sink(outlet, written.path, heard, follower)
    sink.start()
    sink.end(5)

    assert sink.ended()
    assert outlet.taken == ["run-7", "run-8", "run-9"]
    assert sink.progress.missed == 5
    assert any("never had 5 events" in said for said in heard.journalled)


def test_a_failure_of_ours_with_one_event_is_a_refusal_of_that_event(written: Written) -> None:
    def breaks(entries: Sequence[Entry]) -> Outcome:
        if any(each.id == "run-2" for each in entries):
            raise KeyError("surprise")
        return TAKEN

    outlet, heard = Played(breaks), Heard()
    written.write(1, 2, 3)
    sink = a_sink(outlet, written.path, heard)
    sink.start()
    sink.end(5)

    assert sink.ended()
    assert (outlet.taken, sink.progress.refused) == (["run-1", "run-3"], 1)
