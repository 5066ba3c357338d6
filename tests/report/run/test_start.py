"""What is said at the start: addresses that work, whom they serve, and what the site's middleboxes do."""

import io
from dataclasses import replace
from ipaddress import ip_interface, ip_network
from pathlib import Path

import pytest
from rich.console import Console

from tests.policy.catalogues import CATALOGUE
from tierwall.policy.behaviour import CaptivePortal, IdleTimeout, Scope
from tierwall.policy.behaviour.parameters import Seconds
from tierwall.policy.site import LOOPBACK_CLIENTS, Site
from tierwall.report.run.start import Listening, Start, say_start

HERE = (ip_interface("10.77.1.1/24"), ip_interface("2001:db8::1/64"))
LAN = ip_network("10.77.0.0/16")
START = Start(
    site=Site(id="lab"),
    catalogue=CATALOGUE,
    listening=(),
    journal=Path("/state/journal.jsonl"),
    everything=False,
    ca=Path("/state/ca.pem"),
    here=HERE,
)


def listening(*addresses: tuple[str, int], spec: str = "regular", configuration: Path | None = None) -> Listening:
    return Listening(spec=spec, what="HTTP(S) proxy", addresses=addresses, configuration=configuration)


def said(start: Start, width: int = 400) -> str:
    file = io.StringIO()
    say_start(start, Console(file=file, width=width))
    return file.getvalue()


def row(start: Start, heading: str) -> str:
    return next((line[len(heading) :].strip() for line in said(start).splitlines() if line.startswith(heading)), "")


@pytest.mark.parametrize(("host", "dialled"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("10.77.1.1", "10.77.1.1")])
def test_the_addresses_in_what_to_type_can_be_dialled(host: str, dialled: str) -> None:
    start = replace(START, listening=(listening((host, 8080)),))

    assert row(start, "use it").startswith(f"curl -x http://{dialled}:8080 ")
    assert row(start, "pages").startswith(f"http://{dialled}:8080/ ")


def test_on_loopback_nobody_is_told_of_others() -> None:
    assert row(replace(START, listening=(listening(("127.0.0.1", 8080)),)), "others") == ""


@pytest.mark.parametrize("spec", ["regular", "socks5", "upstream:http://192.0.2.1:3128"])
def test_where_all_may_connect_and_only_loopback_is_served_it_says_so(spec: str) -> None:
    start = replace(START, listening=(listening(("0.0.0.0", 8080), spec=spec),))

    assert row(start, "others") == (
        "it serves loopback only; --clients NETWORK adds more, such as --clients 10.77.1.0/24"
    )


def test_where_others_are_served_it_says_how_they_come_in() -> None:
    both = listening(("0.0.0.0", 8080), ("::", 8080))
    start = replace(START, listening=(both,), clients=(*LOOPBACK_CLIENTS, LAN))

    assert row(start, "others") == "reach it at 10.77.1.1:8080  (clients of 10.77.0.0/16)"


def test_the_sites_behaviours_are_named_with_what_they_act_on_and_the_portal_with_its_address() -> None:
    behaviours = (
        IdleTimeout(after=Seconds(60.0), scope=Scope(vendor="vevox")),
        CaptivePortal(),
    )
    start = replace(START, site=Site(id="lab", behaviours=behaviours))

    assert row(start, "behaviour").startswith("idle-timeout: A connection on which nothing passes")
    assert "after 60s" in row(start, "behaviour")
    assert row(start, "behaviour").endswith("; only vendor vevox")
    assert row(start, "portal").startswith("http://portal.tierwall.test/")


def test_wg_quick_is_told_a_name_that_an_interface_can_have() -> None:
    client = listening(("10.77.1.1", 51820), spec="wireguard", configuration=Path("/state/ca/tierwall.conf"))
    how = row(replace(START, listening=(client,)), "use it")

    assert how.startswith("wg-quick up /state/ca/tierwall.conf ")
    assert "needs resolvconf" in how


def test_of_a_gateway_it_says_what_its_clients_need_and_not_to_redirect_what_is_led_there_already() -> None:
    servers = (
        listening(("10.77.1.1", 8080), spec="transparent@10.77.1.1:8080"),
        listening(("10.77.1.1", 53), spec="dns@10.77.1.1:53"),
        listening(spec="tun:twtun"),
    )

    assert "redirect the clients' TCP here" in said(replace(START, listening=servers))
    assert row(replace(START, listening=servers, gateway=True), "use it") == (
        "clients behind it need nothing but 10.77.1.1 as their default route and name server"
    )
