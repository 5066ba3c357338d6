"""The PAC file's own text. What engines make of it is shown in tests/browser, by Chromium."""

from ipaddress import IPv6Address, ip_network

from tierwall.policy.dialect import ANY, ONE, SOME, Reading, Shape
from tierwall.policy.projections.pac_targets import Steering
from tierwall.report.pac import pac_for_everything, pac_for_listed

LISTED = Steering(
    readings=(Reading("8x8.vc", 0, 0), Reading("8x8.vc", 1, None), Reading("corp.example", 1, 5)),
    shapes=(Shape("*8x8*.example.*", ("*8x8*", ONE, SOME, ANY, "example")),),
    networks=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")),
)


def test_what_is_listed_stands_at_its_top_where_people_read_it() -> None:
    pac = pac_for_listed(LISTED, ("proxy.lab", 3128))

    assert pac.startswith(
        """\
var PROXY = "PROXY proxy.lab:3128";
// A name goes through the proxy where it has so many labels before one of these: fewest and most, in pairs.
var HOSTS = {"8x8.vc": [0, 0, 1, 127],
  "corp.example": [1, 5]};
// Or where the name with a dot behind it fits one of these.
var SHAPES = ["^[^.]*8x8[^.]*\\\\.[^.]+\\\\.(?:[^.]+\\\\.)+(?:[^.]+\\\\.)*example\\\\.$"];
// Literal addresses in these networks do too.
var NETWORKS = ["192.0.2.0/24",
  "2001:db8::/32"];
"""
    )


def test_an_ipv6_proxy_is_in_brackets() -> None:
    assert 'var PROXY = "PROXY [2001:db8::1]:8080";' in pac_for_everything((IPv6Address("2001:db8::1"), 8080))


def test_no_answer_goes_round_the_proxy_when_it_is_away_and_none_asks_dns() -> None:
    both = pac_for_listed(LISTED, ("proxy.lab", 3128)) + pac_for_everything(("proxy.lab", 3128))

    assert [word for word in ("; DIRECT", "isInNet", "dnsResolve", "isResolvable", "myIpAddress") if word in both] == []
