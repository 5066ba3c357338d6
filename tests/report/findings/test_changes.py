"""What is asked of the network's people: entries in the customer's spelling, and a sentence for each behaviour."""

from tests.report.findings.results import AUDIT, DIAGNOSIS, PROBE, octets
from tierwall.loader import load_catalogue
from tierwall.policy.behaviour import BY_NAME
from tierwall.policy.dialect import Dialect
from tierwall.report.findings.changes import ASKS, with_changes
from tierwall.report.findings.reading import read
from tierwall.report.findings.together import together


def test_every_behaviour_has_its_request() -> None:
    assert ASKS.keys() == BY_NAME.keys()


def test_what_was_denied_is_spelled_as_the_product_reads_it() -> None:
    catalogue = load_catalogue([])
    found = read("a", octets(AUDIT), catalogue)

    assert [each.entry for each in with_changes(found, catalogue, Dialect.SQUID).entries] == ["8x8.vc"]
    assert [each.entry for each in with_changes(found, catalogue, Dialect.PAN_OS).entries] == ["8x8.vc/"]


def test_what_a_probe_did_not_reach_is_asked_for_where_a_diagnosis_says_that_a_list_is_why() -> None:
    catalogue = load_catalogue([])
    shut = PROBE | {"checks": [PROBE["checks"][1] | {"state": "broken", "saw": "proxy refused"}]}  # type: ignore[index]
    listed = {"diagnoses": [{"behaviour": "tier-closed", "services": ["8x8/meetings"], "rank": 1}], "undecided": []}

    probed = read("p", octets(shut), catalogue)
    both = together([probed, read("d", octets(listed), catalogue)])

    assert with_changes(probed, catalogue, Dialect.SQUID).entries == ()
    found = with_changes(both, catalogue, Dialect.SQUID)
    assert [(each.entry, each.ports) for each in found.entries] == [("8x8.vc", ("tcp/443",))]
    assert found.asks == ()


def test_a_behaviour_is_asked_about_and_not_listed() -> None:
    catalogue = load_catalogue([])
    found = with_changes(read("d", octets(DIAGNOSIS), catalogue), catalogue, Dialect.LITERAL)

    assert found.entries == ()
    assert [(each.behaviour, each.services) for each in found.asks] == [("no-udp", ("8x8/turn-relay",))]
