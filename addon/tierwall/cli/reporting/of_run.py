"""`tierwall run --report FILE`: what happened while that proxy ran, by its journal, as the report to send.

Knows the journal's files. What is left of a report where nothing happened is one line.
"""

from pathlib import Path

from tierwall.cli.output import talk
from tierwall.cli.reporting.offer import write_report
from tierwall.events import Action, Event, to_line
from tierwall.journal.reading import journal_files, read_journal

_TRUNCATED_S = 0.001
"""Timestamps are cut to the millisecond."""


def report_of_run(path: Path, journal: Path, began: float, policies: tuple[Path, ...]) -> None:
    """Of all events since then. Raises BadInput."""
    lines = [
        to_line(event)
        for file in journal_files(journal)
        if file.stat().st_mtime >= began
        for event in read_journal(file)
        if isinstance(event, Event) and event.action is not Action.CLOSED
        if event.when.timestamp() >= began - _TRUNCATED_S
    ]
    if not lines:
        talk().print(f"report: {path} is not written, because nothing happened that the journal holds", style="dim")
        return
    write_report(path, {journal.name: b"".join(lines)}, policies)
