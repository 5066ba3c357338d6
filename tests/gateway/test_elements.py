"""Sets as nftables commands; that the kernel takes them is shown in tests/netns."""

from ipaddress import ip_address, ip_network

import pytest

from tests.policy.catalogues import ports
from tierwall.gateway import elements
from tierwall.gateway.elements import Element, begin, exchange, fill, loadable, renew
from tierwall.policy.projections.kernel_bypass import Span
from tierwall.policy.projections.unanswered_syns import Unanswered

FOUR, SIX = ip_address("192.0.2.1"), ip_address("2001:db8::1")


def test_networks_fill_the_sets_of_their_versions_after_all_were_emptied() -> None:
    spans = [
        Span(FOUR, ip_address("192.0.2.9"), *ports("udp/443")),
        Span(FOUR, FOUR, *ports("udp/50000-60000")),
        Span(SIX, SIX, *ports("udp/3478")),
    ]

    commands = fill(spans, [Unanswered((ip_network("192.0.2.0/24"),), ports("tcp/443"))]).splitlines()

    assert commands[0] == "flush chain inet tierwall_gateway unanswered"
    assert commands[1].startswith(
        "add rule inet tierwall_gateway unanswered ip daddr { 192.0.2.0/24 } tcp dport { 443 }"
    )
    assert [line for line in commands if line.startswith("delete set")] == [
        f"delete set inet tierwall_gateway {kind}{version}"
        for kind in ("direct", "named", "withheld")
        for version in (4, 6)
    ]
    assert commands[-2:] == [
        "add element inet tierwall_gateway direct4 { 192.0.2.1-192.0.2.9 . 443, 192.0.2.1 . 50000-60000 }",
        "add element inet tierwall_gateway direct6 { 2001:db8::1 . 3478 }",
    ]


def test_a_renewal_fails_where_the_lease_is_not_there() -> None:
    assert renew(0x74570123).splitlines()[0] == "delete element inet tierwall_gateway lease { 0x74570123 }"
    assert begin(0x74570123).splitlines()[-1] == ("add element inet tierwall_gateway lease { 0x74570123 timeout 5s }")


def test_an_element_is_added_deleted_and_added_so_that_its_time_begins_anew() -> None:
    before = {FOUR: (Element(withheld=False, ports=ports("udp/443")[0], until=10.0),)}
    after = {
        FOUR: (Element(withheld=False, ports=ports("udp/443")[0], until=70.5),),
        SIX: (Element(withheld=True, ports=ports("udp/any")[0], until=9.0),),
    }

    assert exchange(before, after, 10.0).splitlines() == [
        "add element inet tierwall_gateway named4 { 192.0.2.1 . 443 timeout 1s }",
        "delete element inet tierwall_gateway named4 { 192.0.2.1 . 443 }",
        "add element inet tierwall_gateway named4 { 192.0.2.1 . 443 timeout 61s }",
        "add element inet tierwall_gateway withheld6 { 2001:db8::1 . 1-65535 timeout 1s }",
    ]


def test_more_networks_than_a_kernel_takes_in_time_are_left_to_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    span = Span(FOUR, FOUR, *ports("udp/443"))
    monkeypatch.setattr(elements, "SPANS_AT_MOST", 2)

    assert loadable([span, span]) == [span, span]
    assert loadable([span, span, span]) == ()
