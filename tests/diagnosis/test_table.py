"""The table as a specification: what a client sees -> the behaviours that are named, and with which parameters."""

import pytest

from tests.diagnosis.measured import APP, RELAY, broken, result, works
from tests.diagnosis.sentences import APPEX, CASES, FINE, opened
from tierwall.diagnosis import Diagnosed, diagnose
from tierwall.loader import load_catalogue
from tierwall.policy.model import Catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(())


@pytest.mark.parametrize("sentence", CASES)
def test_what_looks_like_what(catalogue: Catalogue, sentence: str) -> None:
    checks, proxy, expected = CASES[sentence]

    named = diagnose([result(*checks, proxy=proxy)], catalogue)

    assert [(each.behaviour, each.parameters) for each in named.diagnoses] == expected


@pytest.mark.parametrize("sentence", CASES)
def test_each_diagnosis_says_what_speaks_for_it(catalogue: Catalogue, sentence: str) -> None:
    checks, proxy, _ = CASES[sentence]

    named = diagnose([result(*checks, proxy=proxy)], catalogue)

    assert all(each.speaks_for for each in named.diagnoses)
    assert [each.rank for each in named.diagnoses] == list(range(1, len(named.diagnoses) + 1))


def test_what_no_rule_explains_is_named(catalogue: Catalogue) -> None:
    named = diagnose([result(*FINE, broken("websocket", APPEX, "200"))], catalogue)

    assert named == Diagnosed(diagnoses=(), undecided=(), unexplained=("websocket to 1 target: 200 (vevox.app:443)",))


def test_without_another_tcp_port_no_udp_and_closed_ports_look_alike(catalogue: Catalogue) -> None:
    named = diagnose([result(*FINE, broken("stun", "168.138.110.244:443/udp", "silence", RELAY))], catalogue)

    assert [each.behaviour for each in named.diagnoses] == ["no-udp"]
    assert [each.between for each in named.undecided] == [("no-udp", "port-closed")]


def test_the_services_are_those_of_what_is_explained(catalogue: Catalogue) -> None:
    named = diagnose(
        [result(*FINE, broken("hold", APPEX, "reset", APP, silent_s=90.0, after_s=60.4, lived_s=60.4))], catalogue
    )

    assert named.diagnoses[0].services == ("vevox/content",)


def test_as_json_it_has_the_names_that_others_rely_on(catalogue: Catalogue) -> None:
    found = diagnose([result(*opened())], catalogue).to_json()

    assert set(found) == {"diagnoses", "undecided"}
    assert set(found["diagnoses"][0]) == {"behaviour", "parameters", "services", "for", "against", "rank"}


def test_a_lifetime_and_a_name_that_was_forgotten_look_alike(catalogue: Catalogue) -> None:
    checks = (works("dns", "vevox.app", "answer"), broken("busy", APPEX, "reset", lived_s=60.2))

    found = diagnose([result(*checks)], catalogue)

    assert [each.behaviour for each in found.diagnoses] == ["max-lifetime"]
    assert [each.between for each in found.undecided] == [("max-lifetime", "fqdn-cache-expiry")]
