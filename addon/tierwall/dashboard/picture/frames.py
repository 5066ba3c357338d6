"""What one page has seen of the picture, and what it is sent next: all of it at first, then only what changed.

Knows values as the page's script reads them (page/types.js says what each is). At most SHOWN rows stand on a page, so
that a frame is small however much happens; the others are counted, and found by a narrower filter.
"""

from itertools import islice
from typing import Any, Final

from tierwall.dashboard.picture.destination import Destination
from tierwall.dashboard.picture.filters import Filter
from tierwall.dashboard.picture.matrix import Cell
from tierwall.dashboard.picture.outcome import OUTCOMES
from tierwall.dashboard.picture.picture import Picture
from tierwall.dashboard.picture.timeline import Timeline
from tierwall.events import visible

SHOWN: Final = 200
_AGAIN: Final = 3
"""Columns before the last that may still have changed: processes' clocks and lines are not in step."""


class View:
    """A page that is open, with its filter."""

    def __init__(self, filter_: Filter) -> None:
        self._filter = filter_
        self._revision = -1
        self._cleared = -1
        self._shown: frozenset[int] = frozenset()
        self._time: tuple[int, int, int] = (0, 0, 0)
        self._notes = 0

    def frame(self, picture: Picture) -> dict[str, Any]:
        """What is new since the last frame; with `whole` where the page is to forget what it had."""
        whole = self._revision < 0 or self._cleared != picture.cleared
        if whole:
            self._revision, self._cleared, self._shown = -1, picture.cleared, frozenset()
        rows, gone = self._rows(picture)
        said: dict[str, Any] = {
            "whole": whole,
            "totals": _totals(picture),
            "rows": rows,
            "gone": gone,
            "cells": [_cell(cell) for cell in picture.matrix.cells.values() if whole or cell.changed > self._revision],
            "time": self._columns(picture.timeline, whole=whole),
        }
        if whole:
            said["vendors"] = [{"id": vendor, "title": title} for vendor, title in picture.matrix.titles.items()]
        if picture.noted != self._notes or whole:
            said["notes"] = [
                {"when": note.when, "second": note.second, "kind": note.kind, "text": note.text}
                for note in picture.notes
            ]
            self._notes = picture.noted
        self._revision = picture.revision
        return said

    def _rows(self, picture: Picture) -> tuple[list[dict[str, Any]], list[int]]:
        """Those that are shown and changed, the newest first, and which of the page's are no more to be shown."""
        found = (row for row in reversed(picture.rows.values()) if self._filter.admits(row, picture.timeline))
        shown = {row.number: row for row in islice(found, SHOWN)}
        rows = [_row(row) for row in shown.values() if row.changed > self._revision or row.number not in self._shown]
        gone = [number for number in self._shown if number not in shown]
        self._shown = frozenset(shown)
        return rows, gone

    def _columns(self, timeline: Timeline, *, whole: bool) -> dict[str, Any]:
        start, width_s, count = self._time
        same = (start, width_s) == (timeline.start, timeline.width_s) and not whole
        first = max(0, count - _AGAIN) if same else 0
        self._time = (timeline.start, timeline.width_s, len(timeline.columns))
        return {
            "start": timeline.start,
            "width": timeline.width_s,
            "from": first,
            "columns": timeline.columns[first:],
        }


def _totals(picture: Picture) -> dict[str, Any]:
    return {
        "counts": picture.counts,
        "events": picture.events,
        "closed": picture.closed,
        "sent": picture.sent,
        "received": picture.received,
        "unreadable": picture.unreadable,
        "leftOut": picture.left_out,
        "lost": picture.lost,
        "destinations": len(picture.rows),
        "first": picture.first,
        "last": picture.last,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    worst, counts = cell.worst, cell.counts
    return {
        "vendor": cell.vendor,
        "service": cell.service,
        "title": visible(cell.title),
        "tier": cell.tier,
        "symptom": visible(cell.symptom),
        "inbound": cell.inbound,
        "outcome": None if worst is None else worst[0],
        "by": [visible(by) for by in cell.behaviours],
        "counts": [counts[outcome] for outcome in OUTCOMES],
    }


def _row(row: Destination) -> dict[str, Any]:
    return {
        "number": row.number,
        "place": row.place,
        "tier": row.tier,
        "serves": [{"vendor": each.vendor, "service": each.service, "tier": each.tier} for each in row.serves[:20]],
        "outcome": row.outcome,
        "reason": visible(row.reason),
        "by": None if row.behaviour is None else visible(row.behaviour),
        "counts": row.counts,
        "clients": [visible(client) for client in row.clients],
        "first": row.first,
        "last": row.last,
        "sent": row.sent,
        "received": row.received,
        "changed": row.changed,
    }
