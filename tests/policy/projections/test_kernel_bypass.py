"""What goes straight is what judge admits of UDP, no more and no less, for any site."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.catalogues import CATALOGUE, denied, everything, listed, only, ports
from tierwall.policy.attempt import Attempt, GivenName, NameSource, Reason
from tierwall.policy.behaviour import Behaviour, NoQuic, Scope, UdpTimeout
from tierwall.policy.behaviour.parameters import Seconds
from tierwall.policy.judge import judge
from tierwall.policy.model import Address, Tier, Transport
from tierwall.policy.projections.kernel_bypass import Led, Span, led, spans
from tierwall.policy.site import Site

ADDRESSES: st.SearchStrategy[Address] = st.sampled_from(
    [
        *(ip_address(f"10.0.0.{last}") for last in (0, 1, 7, 8, 15, 16, 255)),
        *map(ip_address, ("168.138.110.244", "129.146.1.1", "203.0.113.9", "9.255.255.255", "10.0.1.0")),
        *map(ip_address, ("2001:db8::", "2001:db8::ffff", "2001:db8::1:0", "fd00::1", "2001:db7::1")),
    ]
)
PORTS = st.sampled_from([1, 442, 443, 444, 3478, 9999, 10000, 10001, 49151, 49152, 50000, 65535])
NAMES = st.sampled_from(
    ["turn.corp.example", "a.b.corp.example", "corp.example", "portal.vsee.qa", "elsewhere.example"]
)
NETWORKS = [
    listed("10.0.0.0/28", on=["udp/443", "udp/10000"]),
    listed("10.0.0.8/29", "2001:db8::/112", on=["udp/1-10000"]),
    listed("10.0.0.0/24", on=["udp/49152-65535", "tcp/443"]),
    listed("0.0.0.0/0", "::/0", on=["udp/50000"]),
    listed("203.0.113.0/24", on=["udp/any"]),
    listed("168.138.110.244", on=["tcp/any"]),
]
HOSTS = [
    listed("*.corp.example", on=["udp/3478", "udp/49152-65535"]),
    listed("turn.corp.example", on=["udp/any"]),
    listed("corp.example", on=["tcp/443"]),
]
REFUSED = [
    denied("10.0.0.4/30", on=["udp/443-10000"]),
    denied("10.0.0.0/25"),
    denied("203.0.113.9", "2001:db8::ffff", on=["udp/50000", "udp/1-443"]),
    denied("a.b.corp.example"),
    denied("*.corp.example", on=["udp/50000-60000"]),
    denied("turn.corp.example", on=["tcp/any"]),
]
SITES = st.builds(
    Site,
    id=st.just("any"),
    enforce=st.booleans(),
    admit=st.lists(st.sampled_from([*NETWORKS, *HOSTS, everything(), only("8x8", tiers=[Tier.CORE])]), max_size=4).map(
        tuple
    ),
    deny=st.lists(st.sampled_from(REFUSED), max_size=3).map(tuple),
)


def _covers(span: Span, address: Address, port: int) -> bool:
    if span.first.version != address.version:
        return False
    return int(span.first) <= int(address) <= int(span.last) and span.ports.cover(Transport.UDP, port)


@given(SITES, ADDRESSES, PORTS)
def test_an_address_is_in_a_span_where_judge_admits_it(site: Site, address: Address, port: int) -> None:
    verdict = judge(site, CATALOGUE, Attempt(transport=Transport.UDP, port=port, address=address))

    assert any(_covers(span, address, port) for span in spans(site, CATALOGUE)) == (verdict.reason is None)


@given(SITES, NAMES, ADDRESSES, PORTS)
def test_a_name_opens_an_address_where_judge_admits_it(site: Site, name: str, address: Address, port: int) -> None:
    given_name = GivenName(NameSource.DNS, name)
    attempt = Attempt(transport=Transport.UDP, port=port, names=(given_name,), address=address, dialled=address)

    opened = led(site, CATALOGUE, name, address).direct

    assert any(each.cover(Transport.UDP, port) for each in opened) == (judge(site, CATALOGUE, attempt).reason is None)


@given(SITES, NAMES, ADDRESSES, PORTS)
def test_what_is_withheld_is_what_the_site_denies_by_name(site: Site, name: str, address: Address, port: int) -> None:
    by_name = Attempt(transport=Transport.UDP, port=port, names=(GivenName(NameSource.DNS, name),))

    withheld = led(site, CATALOGUE, name, address).withheld

    denies = judge(site, CATALOGUE, by_name).reason is Reason.SITE_DENIED
    assert any(each.cover(Transport.UDP, port) for each in withheld) == denies


@given(SITES)
def test_no_two_spans_overlap(site: Site) -> None:
    """The kernel takes no element that overlaps another."""
    for one, other in combinations(spans(site, CATALOGUE), 2):
        if one.first.version != other.first.version:
            continue
        apart = int(one.last) < int(other.first) or int(other.last) < int(one.first)
        assert apart or one.ports.last < other.ports.first or other.ports.last < one.ports.first


def test_neighbours_and_overlaps_become_one_and_what_is_denied_a_hole() -> None:
    site = Site(
        id="any",
        admit=(listed("10.0.0.0/25", "10.0.0.128/25", "10.0.0.7", on=["udp/443", "udp/444"]),),
        deny=(denied("10.0.0.16/28", on=["udp/444"]),),
    )

    assert spans(site, CATALOGUE) == (
        Span(IPv4Address("10.0.0.0"), IPv4Address("10.0.0.255"), *ports("udp/443")),
        Span(IPv4Address("10.0.0.0"), IPv4Address("10.0.0.15"), *ports("udp/444")),
        Span(IPv4Address("10.0.0.32"), IPv4Address("10.0.0.255"), *ports("udp/444")),
    )


def test_a_name_opens_all_its_ports_and_no_private_address() -> None:
    site = Site(id="any", admit=(listed("turn.corp.example", on=["udp/3478", "udp/50000-50010"]),))

    assert led(site, CATALOGUE, "turn.corp.example", IPv6Address("2001:db9::1")) == Led(
        direct=ports("udp/3478", "udp/50000-50010")
    )
    assert led(site, CATALOGUE, "turn.corp.example", IPv4Address("192.168.1.1")) == Led()


def test_where_behaviours_look_at_udp_nothing_goes_straight() -> None:
    """Only the proxy can show them; what `deny` keeps back stays back."""
    entries = (listed("203.0.113.0/24", on=["udp/any"]), listed("turn.corp.example", on=["udp/any"]))
    plain = Site(id="plain", admit=entries, deny=(denied("turn.corp.example", on=["udp/53"]),))
    looking = replace(plain, behaviours=(UdpTimeout(after=Seconds(1.0)),))
    address = ip_address("203.0.113.9")

    assert spans(plain, CATALOGUE)
    assert led(plain, CATALOGUE, "turn.corp.example", address).direct
    assert spans(looking, CATALOGUE) == ()
    assert led(looking, CATALOGUE, "turn.corp.example", address) == Led(withheld=ports("udp/53"))


@pytest.mark.parametrize("behaviour", [NoQuic(), UdpTimeout(after=Seconds(1.0), scope=Scope(transport=Transport.TCP))])
def test_behaviours_that_act_on_quic_or_tcp_alone_change_nothing(behaviour: Behaviour) -> None:
    """QUIC never goes straight, so that the proxy can show them."""
    site = Site(id="any", admit=(listed("203.0.113.0/24", on=["udp/any"]),), behaviours=(behaviour,))

    assert spans(site, CATALOGUE)
