"""Lookups find what covers a destination and what comes close, and nothing that only looks alike."""

import timeit
import tracemalloc
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

import pytest

from tierwall.policy.dialect import Reading
from tierwall.policy.match.index import HostIndex, NetworkIndex

EXACT = Reading("8x8.vc", 0, 0)
BELOW = Reading("8x8.vc", 1, None)
AT_MOST_TWO = Reading("8x8.vc", 0, 2)


def hosts(*readings: Reading) -> HostIndex[str]:
    return HostIndex((reading, f"{reading.base} {reading.fewest}-{reading.most}") for reading in readings)


def networks(*spellings: str) -> NetworkIndex[str]:
    return NetworkIndex((ip_network(spelling), spelling) for spelling in spellings)


def outcome(index: HostIndex[str], name: str) -> str:
    hits = index.find(name)
    return "nothing" if not hits else "covers" if any(hit.covers for hit in hits) else "close"


@pytest.mark.parametrize(
    ("reading", "name", "expected"),
    [
        pytest.param(EXACT, "8x8.vc", "covers", id="an exact name covers itself"),
        pytest.param(EXACT, "a.8x8.vc", "close", id="a name below an exact one is close"),
        pytest.param(BELOW, "8x8.vc", "close", id="the apex of a wildcard is close"),
        pytest.param(BELOW, "a.8x8.vc", "covers", id="a wildcard covers one label"),
        pytest.param(BELOW, "c.b.a.8x8.vc", "covers", id="a wildcard covers many labels"),
        pytest.param(AT_MOST_TWO, "b.a.8x8.vc", "covers", id="as many labels as the reading takes"),
        pytest.param(AT_MOST_TWO, "c.b.a.8x8.vc", "close", id="one label too many is close"),
        pytest.param(BELOW, "evil8x8.vc", "nothing", id="same end, no label boundary"),
        pytest.param(BELOW, "8x8.vc.evil.example", "nothing", id="the base in front"),
        pytest.param(BELOW, "vc", "nothing", id="what is above the base"),
        pytest.param(BELOW, "", "nothing", id="no name"),
        pytest.param(BELOW, ".".join(["a"] * 125 + ["8x8", "vc"]), "covers", id="127 labels"),
    ],
)
def test_a_name_is_covered_or_close_or_unknown(reading: Reading, name: str, expected: str) -> None:
    assert outcome(hosts(reading), name) == expected


def test_the_longest_base_comes_first() -> None:
    index = hosts(Reading("vc", 0, None), EXACT, Reading("a.8x8.vc", 0, 0))

    assert [hit.base for hit in index.find("a.8x8.vc")] == ["a.8x8.vc", "8x8.vc", "vc"]


def test_readings_of_one_base_keep_their_order_and_duplicates_are_one() -> None:
    index = hosts(BELOW, EXACT, BELOW)

    assert [hit.payload for hit in index.find("8x8.vc")] == ["8x8.vc 1-None", "8x8.vc 0-0"]


@pytest.mark.parametrize(
    ("network", "address", "found"),
    [
        pytest.param("168.138.110.0/24", "168.138.110.244", True, id="inside"),
        pytest.param("168.138.110.0/24", "168.138.111.0", False, id="one past the end"),
        pytest.param("168.138.110.244/32", "168.138.110.244", True, id="a single address"),
        pytest.param("0.0.0.0/0", "255.255.255.255", True, id="all of IPv4"),
        pytest.param("0.0.0.0/0", "2001:db8::1", False, id="all of IPv4 is no IPv6"),
        pytest.param("::/0", "192.0.2.1", False, id="all of IPv6 is no IPv4"),
        pytest.param("2001:db8::/48", "2001:db8:0:ffff::1", True, id="inside, IPv6"),
        pytest.param("192.0.2.0/24", "::ffff:192.0.2.7", True, id="an IPv4-mapped address is in IPv4 networks"),
        pytest.param("::ffff:0:0/96", "::ffff:192.0.2.7", True, id="and in IPv6 networks"),
        pytest.param("fe80::/10", "fe80::1%eth0", True, id="a zone id changes nothing"),
    ],
)
def test_an_address_is_in_a_network_of_its_own_family(network: str, address: str, found: bool) -> None:
    assert bool(networks(network).find(ip_address(address))) is found


def test_the_longest_prefix_comes_first() -> None:
    index = networks("10.0.0.0/8", "10.1.2.0/24", "10.1.0.0/16")

    assert [hit.payload for hit in index.find(ip_address("10.1.2.3"))] == ["10.1.2.0/24", "10.1.0.0/16", "10.0.0.0/8"]


def test_nothing_listed_finds_nothing() -> None:
    assert hosts().find("8x8.vc") == []
    assert networks().find(ip_address("192.0.2.1")) == []


def many_hosts(count: int) -> Iterable[tuple[Reading, str]]:
    return ((Reading(f"host{number}.example", number % 2, None), "list") for number in range(count))


def test_a_lookup_costs_the_same_among_twenty_and_among_many() -> None:
    few, many = HostIndex(many_hosts(20)), HostIndex(many_hosts(200_000))

    def cost(index: HostIndex[str]) -> float:
        return min(timeit.repeat(lambda: index.find("a.b.host7.example"), number=500, repeat=9))

    assert cost(many) < 5 * cost(few)


def test_a_listed_name_costs_its_text_and_a_slot() -> None:
    tracemalloc.start()
    try:
        index = HostIndex(many_hosts(50_000))
        octets, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert index.find("host7.example")
    assert octets / 50_000 < 200
