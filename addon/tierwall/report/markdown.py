"""The summary as Markdown, to paste into a ticket."""

from collections.abc import Iterable, Iterator
from typing import Final

from tierwall.events import Action
from tierwall.report.markdown_text import code, prose
from tierwall.report.summary import Broken, Destination, Summary
from tierwall.report.text import headline

SHOWN: Final = 50
"""Rows of each table."""


def render_markdown(summary: Summary) -> str:
    """Headings, sentences and tables of GitHub's dialect, which trackers read."""
    return "\n".join(_lines(summary)) + "\n"


def _lines(summary: Summary) -> Iterator[str]:
    yield "## What the network breaks"
    yield ""
    when = f" ({summary.first} to {summary.last})" if summary.first else ""
    yield f"{prose(headline(summary))}{when}"
    for broken in summary.broken:
        yield from _broken(broken)
    if summary.unlisted:
        yield ""
        yield "### Nothing documented breaks without these"
        yield from _destinations(summary.unlisted, summary.unlisted_others)
    for title, causes, others in (
        ("Let through, but not reachable", summary.failed, summary.failed_others),
        ("Faults", summary.faults, summary.faults_others),
    ):
        if causes:
            yield ""
            yield f"### {title}"
            rows = [(code(cause.where), prose(cause.message), f"{cause.count:,}") for cause in causes]
            yield from _table(("Where", "Cause", "Times"), rows, others)


def _broken(broken: Broken) -> Iterator[str]:
    yield ""
    yield f"### {prose(broken.vendor)}: {broken.tier}"
    yield ""
    for service in broken.services[:SHOWN]:
        yield f"- **{prose(service.service)}**: {prose(service.symptom)}"
    yield from _destinations(broken.destinations, broken.others)


def _destinations(destinations: Iterable[Destination], others: int) -> Iterator[str]:
    rows = [
        (
            code(row.destination),
            row.reason if row.action is Action.DENIED else f"{row.action.value} {row.reason}".rstrip(),
            f"{row.count:,}",
        )
        for row in destinations
    ]
    yield from _table(("Destination", "Why", "Times"), rows, others)


def _table(head: tuple[str, str, str], rows: list[tuple[str, str, str]], others: int) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(head)} |"
    yield "| --- | --- | ---: |"
    for row in rows[:SHOWN]:
        yield f"| {' | '.join(row)} |"
    if left := max(len(rows) - SHOWN, 0):
        yield f"| … and {left:,} more rows | | |"
    if others:
        yield f"| … and destinations beyond those | | {others:,} |"
