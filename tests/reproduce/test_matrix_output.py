"""The table of sites and vendors, what showed each behaviour, and the exit status."""

from dataclasses import replace
from datetime import UTC, datetime

from tierwall.policy.behaviour import DpiHttpsOnly
from tierwall.policy.model import Tier
from tierwall.policy.site import Site
from tierwall.report.document import Mood
from tierwall.report.seal import intact
from tierwall.reproduce.command import Compared
from tierwall.reproduce.matrix import Cell
from tierwall.reproduce.matrix_output import as_document, as_object, behaviours, status_of
from tierwall.reproduce.results import NotShown, Row, Works

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
ROW = Row(
    service="apps",
    title="Apps",
    tier=Tier.CORE,
    pattern="tls session, held",
    way="proxy",
    before=Works.WORKS,
    now=Works.BROKEN,
    broke=("dpi-https-only",),
    symptom="No apps.",
    saw=("reset",),
    places=("a.example:443",),
    tried=1,
)
FINE = replace(ROW, now=Works.WORKS, broke=(), saw=(), places=())
GAP = NotShown(behaviour="dpi-https-only", why="no root", concerns=True)


def cell(vendor: str) -> Cell:
    site = Site(id="dpi", title="A firewall", behaviours=(DpiHttpsOnly(),))
    return Cell(name="dpi", site=site, vendor=vendor, checks=())


def compared(*rows: Row, gap: NotShown | None = None) -> Compared:
    return Compared(rows=rows, not_shown=(gap,) if gap else (), events=(), when=NOON, until=NOON)


BROKEN = (cell("vevox"), compared(ROW))
WORKS = (cell("8x8"), compared(FINE, gap=GAP))


def test_a_cell_says_what_broke_how_much() -> None:
    document = as_document([BROKEN, WORKS], ["tierwall"])

    table = document.sections[0].table
    assert table is not None
    assert table.head == ("site", "title", "vevox", "8x8")
    assert table.rows == (("dpi", "A firewall", "broken: 1 of 1 (dpi-https-only)", "works"),)
    assert [(case.group, case.mood) for case in document.cases] == [("dpi.vevox", Mood.BAD), ("dpi.8x8", Mood.GOOD)]


def test_a_behaviour_that_one_vendor_shows_is_shown() -> None:
    (found,) = behaviours([BROKEN, WORKS])

    assert found.shown_by == ("vevox: apps, tls session, held",)
    assert as_document([BROKEN, WORKS], []).warnings == ()


def test_one_that_none_shows_is_said_loudly() -> None:
    assert as_document([WORKS], []).warnings == ("dpi-https-only of site dpi WAS NOT SHOWN: no root",)


def test_the_status_says_broken_before_not_shown() -> None:
    nothing = (cell("8x8"), compared(FINE, gap=replace(GAP, concerns=False)))

    assert [status_of(found) for found in ([BROKEN, WORKS], [WORKS], [nothing])] == [1, 3, 0]


def test_programs_get_a_sealed_object_of_all_trials() -> None:
    found = as_object([BROKEN, WORKS], "tierwall reproduce --matrix")

    assert intact(found)
    assert len(found["trials"]) == 2  # type: ignore[arg-type]
