"""One coloured line for each denial, as it happens; repeats are counted, floods are too (the journal has each).

Knows events and a rich console. It has no timer: `tick` says what is due, whoever calls it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

import rich.console
from rich.text import Text

from tierwall.events import ALWAYS, Action, Event, visible
from tierwall.policy.attempt import Reason
from tierwall.policy.model import Tier
from tierwall.report.indented import Indented
from tierwall.report.wording import TIER_STYLES, destination_of, message_of, plural

WINDOW_S: Final = 60.0
"""Seconds in which the same destination, refused for the same reason and rule, is printed once."""

LINES_A_SECOND: Final = 40
"""More than anybody reads; above it events are counted, so that a port scan does not cost the proxy its time."""

_WINDOWS: Final = 2000
_INDENT: Final = " " * len("02:03:04 ")
_NARROW: Final = 80
"""Columns below which a line wraps: too little of it would be left."""
_ENOUGH: Final = 50
"""Columns of a symptom that still say something."""

type _Likeness = tuple[Action, str, str | None, str | None, str | None]


@dataclass(slots=True)
class _Window:
    opened: float
    like: str
    repeats: int = 0


class Console:
    """A sink that prints. `actions` are those that are printed."""

    def __init__(
        self,
        console: rich.console.Console,
        *,
        clock: Callable[[], float] = time.monotonic,
        zone: tzinfo | None = None,
        actions: frozenset[Action] = ALWAYS,
    ) -> None:
        """Times are in `zone`, or local."""
        self._console = console
        self._clock = clock
        self._zone = zone
        self._actions = actions
        self._windows: dict[_Likeness, _Window] = {}
        self._second = 0.0
        self._printed = 0
        self._unprinted = 0

    def write(self, event: Event) -> None:
        """Print the event's line, or count it."""
        if event.event.action not in self._actions:
            return
        now = self._clock()
        self._say_what_is_due(now)
        likeness = _likeness(event)
        if (window := self._windows.get(likeness)) is not None:
            window.repeats += 1
            return
        if self._printed >= LINES_A_SECOND:
            self._unprinted += 1
            return
        self._printed += 1
        self._windows[likeness] = _Window(now, f"{destination_of(event)} {event.event.reason or ''}".rstrip())
        if len(self._windows) > _WINDOWS:
            self._end_window(next(iter(self._windows)))
        self._print_line(event)

    def tick(self) -> None:
        """Say what is due: repeats whose window ended, and how many lines a flood left out."""
        self._say_what_is_due(self._clock())

    def close(self) -> None:
        """Say everything that was only counted so far."""
        self._say_what_is_due(float("inf"))

    def _say_what_is_due(self, now: float) -> None:
        while self._windows:
            oldest = next(iter(self._windows))
            if now - self._windows[oldest].opened < WINDOW_S:
                break
            self._end_window(oldest)
        if now - self._second >= 1:
            self._second = now
            self._printed = 0
            if self._unprinted:
                self._print(Text(f"{_INDENT}… and {plural(self._unprinted, 'more event')}, too fast to print", "dim"))
                self._unprinted = 0

    def _end_window(self, likeness: _Likeness) -> None:
        window = self._windows.pop(likeness)
        if window.repeats:
            self._print(Text(f"{_INDENT}… and {window.repeats:,} more like it: {window.like}", "dim"))

    def _print_line(self, event: Event) -> None:
        """One line, cut at the terminal's edge; where that would leave too little of the symptom, it gets its own."""
        head, because = happened(event, self._zone), why(event)
        if not because:
            self._print(head)
        elif event.event.action in {Action.FAULT, Action.MARKED}:  # whole: it is for whoever sits here
            self._console.print(head.append(f" – {because}", "not bold"), soft_wrap=True, highlight=False)
        elif not self._console.is_terminal or head.cell_len + 3 + min(len(because), _ENOUGH) <= self._console.width:
            self._print(head.append(f" – {because}"))
        else:
            self._print(head)
            self._console.print(Indented(Text(because), len(_INDENT)), highlight=False)

    def _print(self, text: Text) -> None:
        if self._console.is_terminal and self._console.width < _NARROW:
            self._console.print(Indented(text[len(_INDENT) :], len(_INDENT), text[: len(_INDENT)]), highlight=False)
        elif self._console.is_terminal:
            self._console.print(text, no_wrap=True, overflow="ellipsis", crop=True, highlight=False)
        else:
            self._console.print(text, soft_wrap=True, highlight=False)


def happened(event: Event, zone: tzinfo | None = None) -> Text:
    """Time, tier, vendor/service, destination, reason: `02:03:04 core 8x8/core 8x8.vc:443 tier-closed`."""
    text = Text(f"{event.when.astimezone(zone):%H:%M:%S} ")
    ours = event.tierwall
    if event.event.action is Action.FAULT:
        return text.append(f"{'fault':9} {ours.stage}", "bold red")
    if event.event.action is Action.MARKED:
        return text.append(f"{'marked':9}", "bold")
    text.append(f"{ours.tier.value:9}", TIER_STYLES[ours.tier])
    if ours.breaks:
        leading = ours.breaks[0]
        more = len(ours.breaks) - 1 + (ours.breaks_cut or 0)
        text.append(f" {visible(leading.vendor)}/{visible(leading.service)}", "bold")
        text.append(f" (+{more} more)" if more else "", "dim")
    text.append(f" {destination_of(event)}", "bold")
    alarming = ours.tier is Tier.CORE or event.event.reason is Reason.ERROR
    return text.append(f" {what_happened(event)}", "red" if alarming else "")


def why(event: Event) -> str:
    """What went wrong where that is known, what users see, and the verdict's detail where it says more than both."""
    parts = [message_of(event)]
    if event.tierwall.breaks:
        parts.append(visible(event.tierwall.breaks[0].symptom))
    if event.event.reason is not Reason.TIER_CLOSED or not event.tierwall.breaks:
        parts.append(visible(event.tierwall.detail or ""))
    *earlier, last = [part for part in parts if part] or [""]
    return "; ".join([*(part.removesuffix(".") for part in earlier), last])


def _likeness(event: Event) -> _Likeness:
    rule = event.rule.name if event.rule else None
    ours = event.event.action in {Action.FAULT, Action.MARKED}
    about = message_of(event) if ours else destination_of(event)
    before_asking = event.tierwall.detail if about.startswith("(") else None  # it is all that is known, and the mend
    return (event.event.action, about, event.event.reason, rule, before_asking)


def what_happened(event: Event) -> str:
    """The reason; with the action where it is not simply denied."""
    reason = event.event.reason.value if event.event.reason else ""
    by = f" by {visible(event.tierwall.behaviour)}" if event.tierwall.behaviour else ""
    if event.event.action is Action.DENIED:
        return reason + by
    return f"{event.event.action.value}{by} {reason}".rstrip()
