"""What of `dial-blackhole` shows in a SYN: addresses and TCP ports, and nothing that takes a name."""

from ipaddress import ip_network

import pytest

from tests.policy.catalogues import ports
from tierwall.policy.behaviour import DialBlackhole, Scope
from tierwall.policy.model import Tier, Transport
from tierwall.policy.projections.unanswered_syns import Unanswered, unanswered
from tierwall.policy.site import Site

NETWORKS = (ip_network("203.0.113.0/24"),)


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        (Scope(networks=NETWORKS), (Unanswered(NETWORKS, ports("tcp/any")),)),
        (Scope(networks=NETWORKS, ports=ports("tcp/443", "udp/443")), (Unanswered(NETWORKS, ports("tcp/443")),)),
        (Scope(networks=NETWORKS, hosts=("8x8.vc",)), (Unanswered(NETWORKS, ports("tcp/any")),)),
        (Scope(networks=NETWORKS, ports=ports("udp/443")), ()),
        (Scope(networks=NETWORKS, transport=Transport.UDP), ()),
        (Scope(networks=NETWORKS, tiers=frozenset({Tier.CORE})), ()),
        (Scope(hosts=("8x8.vc",)), ()),
        (Scope(), ()),
    ],
)
def test_a_scope_is_left_unanswered_as_far_as_it_is_of_addresses(scope: Scope, found: tuple[Unanswered, ...]) -> None:
    assert unanswered(Site(id="any", behaviours=(DialBlackhole(scope=scope),))) == found
