"""`--serve`: what can be typed, what overlaps, and which site a client gets."""

from ipaddress import ip_address, ip_network

import pytest

from tierwall.proxy.state.in_force.served_sites import Choice, InvalidServe, Served, parse_serve, parse_serves


@pytest.mark.parametrize(
    ("text", "site", "where"),
    [
        ("acme@127.0.0.1:8081", "acme", "127.0.0.1:8081"),
        ("acme@[::1]:8081", "acme", "[::1]:8081"),
        ("sites/a@b.yaml@10.1.0.0/16", "sites/a@b.yaml", "10.1.0.0/16"),
        ("acme@10.1.2.3", "acme", "10.1.2.3/32"),
        ("acme@fd00::/8", "acme", "fd00::/8"),
    ],
)
def test_a_site_is_served_on_a_port_or_to_a_network(text: str, site: str, where: str) -> None:
    found = parse_serve(text)

    assert (found.site, found.where) == (site, where)
    assert found.spec == (None if "/" in where else f"regular@{where}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("acme", "expected SITE@HOST:PORT"),
        ("@127.0.0.1:1", "expected SITE@HOST:PORT"),
        ("acme@", "expected SITE@HOST:PORT"),
        ("acme@localhost:80", "does not appear to be"),
        ("acme@127.0.0.1:70000", "from 0 to 65535"),
        ("acme@10.1.0.1/16", "has host bits set"),
        ("acme@::1:8080/200", "expected SITE@HOST:PORT"),
    ],
)
def test_what_cannot_be_read_is_said_with_an_example(text: str, why: str) -> None:
    with pytest.raises(InvalidServe, match=why):
        parse_serve(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a@10.0.0.0/8", "b@10.1.0.0/16"),
        ("a@10.1.2.3", "b@10.1.2.3/32"),
        ("a@127.0.0.1:8081", "b@127.0.0.1:8081"),
        ("a@0.0.0.0:8081", "b@127.0.0.1:8081"),
        ("a@10.0.0.0/8", "a@10.0.0.0/8"),
    ],
)
def test_two_that_one_client_could_mean_overlap(one: str, other: str) -> None:
    with pytest.raises(InvalidServe, match="overlap"):
        parse_serves([one, other])


def test_every_fault_is_said_at_once() -> None:
    with pytest.raises(InvalidServe) as caught:
        parse_serves(["acme", "a@10.0.0.0/8", "b@10.1.0.0/16", "c@127.0.0.1:99999"])

    assert len(str(caught.value).splitlines()) == 3


def test_a_listener_wins_over_a_network_and_who_is_meant_by_nothing_gets_the_first() -> None:
    choice = Choice("first", {"regular@127.0.0.1:1": "by port"}, [(ip_network("10.1.0.0/16"), "by network")])

    found = [
        choice.of(ip_address("10.1.2.3"), "regular@127.0.0.1:1"),
        choice.of(ip_address("10.1.2.3"), "transparent"),
        choice.of(ip_address("10.2.0.1"), "transparent"),
        choice.of(ip_address("fd00::1"), "transparent"),
        choice.of(None, "transparent"),
    ]

    assert found == ["by port", "by network", "first", "first", "first"]
    assert Choice("first", {}, []).alone
    assert Served("a").spec is None
