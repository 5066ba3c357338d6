"""What is sent names no client, no credentials and no folder, and the same client is the same pseudonym."""

import json

from tests.report.findings.results import AUDIT, JOURNAL, PROBE, REPRODUCTION, octets
from tierwall.loader import load_catalogue
from tierwall.report.findings.model import Report
from tierwall.report.findings.reading import read
from tierwall.report.findings.redacting import redacted
from tierwall.report.findings.shown import as_document
from tierwall.report.findings.together import together
from tierwall.report.forms.as_html import as_html
from tierwall.report.seal import intact, sha256


def report() -> Report:
    catalogue = load_catalogue([])
    results = {"j": JOURNAL, "p": octets(PROBE), "a": octets(AUDIT), "r": octets(REPRODUCTION)}
    return together([read(name, result, catalogue) for name, result in results.items()])


def test_nothing_personal_is_left_anywhere_in_the_page() -> None:
    page = as_html(as_document(redacted(report(), lambda client: f"client-{len(client)}"), ""))

    for personal in ("10.77.1.2", "acme-lt-17", "secret", "jane"):
        assert personal not in page
    assert "client-9" in page
    assert "client-10" in page


def test_an_address_is_not_found_within_another() -> None:
    catalogue = load_catalogue([])
    longer = JOURNAL.replace(b"168.138.110.244", b"10.77.1.23")

    page = as_html(as_document(redacted(read("j", longer, catalogue), lambda _: "client-x"), ""))

    assert "10.77.1.23" in page
    assert "10.77.1.2<" not in page


def test_clients_are_named_where_that_is_asked_for() -> None:
    page = as_html(as_document(redacted(report(), None), ""))

    assert "10.77.1.2" in page
    assert "secret" not in page


def test_data_keep_their_hashes_after_redaction() -> None:
    raw = redacted(report(), lambda _: "client-x").raw

    assert all(each.sha256 == sha256(each.text) for each in raw)
    assert [intact(value) for each in raw if "reproduce" in (value := json.loads(each.text))] == [True]
