"""Each denial is a line that says who is hurt and how; repeats and floods are counted."""

import io
from datetime import UTC
from pathlib import Path

import pytest
import rich.console

from tests.report.scene import ANALYTICS, denial, scene
from tierwall.events import ALL, Event
from tierwall.policy.attempt import Reason
from tierwall.report.run.console import LINES_A_SECOND, WINDOW_S, Console

GOLDEN = Path(__file__).parent / "golden"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Screen:
    """A console that remembers, with a clock that only the test moves."""

    def __init__(self, *, width: int | None = None, color: str | None = None, everything: bool = False) -> None:
        self._file = io.StringIO()
        self.clock = Clock()
        terminal = rich.console.Console(
            file=self._file, width=width, force_terminal=width is not None, color_system=color, _environ={}
        )
        more = {"actions": ALL} if everything else {}
        self.console = Console(terminal, clock=self.clock, zone=UTC, **more)

    def shows(self, *events: Event) -> list[str]:
        for event in events:
            self.console.write(event)
        return self._file.getvalue().splitlines()


def amplitude(name: str = "api.amplitude.com") -> Event:
    return denial(name, Reason.TIER_CLOSED, ANALYTICS)


def test_a_file_gets_whole_lines_without_colour() -> None:
    assert "\n".join(Screen().shows(*scene())) + "\n" == (GOLDEN / "console.txt").read_text()


@pytest.mark.parametrize("width", [80, 140])
def test_a_terminal_gets_no_line_wider_than_itself_but_for_faults(width: int) -> None:
    lines = Screen(width=width).shows(*scene())

    assert all(len(line) <= width for line in lines[:-1])
    assert "coer" in lines[-1]


def test_a_narrow_terminal_gets_the_symptom_below() -> None:
    assert Screen(width=80).shows(amplitude()) == [
        "12:00:00 analytics 8x8/analytics api.amplitude.com:443 tier-closed",
        "         Users notice nothing; the vendor's analysis is hampered.",
    ]


def test_a_wide_terminal_gets_one_coloured_line() -> None:
    tier = "\x1b[36manalytics\x1b[0m"
    who, where = "\x1b[1m 8x8/analytics\x1b[0m", "\x1b[1m api.amplitude.com:443\x1b[0m"
    why = "tier-closed – Users notice nothing; the vendor's analysis is hampered."

    assert Screen(width=140, color="standard").shows(amplitude()) == [f"12:00:00 {tier}{who}{where} {why}"]


def test_what_passed_is_printed_only_where_asked() -> None:
    lines = Screen(everything=True).shows(*scene())

    assert "12:00:11 core      8x8.vc:443 allowed" in lines


def test_repeats_are_counted_and_said_when_their_window_ends() -> None:
    screen = Screen()
    first = screen.shows(*[amplitude()] * 13)
    screen.clock.now += WINDOW_S

    screen.console.tick()

    assert len(first) == 1
    assert screen.shows()[1:] == ["         … and 12 more like it: api.amplitude.com:443 tier-closed"]


def test_after_the_window_the_line_comes_again() -> None:
    screen = Screen()
    screen.shows(amplitude())
    screen.clock.now += WINDOW_S

    assert len(screen.shows(amplitude())) == 2


def test_closing_says_what_was_only_counted() -> None:
    screen = Screen()
    screen.shows(amplitude(), amplitude())

    screen.console.close()

    assert len(screen.shows()) == 2


def test_a_flood_is_counted() -> None:
    screen = Screen()
    lines = screen.shows(*(amplitude(f"{number}.example") for number in range(LINES_A_SECOND + 7)))
    assert len(lines) == LINES_A_SECOND
    screen.clock.now += 1

    screen.console.tick()

    assert screen.shows()[-1] == "         … and 7 more events, too fast to print"
