"""Each check of what leads to the proxy, both ways."""

from ipaddress import ip_address
from typing import Any

import pytest

from tests.doctor.healthy import facts, redirect, said, tcp, udp
from tierwall.doctor import findings
from tierwall.doctor.facts import Namespace, Redirect, Socket
from tierwall.doctor.network import dns, forwarding, ipv6, nftables, port, redirects, rp_filter

OURS = "tierwall (pid 9)"
LEAKY = {"net.ipv6.conf.all.forwarding": "1"}


def here(*sockets: Socket, redirects: tuple[Redirect, ...] = ()) -> Namespace:
    return Namespace(name="this one", sockets=sockets, redirects=redirects)


def test_a_machine_on_which_all_is_well_has_no_finding() -> None:
    assert findings(facts()) == []


def test_another_process_on_the_port_is_named_with_a_port_that_is_not_its() -> None:
    (finding,) = port(facts(here=here(tcp("0.0.0.0", 8080))))

    assert finding.what == "127.0.0.1:8080 is taken by nginx (pid 7)"
    assert finding.mend == "stop it, or give `tierwall run` another port: --listen 127.0.0.1:8081"


@pytest.mark.parametrize(
    ("listen", "held", "taken"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("0.0.0.0", "127.0.0.1", True),
        ("127.0.0.1", "::", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("127.0.0.1", "::1", False),
        ("::1", "127.0.0.1", False),
    ],
)
def test_only_an_address_that_is_the_same_or_all_is_taken(listen: str, held: str, taken: bool) -> None:
    assert bool(said(port, listen=(ip_address(listen), 8080), here=here(tcp(held, 8080)))) is taken


def test_another_port_and_tierwall_itself_are_no_finding() -> None:
    assert said(port, here=here(tcp("127.0.0.1", 8081))) == []
    assert said(port, here=here(tcp("127.0.0.1", 8080, OURS)), is_tierwall=True) == []


def test_two_sockets_on_one_address_share_its_connections() -> None:
    both = here(tcp("127.0.0.1", 8080, OURS), tcp("127.0.0.1", 8080, inode=2))

    assert said(port, here=both, is_tierwall=True) == [
        "127.0.0.1:8080 is shared by several: nginx (pid 7) and tierwall (pid 9)"
    ]


def test_a_redirect_to_where_somebody_listens_is_well() -> None:
    assert said(redirects, here=here(tcp("0.0.0.0", 8080, OURS), redirects=(redirect(),))) == []


def test_a_redirect_in_a_namespace_where_the_proxy_is_not() -> None:
    lab = Namespace(name="lab", redirects=(redirect(),))
    (finding,) = redirects(facts(here=here(tcp("0.0.0.0", 8080, OURS)), others=(lab,)))

    assert finding.what == (
        "nftables in network namespace lab redirects to port 8080, where nothing listens, though something does in "
        "namespace this one"
    )
    assert finding.mend == "run the proxy there: ip netns exec lab tierwall run --mode transparent@ADDRESS:8080"


@pytest.mark.parametrize(("hook", "found"), [("prerouting", 1), ("output", 0), (None, 0)])
def test_a_redirect_of_clients_does_not_reach_loopback(hook: str | None, found: int) -> None:
    assert len(said(redirects, here=here(tcp("127.0.0.1", 8080), redirects=(redirect(hook=hook),)))) == found


@pytest.mark.parametrize(
    ("value", "gateway", "found"), [("0", True, 1), ("1", True, 0), ("0", False, 0)], ids=["off", "on", "no gateway"]
)
def test_a_gateway_forwards(value: str, gateway: bool, found: int) -> None:
    assert len(said(forwarding, settings={"net.ipv4.ip_forward": value}, gateway=gateway)) == found


@pytest.mark.parametrize("seen", [{"tuns": ("twtun",)}, {"here": here(redirects=(redirect(),))}])
def test_what_stands_of_a_gateway_makes_it_one(seen: dict[str, Any]) -> None:
    assert said(forwarding, settings={"net.ipv4.ip_forward": "0"}, **seen)


@pytest.mark.parametrize(
    ("all_of", "own", "found"), [("0", "1", 1), ("1", "0", 1), ("1", "2", 0), ("0", "0", 0), ("2", "1", 0)]
)
def test_the_greater_of_two_settings_is_the_filter_of_the_tun_device(all_of: str, own: str, found: int) -> None:
    settings = {"net.ipv4.conf.all.rp_filter": all_of, "net.ipv4.conf.twtun.rp_filter": own}

    assert len(said(rp_filter, settings=settings, tuns=("twtun",))) == found


@pytest.mark.parametrize(("gateway", "has_nft", "found"), [(True, False, 1), (True, True, 0), (False, False, 0)])
def test_a_gateway_needs_nftables(gateway: bool, has_nft: bool, found: int) -> None:
    assert len(said(nftables, gateway=gateway, has_nft=has_nft)) == found


@pytest.mark.parametrize(
    ("family", "marks", "past"),
    [("ip", False, ["TCP and UDP"]), ("inet", False, ["UDP"]), ("ip", True, ["TCP"]), ("ip6", True, [])],
)
def test_ipv6_that_no_rule_leads_here_goes_past(family: str, marks: bool, past: list[str]) -> None:
    leading = here(redirects=(redirect(family=family),))
    found = said(ipv6, here=leading, marks_ipv6=marks, has_ipv6_route=True, settings=LEAKY)

    assert found == [f"IPv6 is forwarded past the proxy: {what}" for what in past]


@pytest.mark.parametrize(
    "closed", [{"has_ipv6_route": False, "settings": LEAKY}, {"has_ipv6_route": True, "settings": {}}]
)
def test_ipv6_that_leads_nowhere_leaks_nothing(closed: dict[str, Any]) -> None:
    assert said(ipv6, here=here(redirects=(redirect(family="ip"),)), **closed) == []


@pytest.mark.parametrize(
    ("socket", "found"),
    [
        (udp("0.0.0.0", 53), ["0.0.0.0:53/udp answers clients' DNS, and is dnsmasq (pid 7)"]),
        (udp("::", 53, None), ["[::]:53/udp answers clients' DNS, and is a process of another user (root sees which)"]),
        (udp("127.0.0.53", 53), []),
        (udp("10.77.1.1", 53, OURS), []),
        (udp("0.0.0.0", 5353), []),
    ],
)
def test_dns_of_a_gateway_is_answered_by_the_lab(socket: Socket, found: list[str]) -> None:
    assert said(dns, gateway=True, here=here(socket)) == found
    assert said(dns, gateway=False, here=here(socket)) == []
