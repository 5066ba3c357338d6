"""The picture in a terminal: which vendors' services work, and the destinations that were tried last.

Knows rich. What it shows is the page's, without its detail and actions.
"""

import asyncio
import signal
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tierwall.dashboard.picture.destination import Destination
from tierwall.dashboard.picture.matrix import Cell
from tierwall.dashboard.picture.outcome import OUTCOMES, Outcome
from tierwall.dashboard.picture.picture import Picture
from tierwall.dashboard.sources.feed import Feed
from tierwall.events import visible
from tierwall.policy.model import Tier
from tierwall.report.wording import TIER_STYLES, plural

REFRESH_S: Final = 0.25
_TIERS: Final = (Tier.CORE, Tier.AUXILIARY, Tier.ANALYTICS)
_STYLES: Final = {
    Outcome.REFUSED: "bold red",
    Outcome.BROKEN: "bold dark_orange",
    Outcome.UNREACHABLE: "magenta",
    Outcome.OBSERVED: "magenta",
    Outcome.WORKS: "green",
}
_MARKS: Final = {
    Outcome.REFUSED: "✕",
    Outcome.BROKEN: "⚡",
    Outcome.UNREACHABLE: "⊘",
    Outcome.OBSERVED: "△",
    Outcome.WORKS: "✓",
}


async def show(feed: Feed, console: Console) -> None:
    """Until SIGINT or SIGTERM. Raises OSError where the feed cannot be read."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    feeding = loop.create_task(feed.run())
    try:
        with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
            while not ended.is_set() and not feeding.done():
                live.update(screen(feed.picture, feed.about(), console.height), refresh=True)
                await asyncio.sleep(REFRESH_S)
    finally:
        feeding.cancel()
    if feeding.done() and not feeding.cancelled():
        feeding.result()


def screen(picture: Picture, about: dict[str, Any], height: int) -> RenderableType:
    """All of it, on so many lines: the matrix, then as many destinations as there is room for."""
    matrix = _matrix(picture)
    room = max(3, height - matrix.row_count * 2 - 8)
    return Group(_head(picture, about), matrix, _destinations(picture, room))


def _head(picture: Picture, about: dict[str, Any]) -> Text:
    counted = dict(zip(OUTCOMES, picture.counts, strict=True))
    said = [f"{count:,} {outcome}" for outcome, count in counted.items() if count]
    if about["kind"] == "proxy":
        said.append(plural(about["open"], "open tunnel") if about["connected"] else "the proxy has ended")
    if picture.lost:
        said.append(f"{picture.lost:,} came too fast to be counted")
    head = Text.assemble(("tierwall", "bold"), f"  site {about['site'] or '?'}, {about['title']}  ", ", ".join(said))
    sites = about.get("sites", ())
    for site, each in [(served, each) for served in sites for each in served["behaviours"]]:
        of = f"{site['site']}: " if len(sites) > 1 else ""
        scope = f" on {each['scope']}" if each["scope"] else ""
        head.append(f"\n  {visible(of)}{visible(each['behaviour'])}{visible(scope)}", "yellow")
    if about.get("unseen"):
        head.append(f"\n  {about['unseen']}", "dim")
    return head


def _matrix(picture: Picture) -> Table:
    """Of each vendor that anything was seen of; the others are counted."""
    cells: dict[str, list[Cell]] = {}
    for cell in picture.matrix.cells.values():
        cells.setdefault(cell.vendor, []).append(cell)
    seen = {vendor: mine for vendor, mine in cells.items() if any(cell.states for cell in mine)}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("vendor")
    for tier in _TIERS:
        table.add_column(tier.value, header_style=TIER_STYLES[tier])
    for vendor, mine in seen.items():
        table.add_row(visible(vendor), *(_cells(cell for cell in mine if cell.tier is tier) for tier in _TIERS))
    unseen = len(cells) - len(seen)
    if unseen:
        table.add_row(Text(f"{plural(unseen, 'vendor')} not seen yet", "dim"), "", "", "")
    return table


def _cells(cells: Iterator[Cell]) -> Text:
    lines = []
    for cell in sorted(cells, key=lambda cell: cell.worst is None):
        if (worst := cell.worst) is None:
            lines.append(Text(f"○ {visible(cell.service)}", "dim"))
            continue
        outcome, _ = worst
        by = f" by {', '.join(map(visible, cell.behaviours))}" if outcome is Outcome.BROKEN else ""
        lines.append(Text(f"{_MARKS[outcome]} {visible(cell.service)} {outcome}{by}", _STYLES[outcome]))
    return Text("  ").join(lines)


def _destinations(picture: Picture, count: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True)
    for name, ratio in (("last", 1), ("verdict", 2), ("destination", 4), ("serves", 3), ("why", 2)):
        table.add_column(name, no_wrap=True, overflow="ellipsis", ratio=ratio)
    table.add_column("tries", justify="right", no_wrap=True)
    for row in islice(reversed(picture.rows.values()), count):
        table.add_row(*_row(row))
    return table


def _row(row: Destination) -> tuple[RenderableType, ...]:
    verdict = f"{row.outcome} by {visible(row.behaviour)}" if row.behaviour is not None else row.outcome.value
    serves = f"{row.serves[0].vendor}/{row.serves[0].service}" if row.serves else "no vendor's"
    more = f" +{len(row.serves) - 1}" if len(row.serves) > 1 else ""
    return (
        Text((row.last or row.first)[11:19], "dim"),
        Text(f"{_MARKS[row.outcome]} {verdict}", _STYLES[row.outcome]),
        Text(row.place, "bold"),
        Text(visible(serves) + more, TIER_STYLES[row.tier]),
        Text(visible(row.reason), "dim"),
        f"{sum(row.counts):,}",
    )
