"""Events reach every sink that selects them, whatever another sink does."""

from datetime import UTC, datetime

from tierwall.events import ALWAYS, Action, Event, Stage, fault, parse, to_line
from tierwall.journal import FanOut, Selected

NOW = datetime(2026, 11, 21, 2, 3, 4, 567000, tzinfo=UTC)


def an_event(number: int = 0) -> Event:
    return fault(f"number {number}", Stage.CONFIG, when=NOW, id=str(number))


class Kept:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, event: Event) -> None:
        self.events.append(event)


class Failing:
    def write(self, event: Event) -> None:
        raise BrokenPipeError


def test_a_failing_sink_disturbs_no_other_and_is_said_once() -> None:
    kept, said = Kept(), list[str]()
    sinks = FanOut([Failing(), kept], said.append)

    sinks.write(an_event(1))
    sinks.write(an_event(2))

    assert kept.events == [an_event(1), an_event(2)]
    assert said == ["Failing does not take events: BrokenPipeError()"]


def test_only_selected_actions_reach_a_sink() -> None:
    kept = Kept()

    Selected(kept, ALWAYS).write(an_event())
    Selected(kept, ALWAYS - {Action.FAULT}).write(an_event())

    assert kept.events == [an_event()]
    assert parse(to_line(an_event())) == an_event()
