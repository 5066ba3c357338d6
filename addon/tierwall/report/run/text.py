"""The summary for the terminal: what Ctrl-C prints."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tierwall.events import Action
from tierwall.policy.attempt import Reason
from tierwall.report.run.summary import Broken, Cause, Destination, Service, Summary
from tierwall.report.wording import TIER_STYLES, octets, plural

SHOWN: Final = 10
_NAMED: Final = 3
"""Rows of each list; Markdown and JSON have more."""

_COUNTED: Final = {
    Action.DENIED: "denied",
    Action.WOULD_DENY: "would be denied",
    Action.BROKEN: "broken by the site's behaviours",
    Action.FAILED: "not reachable",
    Action.DRIFT: "decided otherwise by another engine",
}


def print_summary(summary: Summary, console: Console) -> None:
    """To a terminal, or whole lines without colour to a file."""
    console.print(Text(headline(summary), "bold"), highlight=False)
    vendor = None
    for broken in summary.broken:
        if broken.vendor != vendor:
            vendor = broken.vendor
            console.print(Text(f"\n{vendor}", "bold"), highlight=False)
        _print_broken(broken, console)
    if summary.unlisted:
        console.print(Text("\nNothing documented breaks without these", "bold"), highlight=False)
        _print_rows(_destination_rows(summary.unlisted), len(summary.unlisted), summary.unlisted_others, console)
    if summary.failed:
        console.print(Text("\nLet through, but not reachable", "bold"), highlight=False)
        _print_rows(_cause_rows(summary.failed), len(summary.failed), summary.failed_others, console)
    if summary.faults:
        console.print(Text("\nFaults", "bold red"), highlight=False)
        _print_rows(_cause_rows(summary.faults), len(summary.faults), summary.faults_others, console)


def headline(summary: Summary) -> str:
    """Where, when, and how much of what."""
    counts = {Action(name): count for name, count in summary.counts.items()}
    parts = [f"{count:,} {_counted(action, summary)}" for action, count in counts.items() if action in _COUNTED]
    if not parts:
        parts.append("nothing denied")
    if faults := counts.get(Action.FAULT):
        parts.append(plural(faults, "fault"))
    if summary.tunnels.count:
        tunnels = summary.tunnels
        amount = f"{octets(tunnels.sent)} sent, {octets(tunnels.received)} received"
        parts.append(f"{plural(tunnels.count, 'tunnel')} closed ({amount})")
    if summary.unreadable:
        parts.append(f"{plural(summary.unreadable, 'unreadable line')}")
    where = f"Site {', '.join(summary.sites)}: " if summary.sites else ""
    return f"{where}{', '.join(parts)}"


def _counted(action: Action, summary: Summary) -> str:
    if action is Action.BROKEN and summary.behaviours:
        more = len(summary.behaviours) - _NAMED
        return f"broken by {', '.join(summary.behaviours[:_NAMED])}" + (f" and {more} more" if more > 0 else "")
    return _COUNTED[action]


def _print_broken(broken: Broken, console: Console) -> None:
    console.print(Padding(_services(broken), (0, 0, 0, 2)))
    _print_rows(_destination_rows(broken.destinations), len(broken.destinations), broken.others, console)


def _services(broken: Broken) -> Table:
    """The tier, then each service with what its users see."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=len("auxiliary"))
    table.add_column()
    name: str | None = broken.tier.value
    for service in broken.services[:SHOWN]:
        table.add_row(Text(name or "", TIER_STYLES[broken.tier]), _service(service))
        name = None
    if (left := len(broken.services) - SHOWN) > 0:
        table.add_row("", Text(f"and {plural(left, 'more service')}", "dim"))
    return table


def _service(service: Service) -> Text:
    return Text.assemble((service.service, "bold"), f": {service.symptom}")


def _destination_rows(destinations: Sequence[Destination]) -> Iterable[tuple[int, str, str]]:
    for row in destinations[:SHOWN]:
        yield row.count, row.destination, _happened(row)


def _happened(row: Destination) -> str:
    if row.action is Action.DENIED:
        return row.reason
    if row.behaviour is None:
        return f"{row.action.value} {row.reason}".rstrip()
    said = f"{row.action.value} by {row.behaviour}"
    return said if row.reason == Reason.BEHAVIOUR else f"{said} {row.reason}"


def _cause_rows(causes: Sequence[Cause]) -> Iterable[tuple[int, str, str]]:
    for row in causes[:SHOWN]:
        yield row.count, row.where, row.message


def _print_rows(rows: Iterable[tuple[int, str, str]], kept: int, others: int, console: Console) -> None:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", min_width=6, no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for count, where, what in rows:
        table.add_row(f"{count:,} ×", Text(where), Text(what))
    console.print(Padding(table, (0, 0, 0, 2)), highlight=False)
    left = max(kept - SHOWN, 0)
    if left or others:
        more = [f"{plural(left, 'more row')}"] if left else []
        more += [f"{plural(others, 'event')} at destinations beyond those"] if others else []
        console.print(Text(f"         … and {', '.join(more)}", "dim"), highlight=False)
