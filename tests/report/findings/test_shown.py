"""The order of a report, and its first sentence."""

from dataclasses import replace

import pytest

from tests.report.findings.results import DIAGNOSIS, JOURNAL, PROBE, REPRODUCTION, octets
from tierwall.loader import load_catalogue
from tierwall.report.document import Mood
from tierwall.report.findings.model import Health, Report, ServiceHealth
from tierwall.report.findings.reading import read
from tierwall.report.findings.shown import as_document, verdict
from tierwall.report.findings.together import together

BROKEN = ServiceHealth(vendor="8x8", service="meetings", health=Health.BROKEN)
WORKS = ServiceHealth(vendor="8x8", service="jaas", health=Health.WORKS)
OPEN = ServiceHealth(vendor="8x8", service="auxiliary", health=Health.NOT_TESTED)


def test_sections_come_in_the_order_in_which_people_read() -> None:
    catalogue = load_catalogue([])
    results = {"j": JOURNAL, "p": octets(PROBE), "d": octets(DIAGNOSIS), "r": octets(REPRODUCTION)}

    document = as_document(together([read(name, it, catalogue) for name, it in results.items()]), "tierwall report j")

    assert [section.title for section in document.sections] == [
        "Scope",
        "Services",
        "Change request",
        "Evidence",
        "Not tested",
        "Not attributable",
        "Near misses",
        "What was redacted",
        "To run it again",
        "Data",
    ]
    assert len(document.lead) == 1


@pytest.mark.parametrize(
    ("services", "says"),
    [
        ((), "Nothing can be said: no service was tested."),
        ((OPEN,), "Nothing can be said: no service was tested; 1 service not tested."),
        ((WORKS,), "Nothing that was tested is broken (1 service)."),
        ((WORKS, OPEN), "Nothing that was tested is broken (1 service); 1 service not tested."),
        ((BROKEN, WORKS), "Of 2 tested services, 1 is broken (no tier known: 8x8 meetings)."),
    ],
)
def test_the_verdict_is_one_sentence(services: tuple[ServiceHealth, ...], says: str) -> None:
    assert verdict(Report(services=services)) == says


def test_a_runner_sees_what_is_broken_as_failed_and_what_was_not_tested_as_skipped() -> None:
    cases = as_document(Report(services=(BROKEN, WORKS, OPEN)), "").cases

    assert [case.mood for case in cases] == [Mood.BAD, Mood.GOOD, Mood.OPEN]


@pytest.mark.parametrize("sites", [("lab",), ("lab", "strict-bank")])
def test_the_site_stands_beside_a_service_only_where_there_are_several(sites: tuple[str, ...]) -> None:
    services = (*(replace(BROKEN, site=site) for site in sites), WORKS)

    [_, table, *_] = as_document(Report(sites=sites, services=services), "tierwall report j").sections

    assert table.table is not None
    assert ("site" in table.table.head) is (len(sites) > 1)
