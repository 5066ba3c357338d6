"""What `tierwall reproduce` prints: a table service by service for people, an object for programs.

Knows rich and words; results are results.py's.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final, assert_never

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tierwall.events import visible
from tierwall.report.indented import Indented
from tierwall.report.wording import TIER_STYLES, plural
from tierwall.reproduce.results import Row, Works

_PLACES_SHOWN: Final = 3
_HURT: Final = {Works.BROKEN, Works.PARTLY}
_UNHURT: Final = {Works.WORKS, Works.NOT_RUN}


def as_json(vendor: str, site: str, found: Sequence[Row]) -> str:
    """An object: what was compared, and a row for each client pattern of each service."""
    return json.dumps({"vendor": vendor, "site": site, "rows": [asdict(row) for row in found]}, indent=2)


def tell(console: Console, vendor: str, site: str, found: Sequence[Row]) -> None:
    """The table, then what users see of each service that is broken."""
    console.print(Text(f"{vendor} behind site {site}", "bold"))
    console.print(_table(found))
    for rows in _broken(found).values():
        console.print(Text.assemble((visible(rows[0].service), "bold"), f": {visible(rows[0].symptom)}"))
        for row in rows:
            console.print(Indented(Text(f"{row.pattern}: {_where(row)}", "dim"), 2))
    for why in dict.fromkeys(row.why_not for row in found if row.why_not is not None):
        count = sum(row.tried for row in found if row.why_not == why)
        console.print(Indented(Text(f"{plural(count, 'check')}: {why}", "dim"), 11, Text("  not run", "yellow")))
    console.print(_verdict(found))


def _table(found: Sequence[Row]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    for heading in ("service", "tier", "client", "without", "with", "what did it"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "what did it")
    for row in found:
        table.add_row(
            Text(visible(row.service)),
            Text(row.tier.value, TIER_STYLES[row.tier] if row.now in _HURT else ""),
            Text(row.pattern.value),
            _word(row.before),
            _word(row.now),
            Text("" if row.now in _UNHURT else ", ".join(row.broke) or "nothing in the journal"),
        )
    return table


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
    return Text(f"{len(broken)} of {plural(len(ran), 'service')} broken: {', '.join(broken)}.{besides}", "bold red")
