"""What behaviours answer in place of DNS, and for which uses of a name they are asked."""

from ipaddress import ip_address

import pytest

from tests.policy.catalogues import CATALOGUE, listed, only
from tierwall.policy.behaviour import Behaviour, DnsAnswer, DnsFilter, Scope, SplitDns, StaleAddresses
from tierwall.policy.behaviour.parameters import HostName, HostPattern
from tierwall.policy.judge import judge
from tierwall.policy.model import Transport
from tierwall.policy.projections.dns_answers import answer_to, uses_of
from tierwall.policy.site import Site

WRONG = ip_address("198.51.100.9")
INSIDE = (ip_address("10.0.0.1"), ip_address("fd00::1"))
SPLIT = SplitDns(answers=((HostName("8x8.vc"), INSIDE),))


def site(*behaviours: Behaviour) -> Site:
    entries = (only("8x8"), listed("turn.corp.example", on=["udp/3478"], label="admit[1]"), listed("*.corp.example"))
    return Site(id="names", admit=entries, behaviours=behaviours)


def answer(name: str, *behaviours: Behaviour) -> tuple[DnsAnswer, object] | None:
    """What the first use of the name that has an answer gets."""
    of = site(*behaviours)
    for attempt in uses_of(of, CATALOGUE, name):
        if (found := answer_to(judge(of, CATALOGUE, attempt).effects, name)) is not None:
            return found.how, found.addresses
    return None


@pytest.mark.parametrize("how", [DnsAnswer.NXDOMAIN, DnsAnswer.REFUSED, DnsAnswer.DROP])
def test_a_filter_answers_in_its_way(how: DnsAnswer) -> None:
    assert answer("8x8.vc", DnsFilter(answer=how)) == (how, ())


def test_a_wrong_answer_has_the_address() -> None:
    wrong = DnsFilter(answer=DnsAnswer.ADDRESS, address=WRONG)

    assert answer("8x8.vc", wrong) == (DnsAnswer.ADDRESS, (WRONG,))


def test_split_dns_answers_for_its_own_names_only() -> None:
    assert answer("8x8.vc", SPLIT) == (DnsAnswer.ADDRESS, INSIDE)
    assert answer("meet.8x8.vc", SPLIT) is None


def test_a_filter_goes_before_split_dns_whatever_the_site_lists_first() -> None:
    assert answer("8x8.vc", SPLIT, DnsFilter()) == (DnsAnswer.NXDOMAIN, ())


def test_a_filter_for_one_vendor_leaves_other_names_alone() -> None:
    only_8x8 = DnsFilter(scope=Scope(vendor="8x8"))

    assert answer("8x8.vc", only_8x8) == (DnsAnswer.NXDOMAIN, ())
    assert answer("a.corp.example", only_8x8) is None


def test_a_name_that_is_admitted_on_udp_alone_is_filtered_too() -> None:
    on_it = DnsFilter(scope=Scope(hosts=(HostPattern("turn.corp.example"),)))

    assert answer("turn.corp.example", on_it) == (DnsAnswer.NXDOMAIN, ())


def test_what_the_site_does_not_admit_is_left_to_its_own_denial() -> None:
    assert answer("evil.example", DnsFilter()) is None


def test_pinned_addresses_change_no_answer() -> None:
    assert answer("8x8.vc", StaleAddresses()) is None


def test_a_name_is_asked_for_https_first_then_for_what_the_site_lists() -> None:
    uses = [(use.transport, use.port) for use in uses_of(site(), CATALOGUE, "turn.corp.example")]

    assert uses == [(Transport.TCP, 443), (Transport.UDP, 3478)]
