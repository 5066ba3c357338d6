"""What was seen becomes an attempt: each name normalised once, each source kept, what makes no sense said."""

from ipaddress import ip_address

import pytest

from tierwall.opening import Malformed, Opaque, read_tunnel
from tierwall.policy.attempt import GivenName, NameSource, Seen
from tierwall.policy.model import Transport
from tierwall.proxy.connection.attempts import at_address, named, with_name, with_opening
from tierwall.proxy.state.destinations import Destinations, parse_redirect

THERE = ip_address("192.0.2.1")


@pytest.mark.parametrize("spelling", ["8x8.vc", "8X8.VC", "8x8.vc."])
def test_every_spelling_of_a_name_is_one_name(spelling: str) -> None:
    attempt = named(NameSource.CONNECT, spelling, 443, Destinations())

    assert attempt.names == (GivenName(NameSource.CONNECT, "8x8.vc"),)
    assert (attempt.port, attempt.address, attempt.malformed) == (443, None, None)


@pytest.mark.parametrize("spelling", ["192.0.2.1", "3221225985", "0xc0.0.2.1", "[::ffff:192.0.2.1]"])
def test_every_spelling_of_an_address_is_that_address(spelling: str) -> None:
    attempt = named(NameSource.CONNECT, spelling, 443, Destinations())

    assert attempt.address == THERE
    assert attempt.names == (GivenName(NameSource.CONNECT, THERE),)


@pytest.mark.parametrize("host", ["", "a..b", "a b", "a\x00.example", "x" * 300, "a\r\nb.example"])
def test_what_is_no_host_is_malformed(host: str) -> None:
    attempt = named(NameSource.CONNECT, host, 443, Destinations())

    assert attempt.malformed is not None
    assert attempt.malformed.startswith("host: ")
    assert attempt.names == ()


def test_a_literal_of_the_proxy_itself_is_known_to_be() -> None:
    destinations = Destinations()
    destinations.listen([("127.0.0.1", 8080)])

    assert named(NameSource.CONNECT, "127.0.0.1", 8080, destinations).to_self
    assert at_address(ip_address("127.0.0.1"), 8080, Transport.TCP, destinations).to_self
    assert not at_address(ip_address("127.0.0.1"), 8080, Transport.UDP, destinations).to_self


def test_what_resolve_covers_is_known_to_be() -> None:
    destinations = Destinations((parse_redirect("8x8.vc:443:127.0.0.1"), parse_redirect("192.0.2.1:443:127.0.0.1")))

    assert named(NameSource.CONNECT, "8x8.vc", 443, destinations).redirected
    assert at_address(THERE, 443, Transport.TCP, destinations).redirected
    assert not named(NameSource.CONNECT, "8x8.vc", 80, destinations).redirected


def test_an_address_that_our_own_dns_gave_has_its_name() -> None:
    destinations = Destinations()
    destinations.learn(THERE, "turn.example", 60)

    assert at_address(THERE, 443, Transport.TCP, destinations).names == (GivenName(NameSource.DNS, "turn.example"),)


def test_a_name_that_a_client_gives_makes_the_learned_one_moot() -> None:
    destinations = Destinations()
    destinations.learn(THERE, "turn.example", 60)

    attempt = with_name(at_address(THERE, 443, Transport.TCP, destinations), NameSource.SNI, "8x8.vc")

    assert attempt.names == (GivenName(NameSource.SNI, "8x8.vc"),)


def test_no_name_adds_nothing() -> None:
    attempt = named(NameSource.CONNECT, "8x8.vc", 443, Destinations())

    assert with_name(attempt, NameSource.SNI, None) is attempt


def test_a_name_that_makes_no_sense_makes_the_attempt_malformed() -> None:
    attempt = with_name(named(NameSource.CONNECT, "8x8.vc", 443, Destinations()), NameSource.SNI, "a..b")

    assert attempt.malformed is not None
    assert attempt.malformed.startswith("sni: ")


def test_a_request_in_a_tunnel_adds_its_host_header_and_its_target() -> None:
    opening = read_tunnel(b"GET http://target.example/ HTTP/1.1\r\nHost: header.example\r\n\r\n")

    attempt = with_opening(named(NameSource.CONNECT, "8x8.vc", 80, Destinations()), opening)

    assert attempt.seen is Seen.HTTP
    assert {name.value for name in attempt.names} == {"8x8.vc", "header.example", "target.example"}


def test_opaque_bytes_and_nonsense_are_noted_as_such() -> None:
    attempt = named(NameSource.CONNECT, "8x8.vc", 443, Destinations())

    assert with_opening(attempt, Opaque()).seen is Seen.OPAQUE
    assert with_opening(attempt, Malformed("too long")).malformed == "too long"
    assert with_opening(attempt, None) is attempt
