"""A cell with destinations says what it names, however vendors write that; nothing is lost and nothing is guessed."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierwall.importing.destinations import destinations, without_overlaps


@pytest.mark.parametrize(
    ("cell", "hosts"),
    [
        ("*.acme.example", ["*.acme.example"]),
        (r"\*.acme.example", ["*.acme.example"]),
        ("https://*.acme.example", ["*.acme.example"]),
        ("wss://live.acme.example/socket", ["live.acme.example"]),
        ("a.acme.example b.acme.example", ["a.acme.example", "b.acme.example"]),
        ("a.acme.example,b.acme.example;\nc.acme.example", ["a.acme.example", "b.acme.example", "c.acme.example"]),
        ("{eu,us, ap}-x.acme.example", ["eu-x.acme.example", "us-x.acme.example", "ap-x.acme.example"]),
        (
            "*.acme.example (www.acme.example & cdn.acme.example)",
            ["*.acme.example", "www.acme.example", "cdn.acme.example"],
        ),
        ("`ACME.example.`", ["acme.example"]),
        ("<tenant>-my.acme.example", ["*-my.acme.example"]),
        (".acme.example", ["*.acme.example"]),
        ("*cdn.acme.example", ["*cdn.acme.example"]),
    ],
)
def test_hosts_are_found_in_every_spelling(cell: str, hosts: list[str]) -> None:
    found = destinations(cell)

    assert list(found.hosts) == hosts
    assert found.words == []


@pytest.mark.parametrize(
    "cell", ["any", "Any", "*", "all hosts (recommended)", "All hosts", "Internet", "any destination", "0.0.0.0/0"]
)
def test_any_destination_is_none_that_could_be_admitted(cell: str) -> None:
    found = destinations(cell)

    assert found.anywhere
    assert (list(found.hosts), list(found.networks)) == ([], [])


def test_networks_addresses_and_ranges_are_networks() -> None:
    found = destinations("192.0.2.0/24 2001:db8::/32\n198.51.100.7\n203.0.113.4 - 203.0.113.7")

    assert set(map(str, found.networks)) == {"192.0.2.0/24", "2001:db8::/32", "198.51.100.7/32", "203.0.113.4/30"}


def test_a_system_is_kept_and_is_no_network() -> None:
    found = destinations("AS15169")

    assert (list(found.asns), list(found.networks)) == ([15169], [])


def test_of_a_path_the_host_remains_and_the_path_is_noted() -> None:
    found = destinations("https://www.acme.example/tools/feedback")

    assert (list(found.hosts), list(found.paths)) == (["www.acme.example"], ["/tools/feedback"])


def test_a_port_behind_a_host_is_noted() -> None:
    assert list(destinations("turn.acme.example:5349").ports) == ["5349"]


def test_words_remain_words() -> None:
    found = destinations("see our list of IPs")

    assert (list(found.hosts), found.words) == ([], ["see", "our", "list", "of", "IPs"])


def test_what_was_taken_for_granted_is_said() -> None:
    assert "whether it means `acme.example` too is not said" in destinations(".acme.example").doubts[0]


def test_braces_that_would_stand_for_too_much_stay_words() -> None:
    cell = "{a,b}" * 12 + ".acme.example"

    assert list(destinations(cell).hosts) == []


@given(st.text(max_size=200))
def test_no_cell_crashes_it(cell: str) -> None:
    destinations(cell)


def test_a_list_has_no_address_twice() -> None:
    networks = tuple(map(ip_network, ("10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8", "2001:db8::/33", "2001:db8::/32")))

    assert [str(network) for network in without_overlaps(networks)] == ["10.0.0.0/8", "2001:db8::/32"]
