"""Where stand-ins are without a network: a place for every name of the catalogue, and the vendors' own addresses."""

import subprocess
from dataclasses import replace
from ipaddress import IPv4Address, ip_network

import pytest

from tests.support.needs import needs
from tierwall.loader import load_catalogue
from tierwall.policy.hostname import is_private
from tierwall.policy.model import Catalogue, Direction
from tierwall.standins.places import ELSEWHERE, ELSEWHERE_6, NAMED, name_server_lines, places, rules

CATALOGUE = load_catalogue(())
WHERE = places(CATALOGUE)
OWN = IPv4Address("10.78.2.10")


def test_every_name_that_a_vendor_asks_for_has_an_address_of_its_own() -> None:
    asked = {
        host.removeprefix("*.")
        for vendor in CATALOGUE.vendors
        for rule in vendor.rules
        if rule.direction is Direction.EGRESS
        for host in rule.hosts
    }
    addresses = [address for _, address in WHERE.names]

    assert {name for name, _ in WHERE.names} == asked
    assert len(set(addresses)) == len(addresses)


def test_no_place_is_one_that_an_admitted_name_must_not_lead_to() -> None:
    assert not any(is_private(address) for address in (*NAMED.hosts(), ELSEWHERE, WHERE.relay))


def test_the_turn_servers_are_the_vendors_own_and_webhooks_are_none() -> None:
    assert ip_network("168.138.110.244/32") in WHERE.turn  # turn-sydney
    assert ip_network("168.138.111.128/25") not in WHERE.turn  # video-bridge-sydney
    assert ip_network("52.26.201.32/32") not in WHERE.turn  # webhook-origins
    assert WHERE.relay == IPv4Address("168.138.110.244")


def test_a_catalogue_without_turn_servers_has_places_all_the_same() -> None:
    vevox = places(Catalogue((CATALOGUE.vendor("vevox"),)))

    assert (vevox.turn, vevox.relay) == ((), ELSEWHERE)
    assert str(ELSEWHERE) in rules(vevox, OWN)


def test_more_names_than_addresses_are_refused() -> None:
    vevox = CATALOGUE.vendor("vevox")
    many = replace(vevox.rules[0], hosts=tuple(f"{number}.example" for number in range(NAMED.num_addresses)))

    with pytest.raises(ValueError, match="65536 names, and only 65534 addresses"):
        places(Catalogue((replace(vevox, rules=(many,)),)))


def test_the_name_server_has_every_name_and_one_place_for_all_others() -> None:
    lines = list(name_server_lines(WHERE))

    assert f"address=/vevox.app/{dict(WHERE.names)['vevox.app']}" in lines
    assert f"address=/#/{ELSEWHERE}" in lines
    assert sum(line.startswith("address=") for line in lines) == len(WHERE.names) + len(WHERE.names_6) + 2


def test_by_ipv6_there_is_every_name_but_those_that_a_vendor_has_for_udp() -> None:
    lines = list(name_server_lines(WHERE))
    by_6 = dict(WHERE.names_6)

    assert f"address=/vevox.app/{by_6['vevox.app']}" in lines
    assert f"address=/#/{ELSEWHERE_6}" in lines
    assert "turn.vsee.qa" not in by_6
    assert len(set(by_6.values())) == len(by_6)
    assert not any(is_private(address) for address in (*by_6.values(), ELSEWHERE_6))


@needs("nft")
def test_nftables_takes_the_rules() -> None:
    check = ["nft", "--check", "-f", "-"]
    done = subprocess.run(check, input=rules(WHERE, OWN), capture_output=True, text=True, check=False)

    assert done.returncode == 0 or "not permitted" in done.stderr, done.stderr
