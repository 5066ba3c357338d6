"""What the demo prints: what it does, what became of every step, the proxy's own terminal, what to try next.

Knows rich and words. What a denial breaks is told from the journal's event, as everywhere else.
"""

import re
from collections.abc import Sequence
from textwrap import fill
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tierwall.demo.runner import HOLD_S, Performance, Played
from tierwall.demo.steps import Client, Step
from tierwall.events import Action, Break, visible
from tierwall.policy.model import Tier
from tierwall.report.wording import TIER_STYLES
from tierwall.standins.clients import Cause, Outcome

INTRODUCTION: Final = """\
Stand-ins for the servers of Vevox and 8x8 run on loopback: no network is used.
Real clients (HTTPS, WebSocket, a native app) reach for them through the proxy.
What each gets is held against the policies, the origins' records, the journal."""

NEXT: Final = (
    ("tierwall run --site 8x8-core-only", "the proxy, under a network that opens 8x8's core"),
    ("curl -x http://127.0.0.1:8080 https://api.amplitude.com/", "in another terminal: a denial"),
    ("tierwall explain https://vevox.app --site stated-only", "the same verdict without a proxy"),
)

_GAP: Final = 2
_TIER_WIDTH: Final = len(Tier.AUXILIARY)
_TRIED_WIDTH: Final = 25
_PLACE_WIDTH: Final = 20
_INDENT: Final = _TIER_WIDTH + _GAP


def introduce(console: Console) -> None:
    """Say in three lines what is about to happen."""
    console.print(Text(INTRODUCTION))


def tell(console: Console, performances: Sequence[Performance]) -> None:
    """Tell of all that happened, then of what is not as the policies say."""
    for performance in performances:
        _tell_scene(console, performance)
    for performance in performances:
        _tell_terminal(console, performance)
    played = [each for performance in performances for each in performance.played]
    wrong = [each for each in played if each.mismatches]
    verdict = f"\n{len(played) - len(wrong)} of {len(played)} as the policies say"
    console.print(Text(verdict, "bold red" if wrong else "bold green"))
    for each in wrong:
        console.print(Text(f"{each.expected.step.title}, {each.expected.step.target}", "red"))
        for mismatch in each.mismatches:
            _print_indented(console, Text(visible(mismatch)), 2)
    if not wrong:
        _tell_what_next(console)


def _tell_scene(console: Console, performance: Performance) -> None:
    console.print(Text(f"\n{performance.scene.heading}", "bold"))
    console.print(_row(*(Text(title, "dim") for title in ("tier", "tried", "destination", "the client saw"))))
    for passes, title, style in ((True, "let through", "green"), (False, "refused", "red")):
        rows = [each for each in performance.played if each.expected.verdict.passes is passes]
        if rows:
            console.print(Text(title, style))
        for each in rows:
            _tell_step(console, each)


def _tell_step(console: Console, played: Played) -> None:
    step, verdict = played.expected.step, played.expected.verdict
    tier = Text(verdict.tier, "green" if verdict.passes else TIER_STYLES[verdict.tier])
    console.print(_row(tier, Text(step.title), Text(_place(step)), Text(_saw(step, played.seen.outcome))))
    for event in played.events:
        if event.event.action is Action.DENIED:
            because = f": {visible(event.tierwall.detail)}" if event.tierwall.detail else ""
            _print_indented(console, Text.assemble((event.event.reason or "", "bold"), because), _INDENT)
            _print_indented(console, Text(_broken(event.tierwall.breaks)), _INDENT)


def _broken(breaks: tuple[Break, ...]) -> str:
    if not breaks:
        return "breaks nothing that is documented"
    more = f" (+{len(breaks) - 1} more)" if len(breaks) > 1 else ""
    return f"breaks {breaks[0].vendor}/{breaks[0].service}{more}: {visible(breaks[0].symptom)}"


def _print_indented(console: Console, text: Text, by: int) -> None:
    for line in text.wrap(console, console.width - by):
        line.rstrip()
        console.print(Text(" " * by) + line)


def _row(*cells: Text) -> Table:
    """Rows are tables of their own, so that what stands between them can be as wide as the terminal."""
    row = Table.grid(padding=(0, _GAP, 0, 0))
    for width in (_TIER_WIDTH, _TRIED_WIDTH, _PLACE_WIDTH):
        row.add_column(width=width, overflow="fold")
    row.add_column(overflow="fold")
    row.add_row(*cells)
    return row


def _place(step: Step) -> str:
    place = step.host if step.port == 443 else f"{step.host}:{step.port}"
    return place if step.sni is None else f"{place}\nSNI {step.sni}"


def _saw(step: Step, outcome: Outcome) -> str:
    status = outcome.reply.status if outcome.reply else None
    match outcome.cause:
        case None if step.client is Client.SOCKET:
            return f"WebSocket, {HOLD_S:g} s idle"
        case None if step.client is Client.NATIVE:
            return f"session, {HOLD_S:g} s idle"
        case None if step.client is Client.REDIRECT:
            return f"{status} to https"
        case None:
            return f"{status}, own certificate"
        case Cause.ALERT:
            return f"alert {outcome.alert}"
        case Cause.REFUSED:
            return f"{status} by the proxy"
        case _:
            return str(outcome.cause)


def _tell_terminal(console: Console, performance: Performance) -> None:
    console.print()
    console.print(Text("Meanwhile in the proxy's terminal", "bold"))
    console.print(Text(f"$ {performance.command}", "dim"))
    texts = [Text.from_ansi(line) for line in performance.said]
    summed_up = _summary_begins([text.plain for text in texts])
    for at, text in enumerate(texts):
        if at == summed_up:
            console.print(Text("^C", "dim"))
        if text.cell_len > console.width:  # only where the proxy wrote for no terminal, so that there are no colours
            console.print(Text(fill(text.plain, console.width, subsequent_indent=_BEHIND_TIME)))
        else:
            console.print(text)


_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2} ")
_BEHIND_TIME: Final = " " * len("00:00:00 ")


def _summary_begins(lines: Sequence[str]) -> int:
    """Behind the last event: its line begins with the time, and what continues it is indented as far."""
    begins = max((at + 1 for at, line in enumerate(lines) if _TIME.match(line)), default=0)
    while begins < len(lines) and lines[begins].startswith(_BEHIND_TIME):
        begins += 1
    return begins


def _tell_what_next(console: Console) -> None:
    console.print(Text("\nTry next", "bold"))
    for command, what in NEXT:
        console.print(Text(f"  {command}"))
        console.print(Text(f"      {what}", "dim"))
