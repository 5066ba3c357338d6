"""`captive-portal`: nothing works until somebody accepts, as curl sees it; then everything does, for a while."""

import html
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.e2e.behaviours.at_access import CURL, Behind, behind, http_of, of_vevox
from tests.e2e.behaviours.inspected import broken
from tests.support.journal_lines import about, whole
from tests.support.programs import connected, curl, read_response, through
from tests.support.running import needs
from tierwall.events import Event
from tierwall.standins.certificates import Authority

HOME = "http://portal.hotel.example/"
ACCEPT = (HOME + "accept", "-d", "")
SITE = """
  - {behaviour: captive-portal, portal: portal.hotel.example, lasts: 1500ms, scope: {vendor: vevox}}
"""

pytestmark = needs("curl")


@pytest.fixture
def hotel(authority: Authority, tmp_path: Path) -> Iterator[Behind]:
    with behind(tmp_path, authority, SITE) as made:
        yield made


@contextmanager
def nothing_arrives(hotel: Behind) -> Iterator[None]:
    before = hotel.arrived
    yield
    assert hotel.arrived == before


def test_it_redirects_until_somebody_accepts_and_again_when_that_is_over(hotel: Behind, ca: Path) -> None:
    page, tls = "http://guest.vevox.app/", "https://guest.vevox.app/"
    way, trust = through(hotel.via), ("--cacert", ca, "-A", CURL)
    assert curl(*through(http_of(hotel.free)), page).status == 301

    with nothing_arrives(hotel):
        redirected = curl(*way, page)
        cut = curl(*way, *trust, tls)
        by_socks = curl(*through(hotel.socks), *trust, tls)
        followed = curl(*way, "-L", page)
        only_looked = curl(*way, HOME + "accept")
    other = curl(*way, *trust, "https://8x8.vc/")
    accepted = curl(*way, "-L", *ACCEPT)
    works = [curl(*way, page).status, *(curl(*through(via), *trust, tls).status for via in (hotel.via, hotel.socks))]
    hotel.proxy.wait_until(lambda: curl(*way, page).status == 302)

    terms = '<form method="post" action="/accept'
    detail = f"nobody has accepted the terms at {HOME} from the client's address"
    assert (redirected.status, redirected.header("Location")) == (302, f"{HOME}?from=http%3A%2F%2Fguest.vevox.app%2F")
    assert (cut.code, by_socks.code, other.status) == (56, 97, 200)
    assert terms in followed.body
    assert terms in only_looked.body
    assert "You are connected" in accepted.body
    assert works == [301, 200, 200]
    plain = broken(hotel.proxy, "guest.vevox.app")["tierwall"]
    assert (plain["refusal"], plain["stage"], plain["behaviour"]) == ("302", "request", "captive-portal")
    hotel.proxy.wait_for(lambda event: about("guest.vevox.app", "broken")(event) and event.tierwall.stage == "connect")
    wholes = [whole(said) for said in hotel.proxy.said() if said["tierwall"]["stage"] == "connect"]
    expected = of_vevox("captive-portal", "guest.vevox.app", detail, refusal="reset")
    del expected["tierwall"]["detail"]
    for hit in wholes[0]["tierwall"]["breaks"]:
        del hit["symptom"]
    assert expected in wholes


EVERYWHERE = """
  - {behaviour: captive-portal, portal: portal.hotel.example, lasts: 1h}
"""
CHECKS = (
    "http://connectivitycheck.gstatic.com/generate_204",
    "http://captive.apple.com/hotspot-detect.html",
    "http://www.msftconnecttest.com/connecttest.txt",
    "http://detectportal.firefox.com/success.txt?ipv4",
)


