"""What `--matrix` prints: a table of sites and vendors, what each behaviour was shown by, an object for programs.

Knows words; results are results.py's, and forms are report's.
"""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tierwall import __version__
from tierwall.events.field_sets import timestamp
from tierwall.report.document import Case, Document, Mood, Section, Table
from tierwall.report.seal import sealed
from tierwall.report.wording import plural
from tierwall.reproduce.command import Compared
from tierwall.reproduce.matrix import Cell
from tierwall.reproduce.output import FORMAT, Said, of_trial
from tierwall.reproduce.results import Row, Works

type Found = Sequence[tuple[Cell, Compared]]

_HURT: Final = {Works.BROKEN, Works.PARTLY}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A behaviour of a site, and what showed it."""

    site: str
    name: str
    shown_by: tuple[str, ...]
    """`vendor service, client`."""
    why_not: str


def as_object(found: Found, again: str) -> dict[str, object]:
    """All trials; sealed."""
    return sealed(
        {
            "reproduce": FORMAT,
            "version": __version__,
            "when": timestamp(min(each.when for _, each in found)),
            "until": timestamp(max(each.until for _, each in found)),
            "trials": [
                of_trial(Said(vendor=cell.vendor, site=cell.site, compared=compared, again=again))
                for cell, compared in found
            ],
            "again": again,
        }
    )


def status_of(found: Found) -> int:
    """1 where anything is broken; else 3 where a behaviour that concerns one of the vendors was not shown."""
    if any(row.now in _HURT for _, compared in found for row in compared.rows):
        return 1
    return 3 if any(not each.shown_by and each.why_not for each in behaviours(found)) else 0


def behaviours(found: Found) -> Iterator[Behaviour]:
    """Each of each site. `why_not` is empty where it breaks nothing that any of the vendors asks for."""
    sites = dict.fromkeys(cell.site.id for cell, _ in found)
    for site in sites:
        cells = [(cell, compared) for cell, compared in found if cell.site.id == site]
        for name in dict.fromkeys(behaviour.NAME for behaviour in cells[0][0].site.behaviours):
            gaps = [[gap for gap in compared.not_shown if gap.behaviour == name] for _, compared in cells]
            shown = [
                f"{cell.vendor}: {_by(name, compared)}"
                for (cell, compared), gap in zip(cells, gaps, strict=True)
                if not gap
            ]
            why = next((gap.why for each in gaps for gap in each if gap.concerns), "")
            yield Behaviour(site, name, tuple(shown), "" if shown else why)


def _by(name: str, compared: Compared) -> str:
    rows = [row for row in compared.rows if name in row.broke]
    if not rows:
        return "the certificate"
    return f"{rows[0].service}, {rows[0].pattern}"


def as_document(found: Found, words: Sequence[str]) -> Document:
    """The table, then what each behaviour was shown by."""
    vendors = list(dict.fromkeys(cell.vendor for cell, _ in found))
    sites = list(dict.fromkeys(cell.site.id for cell, _ in found))
    cells = {(cell.site.id, cell.vendor): compared for cell, compared in found}
    titles = {cell.site.id: cell.site.title for cell, _ in found}
    rows = tuple((site, titles[site] or "", *(_cell(cells[site, vendor]) for vendor in vendors)) for site in sites)
    broken = sum(any(row.now in _HURT for row in compared.rows) for _, compared in found)
    return Document(
        title=f"{plural(len(sites), 'site')} against {plural(len(vendors), 'vendor')}",
        lead=(f"Of {plural(len(found), 'pair')} of a site and a vendor, something is broken in {broken}.",),
        warnings=tuple(
            f"{each.name} of site {each.site} WAS NOT SHOWN: {each.why_not}"
            for each in behaviours(found)
            if not each.shown_by and each.why_not
        ),
        sections=(
            Section(
                title="What each site breaks",
                mood=Mood.BAD if broken else Mood.GOOD,
                table=Table(
                    head=("site", "title", *vendors),
                    rows=rows,
                    codes=frozenset({0}),
                    words=frozenset(range(2, len(vendors) + 2)),
                ),
            ),
            _shown(found),
            Section(
                title="To run it again",
                mood=Mood.OPEN,
                lead=(f"`{shlex.join(words)}`, tierwall {__version__}",),
            ),
        ),
        cases=tuple(_cases(found)),
    )


def _cell(compared: Compared) -> str:
    """`broken: media (no-udp)`, `degraded: …`, `works`, `not tested`."""
    services: dict[str, list[Row]] = {}
    for row in compared.rows:
        services.setdefault(row.service, []).append(row)
    broken = {name: of for name, of in services.items() if any(row.now in _HURT for row in of)}
    causes = dict.fromkeys(cause for of in broken.values() for row in of if row.now in _HURT for cause in row.broke)
    if broken:
        alive = all(any(row.now in {Works.WORKS, Works.HIT} for row in of) for of in broken.values())
        word = "degraded" if alive else "broken"
        return f"{word}: {len(broken)} of {len(services)} ({', '.join(causes) or 'nothing in the journal'})"
    if all(row.now is Works.NOT_RUN for row in compared.rows):
        return "not tested"
    hit = dict.fromkeys(cause for row in compared.rows if row.now is Works.HIT for cause in row.broke)
    return f"works: slower or changed ({', '.join(hit)})" if hit else "works"


def _shown(found: Found) -> Section:
    rows = tuple(
        (
            each.site,
            each.name,
            "; ".join(each.shown_by)
            or (f"NOT SHOWN: {each.why_not}" if each.why_not else "breaks no service of these"),
        )
        for each in behaviours(found)
    )
    table = Table(head=("site", "behaviour", "shown by"), rows=rows, codes=frozenset({0, 1}))
    gap = any(not each.shown_by and each.why_not for each in behaviours(found))
    return Section(title="What showed each behaviour", mood=Mood.OPEN if gap else Mood.GOOD, table=table)


def _cases(found: Found) -> Iterator[Case]:
    for cell, compared in found:
        services: dict[str, list[Row]] = {}
        for row in compared.rows:
            services.setdefault(row.service, []).append(row)
        for service, of in services.items():
            hurt = [row for row in of if row.now in _HURT]
            ran = any(row.now is not Works.NOT_RUN for row in of)
            causes = ", ".join(dict.fromkeys(cause for row in hurt for cause in row.broke))
            yield Case(
                group=f"{cell.site.id}.{cell.vendor}",
                name=f"{service} ({of[0].tier})",
                mood=Mood.BAD if hurt else Mood.GOOD if ran else Mood.OPEN,
                message=f"{hurt[0].pattern}: {causes}" if hurt else "" if ran else of[0].why_not or "not run",
                detail=of[0].symptom if hurt else "",
            )
