"""Results of every kind become findings; what is none, ends early or was changed is told in one line."""

import json

import pytest

from tests.report.findings.results import AUDIT, DIAGNOSIS, JOURNAL, PROBE, REPRODUCTION, octets
from tierwall.loader import load_catalogue
from tierwall.policy.model import Catalogue, Tier
from tierwall.report.findings.model import Health, Kind, Report
from tierwall.report.findings.parts import InvalidResult
from tierwall.report.findings.reading import CHANGED, read
from tierwall.report.findings.shown import as_document
from tierwall.report.findings.together import together
from tierwall.report.forms.as_html import as_html


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue([])


def health(report: Report) -> dict[str, Health]:
    return {f"{each.vendor}/{each.service}": each.health for each in report.services}


RESULTS = [
    pytest.param(JOURNAL, Kind.JOURNAL, id="journal"),
    pytest.param(octets(AUDIT), Kind.AUDIT, id="audit"),
    pytest.param(octets(PROBE), Kind.PROBE, id="probe"),
    pytest.param(octets(DIAGNOSIS), Kind.DIAGNOSE, id="diagnose"),
    pytest.param(octets(REPRODUCTION), Kind.REPRODUCE, id="reproduce"),
]


@pytest.mark.parametrize(("result", "kind"), RESULTS)
def test_each_kind_of_result_is_known_by_what_is_in_it(result: bytes, kind: Kind, catalogue: Catalogue) -> None:
    found = read("result", result, catalogue)

    assert [source.kind for source in found.sources] == [kind]
    assert found.services
    assert found.evidence
    assert found.again


@pytest.mark.parametrize(("result", "_kind"), RESULTS)
def test_a_report_in_html_is_read_back_to_the_same_services(result: bytes, _kind: Kind, catalogue: Catalogue) -> None:
    found = read("result", result, catalogue)

    again = read("report.html", as_html(as_document(found, "tierwall report")).encode(), catalogue)

    assert health(again) == health(found)
    assert [source.notices for source in again.sources] == [source.notices for source in found.sources]


@pytest.mark.parametrize(("result", "_kind"), RESULTS[1:])
@pytest.mark.parametrize("part", [0.3, 0.7, 0.97])
def test_a_result_that_ends_early_says_so_in_one_line(
    result: bytes, part: float, _kind: Kind, catalogue: Catalogue
) -> None:
    with pytest.raises(InvalidResult, match=r"^r\.json: is cut off after [0-9,]+ octets.*get it again, whole$"):
        read("r.json", result[: int(len(result) * part)], catalogue)


def test_a_journal_that_a_crash_cut_is_read_but_for_its_last_line(catalogue: Catalogue) -> None:
    (source,) = read("j", JOURNAL[:-20], catalogue).sources

    assert "1 line of it are no events" in source.notices[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\x00\xff", "is no text"),
        (b"1780000000.1 10 10.0.0.1 TCP_DENIED/403 0 CONNECT 8x8.vc:443 - NONE/- -\n", "is no JSON"),
        (b'{"rows": 1}', "no result that is known"),
        (b"[1, 2]", "no result that is known"),
        (b"[" * 100_000, "deeper"),
        (b"<!doctype html><html><p>Hello</html>", "no report of tierwall's"),
        (b"<!doctype html><html><p>Hel", "cut off"),
    ],
)
def test_what_is_no_result_says_what_was_expected(content: bytes, says: str, catalogue: Catalogue) -> None:
    with pytest.raises(InvalidResult, match=says):
        read("f", content, catalogue)


def test_a_changed_result_is_told(catalogue: Catalogue) -> None:
    changed = json.loads(json.dumps(REPRODUCTION).replace('"broken"', '"works"'))

    assert list(read("r", octets(changed), catalogue).sources[0].notices) == [CHANGED]
    assert read("r", octets(dict(reversed(REPRODUCTION.items()))), catalogue).sources[0].notices == ()


def test_changed_data_in_a_report_are_told(catalogue: Catalogue) -> None:
    page = as_html(as_document(read("p", octets(PROBE), catalogue), ""))

    (source,) = read("p.html", page.replace("three datagrams", "no datagrams").encode(), catalogue).sources

    assert CHANGED in source.notices


def test_a_newer_format_is_read_as_far_as_it_is_known_and_said(catalogue: Catalogue) -> None:
    newer = PROBE | {"probe": 2, "checks": [*PROBE["checks"], {"vendor": 8, "state": []}], "more": {}}  # type: ignore[misc]

    found = read("p", octets(newer), catalogue)

    notices = " ".join(found.sources[0].notices)
    assert "is of format 2" in notices
    assert "1 of its checks make no sense" in notices
    assert health(found)["8x8/turn-relay"] is Health.BROKEN


def test_of_several_sources_the_worst_holds_and_a_diagnosis_adds_its_cause(catalogue: Catalogue) -> None:
    found = together([read(name, octets(value), catalogue) for name, value in (("d", DIAGNOSIS), ("p", PROBE))])

    (turn,) = [each for each in found.services if each.service == "turn-relay"]
    assert (turn.health, turn.tier) == (Health.BROKEN, Tier.CORE)
    assert turn.causes == ("no-udp (diagnosed)", "silent")
    assert health(found)["8x8/meetings"] is Health.WORKS


def test_a_diagnosis_alone_contradicts_no_measurement(catalogue: Catalogue) -> None:
    works = PROBE | {"checks": [PROBE["checks"][0] | {"state": "degraded"}]}  # type: ignore[index]

    found = together([read("d", octets(DIAGNOSIS), catalogue), read("p", octets(works), catalogue)])

    assert health(found) == {"8x8/turn-relay": Health.DEGRADED}


def test_a_journal_says_of_nothing_that_it_works_where_no_event_does(catalogue: Catalogue) -> None:
    denials = b"\n".join(line for line in JOURNAL.splitlines() if b'"denied"' in line)

    found = read("j", denials, catalogue)

    assert Health.WORKS not in health(found).values()
    assert "8x8/meetings" in {each.what for each in found.not_tested}