def test_whatever_is_asked_for_by_plain_http_is_redirected_listed_or_not_and_led_back(
    authority: Authority, tmp_path: Path
) -> None:
    with behind(tmp_path, authority, EVERYWHERE) as hotel:
        way, before = through(hotel.via), hotel.arrived
        checks = {url: curl(*way, url) for url in CHECKS}
        with connected(hotel.via) as client:  # a request after the first of a connection
            for url in CHECKS[:2]:
                client.sendall(f"GET {url} HTTP/1.1\r\nHost: {url.split('/')[2]}\r\n\r\n".encode())
                later, _ = read_response(client)
                if b"close" in later:
                    break
        tunnel = curl(*way, "https://captive.apple.com/")
        captive = json.loads(curl(*way, HOME + "api").body)
        asked = checks[CHECKS[3]].header("Location")
        assert asked is not None
        page = curl(*way, asked)
        form = re.search(r'action="([^"]+)"', page.body)
        assert form is not None
        accepted = curl(*way, "-L", HOME.rstrip("/") + html.unescape(form[1]), "-d", "")
        free = json.loads(curl(*way, HOME + "api").body)
        denied = curl(*way, CHECKS[0])
        arrived = hotel.arrived

    assert {url: done.status for url, done in checks.items()} == dict.fromkeys(CHECKS, 302)
    assert all(parse_qs(urlsplit(done.header("Location") or "").query)["from"] == [url] for url, done in checks.items())
    assert tunnel.connect_code == 403
    assert captive == {"captive": True, "user-portal-url": HOME.replace("http:", "https:")}
    assert 'content="2;url=http://detectportal.firefox.com/success.txt?ipv4"' in accepted.body
    assert "For 1 hour from now." in accepted.body
    assert (free["captive"], 3590 < free["seconds-remaining"] <= 3600) == (False, True)
    assert denied.status == 403
    assert arrived == before


@pytest.mark.parametrize(
    "back", ["javascript:alert(1)", "https://a.example/", "//a.example", "http://u@a.example/", "x"]
)
def test_nothing_but_a_page_of_plain_http_is_led_back_to(hotel: Behind, back: str) -> None:
    shown = curl(*through(hotel.via), f"{HOME}?from={quote(back, safe='')}")

    assert 'action="/accept"' in shown.body


def test_its_page_is_served_to_socks_clients_and_on_a_connection_that_mitmproxy_has(hotel: Behind) -> None:
    by_socks = curl(*through(hotel.socks), HOME)
    with connected(hotel.via) as client:
        client.sendall(b"GET http://first.corp.example/ HTTP/1.1\r\nHost: first.corp.example\r\n\r\n")
        first, _ = read_response(client)
        client.sendall(b"GET http://guest.vevox.app/ HTTP/1.1\r\nHost: guest.vevox.app\r\n\r\n")
        later, _ = read_response(client)
        client.sendall(b"GET " + HOME.encode() + b" HTTP/1.1\r\nHost: portal.hotel.example\r\n\r\n")
        _, page = read_response(client)

    assert "Accept and connect" in by_socks.body
    assert (b" 301 " in first, b" 302 " in later) == (True, True)
    assert b"Accept and connect" in page


def test_a_page_of_another_origin_accepts_nothing_and_that_is_told(hotel: Behind) -> None:
    page, way = "http://guest.vevox.app/", through(hotel.via)
    forged = curl(*way, *ACCEPT, "-H", "Origin: http://evil.test")
    with connected(hotel.via) as client:
        client.sendall(b"GET http://first.corp.example/ HTTP/1.1\r\nHost: first.corp.example\r\n\r\n")
        read_response(client)
        client.sendall(
            b"POST " + HOME.encode() + b"accept HTTP/1.1\r\nHost: portal.hotel.example\r\nContent-Length: 0\r\n"
            b"Sec-Fetch-Site: cross-site\r\n\r\n"
        )
        later, _ = read_response(client)
    still = curl(*way, page)
    own = curl(*way, *ACCEPT, "-H", "Origin: http://portal.hotel.example")
    told = [hotel.proxy.wait_for(_says(words)) for words in ("another origin", "another site")]

    assert (forged.status, b" 403 " in later, still.status, own.status) == (403, True, 302, 303)
    assert {(event.event.reason, event.tierwall.refusal) for event in told} == {("malformed", "403")}


def _says(words: str) -> Callable[[Event], bool]:
    return lambda event: words in (event.tierwall.detail or "")


def test_all_workers_know_who_has_accepted(authority: Authority, tmp_path: Path) -> None:
    """An event's id begins with that of the process that wrote it."""
    with behind(tmp_path, authority, SITE.replace("1500ms", "1h"), "--workers", "3") as hotel:

        def several_answer(status: int, action: str) -> None:
            workers: set[str] = set()

            def answers() -> bool:
                assert curl(*through(hotel.via), "http://guest.vevox.app/").status == status
                events = [event for event in hotel.proxy.events() if event.event.action == action]
                workers.update(event.event.id.partition("-")[0] for event in events)
                return len(workers) > 1

            hotel.proxy.wait_until(answers, limit_s=20.0)

        several_answer(302, "broken")
        assert curl(*through(hotel.via), *ACCEPT).status == 303
        several_answer(301, "allowed")
