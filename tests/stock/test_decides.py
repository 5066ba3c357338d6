"""`mitmdump -s addon/main.py` decides, refuses and journals as `tierwall run` does, without tierwall installed."""

import json
import socket
import urllib.request
from pathlib import Path

from tests.stock.conftest import Behind
from tests.stock.stock import Stock, stock_mitmproxy
from tests.support.journal_lines import about
from tests.support.programs import connected, curl, read_head, read_response, through, wait
from tests.support.running import needs
from tierwall.standins.certificates import CA_NAME
from tierwall.standins.clients import fetch_https, half_close_session, native_session


@needs("curl")
def test_a_denied_connect_is_a_403_with_reason_and_tier(mitmdump: Stock) -> None:
    done = curl(*through(mitmdump.via), "https://api.amplitude.com/")
    said = mitmdump.wait_for(about("api.amplitude.com"))

    assert (done.code, done.connect_code) == (56, 403)
    assert done.header("x-tierwall-reason") == "tier-closed"
    assert done.header("x-tierwall-tier") == "analytics"
    assert (said.tierwall.tier, said.tierwall.stage, said.tierwall.refusal) == ("analytics", "connect", "403")


@needs("curl")
def test_a_denial_is_one_line_on_the_terminal(mitmdump: Stock) -> None:
    curl(*through(mitmdump.via), "https://api.amplitude.com/")
    mitmdump.wait_for_talk("api.amplitude.com")
    mitmdump.stop()

    lines = [line for line in mitmdump.console().splitlines() if "api.amplitude.com" in line]
    assert len(lines) == 1
    assert "analytics 8x8/analytics api.amplitude.com:443 tier-closed – " in lines[0]


@needs("curl")
def test_an_admitted_host_is_passed_through_with_its_own_certificate(mitmdump: Stock, ca: Path) -> None:
    done = curl(*through(mitmdump.via), "--cacert", ca, "https://8x8.vc/")
    closed = mitmdump.wait_for(about("8x8.vc", "closed"))

    assert (done.code, done.status) == (0, 200)
    assert f"issuer: CN={CA_NAME}" in done.talk
    assert closed.source is not None
    assert (closed.source.bytes or 0) > 0


def test_a_native_app_goes_through_to_its_half_close_inside_tls(mitmdump: Stock, ca: Path) -> None:
    done = wait(native_session(mitmdump.via, "native.corp.example", ca=ca))

    assert (done.cause, done.issuer) == (None, CA_NAME)
    assert done.farewell.startswith(b"goodbye")


def test_a_client_that_ended_its_direction_still_hears_the_server(mitmdump: Stock) -> None:
    done = wait(half_close_session(mitmdump.via, "half.corp.example", 7))

    assert (done.cause, done.echoes, done.farewell) == (None, (b"ping",), b"bye")


@needs("curl")
def test_plain_http_is_handed_to_mitmproxy_where_it_is_admitted(mitmdump: Stock) -> None:
    done = curl(*through(mitmdump.via), "http://page.corp.example/start")

    assert (done.code, done.status) == (0, 301)
    assert done.header("location") == "https://page.corp.example/start"


@needs("curl")
def test_denied_plain_http_gets_the_page(mitmdump: Stock) -> None:
    done = curl(*through(mitmdump.via), "http://page.evil.example/start")
    said = mitmdump.wait_for(about("page.evil.example"))

    assert (done.status, done.header("x-tierwall-reason")) == (403, "unlisted")
    assert "page.evil.example:80 is blocked here" in done.body
    assert (said.tierwall.stage, said.tierwall.refusal) == ("request", "page")


def test_a_later_request_of_the_same_connection_is_judged_too(mitmdump: Stock) -> None:
    with connected(mitmdump.via) as client:
        client.sendall(b"GET http://page.corp.example/ HTTP/1.1\r\nHost: page.corp.example\r\n\r\n")
        first = read_response(client)[0]
        client.sendall(b"GET http://page.evil.example/ HTTP/1.1\r\nHost: page.evil.example\r\n\r\n")
        second = read_head(client)

    assert first.startswith(b"HTTP/1.1 301")
    assert second.startswith(b"HTTP/1.1 403")
    assert b"X-Tierwall-Reason: unlisted" in second


def test_an_sni_that_is_not_admitted_gets_the_alert(mitmdump: Stock, behind: Behind, ca: Path) -> None:
    done = wait(fetch_https(mitmdump.via, "front.corp.example", sni="hidden.evil.example", ca=ca))
    said = mitmdump.wait_for(about("hidden.evil.example"))

    assert done.alert == "access_denied"
    assert (said.event.reason, said.tierwall.stage) == ("name-mismatch", "clienthello")
    assert behind.https.reached.octets == 0


@needs("curl")
def test_mitmweb_does_the_same(behind: Behind, site: Path, ca: Path) -> None:
    quiet = ("--no-web-open-browser", "--web-port", "0")
    with stock_mitmproxy(*quiet, tool="mitmweb", site=site, resolve=behind.resolve()) as mitmweb:
        denied = curl(*through(mitmweb.via), "https://api.amplitude.com/")
        admitted = curl(*through(mitmweb.via), "--cacert", ca, "https://8x8.vc/")

        assert (denied.connect_code, denied.header("x-tierwall-tier")) == (403, "analytics")
        assert (admitted.status, f"issuer: CN={CA_NAME}" in admitted.talk) == (200, True)
        assert mitmweb.wait_for(about("api.amplitude.com"))


@needs("curl")
def test_mitmweb_shows_what_was_refused_as_flows(behind: Behind, site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    quiet = ("--no-web-open-browser", "--web-port", str(port), "--set", "web_password=lab")
    with stock_mitmproxy(*quiet, tool="mitmweb", site=site, resolve=behind.resolve()) as mitmweb:
        for url in ("https://api.amplitude.com/", "https://a.evil.example/", "http://a.evil.example/x?jwt=secret"):
            curl(*through(mitmweb.via), url)
        mitmweb.wait_for(lambda event: event.url is not None)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/flows?token=lab", timeout=5) as answer:
            flows = json.load(answer)

    assert [(flow["request"]["method"], flow["request"]["pretty_host"], flow["comment"]) for flow in flows] == [
        ("CONNECT", "api.amplitude.com", "tierwall: deny, tier-closed, tier analytics, 8x8/analytics"),
        ("CONNECT", "a.evil.example", "tierwall: deny, unlisted, tier none"),
        ("GET", "a.evil.example", "tierwall: deny, unlisted, tier none"),
    ]
    assert {flow["marked"] for flow in flows} == {"\N{NO ENTRY}"}
    assert flows[1]["error"]["msg"] == "unlisted: the site does not list it and no vendor asks for it"
    assert "secret" not in json.dumps(flows)
