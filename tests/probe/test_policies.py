"""What is tried: exact names, names that the policy says exist, single addresses; nothing that was made up."""

from typing import Any

import pytest

from tierwall.cli.probing.policies import compiled
from tierwall.loader import load_catalogue
from tierwall.probe.policies import Place, plan


@pytest.fixture(scope="module")
def policies() -> dict[str, Any]:
    return compiled(load_catalogue(()))


def test_every_host_that_is_tried_stands_in_the_policy(policies: dict[str, Any]) -> None:
    stated = {
        name
        for vendor in policies["vendors"]
        for rule in vendor["rules"]
        for name in (*rule["hosts"], *rule["probe"], *(network.partition("/")[0] for network in rule["networks"]))
    }
    places, _ = plan(policies, [vendor["id"] for vendor in policies["vendors"]])

    assert len(places) > 100
    assert {place.host for place in places} <= stated
    assert not [place for place in places if "*" in place.host]


def test_a_place_is_tried_once_for_all_the_services_that_need_it(policies: dict[str, Any]) -> None:
    places, _ = plan(policies, ["vevox"])

    assert [(place.host, place.port) for place in places] == [
        ("help.vevox.com", 443),
        ("vevox.app", 443),
        ("help.vevox.com", 80),
        ("vevox.app", 80),
    ]
    assert [service.id for service in places[0].services] == [
        "dashboard",
        "web-attendee",
        "native-attendee",
        "content",
    ]


def test_a_vendor_without_a_name_that_exists_is_not_testable_and_not_passed_over(policies: dict[str, Any]) -> None:
    places, untried = plan(policies, ["vsee-qatar"])

    assert places == ()
    assert {each.why for each in untried} == {
        "the policy names no host below it that exists",
        "it is asked for on ports 49152 to 65535, and none is known to answer",
    }


def test_of_relayed_ports_none_is_tried(policies: dict[str, Any]) -> None:
    places, _ = plan(policies, ["8x8"])

    assert {(place.port, place.udp) for place in places if place.is_address} == {(443, False), (443, True)}


@pytest.mark.parametrize(
    ("host", "port", "udp", "target"),
    [("vevox.app", 443, False, "vevox.app:443"), ("2001:db8::1", 3478, True, "[2001:db8::1]:3478/udp")],
)
def test_a_target_is_spelled_as_everywhere(host: str, port: int, udp: bool, target: str) -> None:
    assert Place("8x8", (), host, port, udp).target == target
