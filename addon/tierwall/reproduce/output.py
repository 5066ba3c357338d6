"""What `tierwall reproduce` prints: a table service by service for people, an object for programs.

Knows rich and words; results are results.py's.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, assert_never

from rich.console import Console
from rich.text import Text

from tierwall import __version__
from tierwall.events import Event, visible
from tierwall.events.field_sets import timestamp
from tierwall.events.line import whole_line
from tierwall.policy.site import Site
from tierwall.report.indented import Indented
from tierwall.report.narrow import Column, Narrowing
from tierwall.report.seal import sealed
from tierwall.report.wording import TIER_STYLES, plural
from tierwall.reproduce.command import Compared
from tierwall.reproduce.results import Row, Works, broke_something

FORMAT: Final = 1
"""Of the object that --json prints."""

_PLACES_SHOWN: Final = 3
_HURT: Final = {Works.BROKEN, Works.PARTLY}
_UNHURT: Final = {Works.WORKS, Works.NOT_RUN}

_COLUMNS: Final = (
    Column(heading="service", rank=1),
    Column(heading="tier", rank=6),
    Column(heading="client", rank=3, wraps=18),  # which tells a service's rows apart
    Column(heading="without", rank=5),
    Column(heading="with", rank=2),
    Column(heading="what did it", rank=4, wraps=16),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A comparison and what it is about."""

    vendor: str
    site: Site
    compared: Compared
    again: str
    """The command."""


def as_object(said: Said) -> dict[str, object]:
    """What was compared, a row for each client pattern of each service, what was not shown, the events; sealed."""
    found = said.compared
    return sealed(
        {
            "reproduce": FORMAT,
            "version": __version__,
            "when": timestamp(found.when),
            "until": timestamp(found.until),
            **of_trial(said),
            "again": said.again,
        }
    )


def of_trial(said: Said) -> dict[str, object]:
    """One vendor under one site, without what is the same for all of a matrix."""
    found = said.compared
    return {
        "vendor": said.vendor,
        "site": said.site.id,
        "dialect": said.site.dialect.value,
        "rows": [asdict(row) for row in found.rows],
        "not_shown": [asdict(each) for each in found.not_shown],
        "events": [json.loads(whole_line(event)) for event in _cited(found)],
        "exit": status_of(found),
    }


def status_of(found: Compared) -> int:
    """0 nothing that was run is broken, 1 something is; else 3 where a behaviour could not be shown."""
    if broke_something(found.rows):
        return 1
    return 3 if any(each.concerns for each in found.not_shown) else 0


def _cited(found: Compared) -> list[Event]:
    """Those that rows name, each once."""
    ids = {name for row in found.rows for name in row.events}
    return [event for event in found.events if event.event.id in ids]


def tell(console: Console, said: Said) -> None:
    """The table, then what users see of each service that is broken, and loudly what could not be shown."""
    found = said.compared.rows
    console.print(Text(f"{said.vendor} behind site {said.site.id}", "bold"))
    console.print(_table(found))
    for rows in _broken(found).values():
        console.print(Text.assemble((visible(rows[0].service), "bold"), f": {visible(rows[0].symptom)}"))
        for row in rows:
            console.print(Indented(Text(f"{row.pattern}: {_where(row)}", "dim"), 2))
    for why in dict.fromkeys(row.why_not for row in found if row.why_not is not None):
        count = sum(row.tried for row in found if row.why_not == why)
        console.print(Indented(Text(f"{plural(count, 'check')}: {why}", "dim"), 11, Text("  not run", "yellow")))
    for each in said.compared.not_shown:
        if each.concerns:
            console.print(Indented(Text(f"{each.behaviour} WAS NOT SHOWN: {each.why}", "bold yellow"), 0))
        else:
            console.print(Indented(Text(f"{each.behaviour}: {each.why}", "dim"), 0))
    console.print(_verdict(found))


def _table(found: Sequence[Row]) -> Narrowing:
    rows = [
        (
            Text(visible(row.service)),
            Text(row.tier.value, TIER_STYLES[row.tier] if row.now in _HURT else ""),
            Text(row.pattern),
            _word(row.before),
            _word(row.now),
            Text("" if row.now in _UNHURT else ", ".join(row.broke) or "nothing in the journal"),
        )
        for row in found
    ]
    return Narrowing(_COLUMNS, rows)


def _word(works: Works) -> Text:
    match works:
        case Works.WORKS:
            return Text("works", "green")
        case Works.HIT:
            return Text("works, hit", "yellow")
        case Works.PARTLY:
            return Text("partly", "yellow")
        case Works.BROKEN:
            return Text("broken", "bold red")
        case Works.NOT_RUN:
            return Text("not run", "dim")
        case _:
            assert_never(works)


def _broken(found: Sequence[Row]) -> dict[str, list[Row]]:
    services: dict[str, list[Row]] = {}
    for row in found:
        if row.now in _HURT:
            services.setdefault(row.service, []).append(row)
    return services


def _where(row: Row) -> str:
    """At which places, and what the client saw there."""
    more = len(row.places) - _PLACES_SHOWN
    some = ", ".join(row.places[:_PLACES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    places = "everywhere" if len(row.places) == row.tried else f"at {some}"
    return f"{places}, the client saw: {', '.join(row.saw)}"


def _verdict(found: Sequence[Row]) -> Text:
    broken = _broken(found)
    ran = dict.fromkeys(row.service for row in found if row.now is not Works.NOT_RUN)
    if not ran:
        return Text("Nothing could be run here.", "yellow")
    left = len({row.service for row in found}.difference(ran))
    besides = f" {plural(left, 'service')} not run." if left else ""
    if not broken:
        return Text(f"Nothing that was run is broken ({plural(len(ran), 'service')}).{besides}", "bold green")
    alive = {row.service for row in found if row.now in {Works.WORKS, Works.HIT}}
    names = ", ".join(f"{service} in part" if service in alive else service for service in broken)
    return Text(f"{len(broken)} of {plural(len(ran), 'service')} broken: {names}.{besides}", "bold red")
