"""The proxy's own pages over its own port, with real curl: served to it directly, never through itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Lab
from tests.e2e.test_dialling import own_address
from tests.support.programs import converse, curl, through
from tests.support.running import lab_ca, needs, running_proxy

PAGES = ("/", "/proxy.pac", "/proxy.pac?all", "/ca.pem")


@needs("curl")
@pytest.mark.parametrize("mode", ["regular", "upstream:http://127.0.0.1:9"])
def test_a_client_reads_the_pages_of_the_proxys_own_port(mode: str) -> None:
    with running_proxy("--mode", mode) as proxy:
        curl(*through(proxy.via), "https://api.evil.example/")
        at = f"http://127.0.0.1:{proxy.port}"
        pages = {path: curl(f"{at}{path}") for path in PAGES}
        certificate = lab_ca().read_text()
        talk = proxy.wait_for_talk("pages")

    assert {page.status for page in pages.values()} == {200}
    assert {page.header("Cache-Control") for page in pages.values()} == {"no-store"}
    assert "api.evil.example:443" in pages["/"].body
    assert f'"PROXY 127.0.0.1:{proxy.port}"' in pages["/proxy.pac"].body
    assert pages["/ca.pem"].body == certificate
    assert at in talk


@needs("curl")
def test_through_itself_by_any_of_its_addresses_they_stay_self_connect(site: Callable[[str], Path]) -> None:
    """Users of a PAC file ask so, and in mitmproxy each such request made a thousand connections."""
    admitted = site("admit: [{hosts: [localhost], ports: [tcp/1-65535]}]\n")
    with running_proxy("--site", admitted, listen="0.0.0.0:0") as proxy:
        hosts = ["127.0.0.1", own_address(), "127.9.9.9", "localhost"]
        asked = [curl(*through(proxy.via), f"http://{host}:{proxy.port}{path}") for host in hosts for path in PAGES]
        tunnels = [curl("-p", *through(proxy.via), f"http://{host}:{proxy.port}/") for host in hosts]
        proxy.wait_until(lambda: len(proxy.events()) >= len([*asked, *tunnels]))
        reasons = {event.event.reason for event in proxy.events()}

    assert {(done.status, done.header("X-Tierwall-Reason")) for done in asked} == {(403, "self-connect")}
    assert {done.connect_code for done in tunnels} == {403}
    assert reasons == {"self-connect"}


@needs("curl")
def test_a_name_of_the_sites_that_leads_to_the_proxy_is_no_way_to_them(site: Callable[[str], Path]) -> None:
    admitted = site("admit: [{hosts: [proxy.corp.example], ports: [tcp/1-65535]}]\n")
    with running_proxy("--site", admitted, "--resolve", "proxy.corp.example:1:127.0.0.1") as first:
        free = first.port
    resolve = f"proxy.corp.example:{free}:127.0.0.1"
    with running_proxy("--site", admitted, "--resolve", resolve, listen=f"127.0.0.1:{free}") as proxy:
        asked = curl(*through(proxy.via), f"http://proxy.corp.example:{free}/proxy.pac")
        directly = curl("--resolve", resolve, f"http://proxy.corp.example:{free}/proxy.pac")
        event = proxy.wait_for(lambda event: event.event.reason is not None)

    assert (asked.status, asked.header("X-Tierwall-Reason")) == (403, "self-connect")
    assert f'"PROXY proxy.corp.example:{free}"' in directly.body
    assert event.event.reason == "self-connect"


@needs("curl")
def test_a_page_whose_name_was_made_to_lead_here_reads_none() -> None:
    """DNS rebinding: to its browser, such a page and the proxy's pages are one origin."""
    with running_proxy() as proxy:
        curl(*through(proxy.via), "https://api.evil.example/")
        rebound = ("--resolve", f"page.evil.example:{proxy.port}:127.0.0.1")
        read = [curl(*rebound, f"http://page.evil.example:{proxy.port}{path}") for path in PAGES]
        told = proxy.wait_for(lambda event: event.tierwall.refusal == "421")

    assert {done.status for done in read} == {421}
    assert not [done for done in read if "api.evil.example" in done.body or "PROXY" in done.body]
    assert (told.event.reason, told.destination and told.destination.domain) == ("malformed", "page.evil.example")


@needs("curl")
def test_a_client_that_the_site_does_not_serve_reads_none(site: Callable[[str], Path]) -> None:
    with running_proxy("--site", site("admit: []\nclients: [10.0.0.0/8]\n")) as proxy:
        read = [curl(f"http://127.0.0.1:{proxy.port}{path}") for path in PAGES]

    assert {done.body for done in read} == {""}
    assert 0 not in {done.code for done in read}


def test_a_socks_port_has_no_pages(lab: Lab) -> None:
    assert b"200" not in converse(lab.socks, b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")


def test_a_request_for_a_page_is_answered_once_whatever_follows_it(lab: Lab) -> None:
    heard = converse(lab.via, b"GET /ca.pem HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3 + bytes(100_000))

    assert heard.count(b"HTTP/1.1 ") == 1
    assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
    assert heard.endswith(b"-----END CERTIFICATE-----\n")
