"""Which rows are shown: a value that goes into the page's URL and back, so that what one sees can be shared.

Knows the spelling of a query, and rows. A query that makes no sense filters as far as it does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tierwall.dashboard.picture.destination import Destination
from tierwall.dashboard.picture.outcome import OUTCOMES, RANK, Outcome
from tierwall.dashboard.picture.timeline import Timeline
from tierwall.policy.model import Tier

LONGEST: Final = 300
"""Characters of a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a row must be; None and nothing mean anything. All of them hold together."""

    vendor: str | None = None
    service: str | None = None
    """Of the vendor."""
    tier: Tier | None = None
    verdict: Outcome | None = None
    """What came of it at least once."""
    client: str | None = None
    text: str = ""
    """Stands in the destination, a vendor, service, reason, behaviour or site; words are ANDed."""
    vendors_only: bool = False
    """Leave out what is no vendor's, such as a browser's own traffic."""
    since: int | None = None
    """Seconds since 1970."""
    until: int | None = None

    def admits(self, row: Destination, timeline: Timeline) -> bool:
        """Whether the row is shown."""
        if self.vendors_only and not row.serves:
            return False
        if self.vendor is not None and not any(self._asks(each.vendor, each.service) for each in row.serves):
            return False
        if self.tier is not None and row.tier is not self.tier:
            return False
        if self.verdict is not None and not (row.counts[RANK[self.verdict]] or row.outcome is self.verdict):
            return False
        if self.client is not None and self.client not in row.clients:
            return False
        if self.text and not all(word in _said(row) for word in self.text.casefold().split()):
            return False
        return self._in_time(row, timeline)

    def _asks(self, vendor: str, service: str) -> bool:
        return vendor == self.vendor and self.service in {None, service}

    def _in_time(self, row: Destination, timeline: Timeline) -> bool:
        if self.since is None and self.until is None:
            return True
        first = timeline.start if self.since is None else self.since
        last = timeline.start + timeline.width_s * len(timeline.columns) if self.until is None else self.until
        return bool(row.active & timeline.of(first, last))


def read_filter(query: Mapping[str, str]) -> Filter:
    """The filter of a URL's query."""
    given = {key: text[:LONGEST] for key, text in query.items() if text}
    tier, verdict = given.get("tier"), given.get("verdict", "").replace("-", " ")
    return Filter(
        vendor=given.get("vendor"),
        service=given.get("service"),
        tier=Tier(tier) if tier in set(Tier) else None,
        verdict=Outcome(verdict) if verdict in set(OUTCOMES) else None,
        client=given.get("client"),
        text=given.get("q", ""),
        vendors_only="hide" in given,
        since=_second(given.get("since")),
        until=_second(given.get("until")),
    )


def query_of(filter_: Filter) -> dict[str, str]:
    """The query of a filter; what filters nothing is left out."""
    given = {
        "vendor": filter_.vendor,
        "service": filter_.service,
        "tier": filter_.tier,
        "verdict": None if filter_.verdict is None else filter_.verdict.replace(" ", "-"),
        "client": filter_.client,
        "q": filter_.text,
        "hide": "1" if filter_.vendors_only else None,
        "since": filter_.since,
        "until": filter_.until,
    }
    return {key: str(value) for key, value in given.items() if value not in {None, ""}}


def _second(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and text.isascii() and len(text) <= 12 else None


def _said(row: Destination) -> str:
    served = " ".join(f"{each.vendor} {each.service}" for each in row.serves)
    by = row.behaviour or ""
    return f"{row.place} {served} {row.tier} {row.outcome} {row.reason} {by} {row.site}".casefold()
