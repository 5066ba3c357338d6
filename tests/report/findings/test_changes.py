"""What is asked of the network's people: entries in the customer's spelling, and a sentence for each behaviour."""

from tests.report.findings.results import AUDIT, DIAGNOSIS, octets
from tierwall.loader import load_catalogue
from tierwall.policy.behaviour import BY_NAME
from tierwall.policy.dialect import Dialect
from tierwall.report.findings.changes import ASKS, with_changes
from tierwall.report.findings.reading import read


def test_every_behaviour_has_its_request() -> None:
    assert ASKS.keys() == BY_NAME.keys()


def test_what_was_denied_is_spelled_as_the_product_reads_it() -> None:
    catalogue = load_catalogue([])
    found = read("a", octets(AUDIT), catalogue)

    assert [each.entry for each in with_changes(found, catalogue, Dialect.SQUID).entries] == ["8x8.vc"]
    assert [each.entry for each in with_changes(found, catalogue, Dialect.PAN_OS).entries] == ["8x8.vc/"]


def test_a_behaviour_is_asked_about_and_not_listed() -> None:
    catalogue = load_catalogue([])
    found = with_changes(read("d", octets(DIAGNOSIS), catalogue), catalogue, Dialect.LITERAL)

    assert found.entries == ()
    assert [(each.behaviour, each.services) for each in found.asks] == [("no-udp", ("8x8/turn-relay",))]
