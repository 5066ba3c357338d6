"""Who may connect, how often and where to: each before anything is dialled, so that nothing reaches an origin."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.behaviours.at_access import ADDRESS, CURL, Behind, behind, http_of, of_vevox, socks_of
from tests.e2e.behaviours.inspected import broken
from tests.support.journal_lines import about
from tests.support.programs import connected, curl, read_response, through, tunnel
from tests.support.running import Proxy, needs
from tierwall.standins.certificates import Authority

SITE = """
  - {behaviour: connection-limit, most: 2, scope: {hosts: [limited.vevox.app]}}
  - {behaviour: connect-ports, scope: {hosts: ["*.corp.example"]}}
  - {behaviour: no-ip-connect}
  - {behaviour: dial-blackhole, scope: {hosts: [hole.vevox.app]}}
"""
UNANSWERED = "nothing is dialled, as if no SYN were answered; a dial lasts 0.4 s"

pytestmark = needs("curl")


@pytest.fixture(scope="module")
def lab(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with behind(tmp_path_factory.mktemp("door"), authority, SITE) as made:
        yield made


@pytest.fixture
def untouched(lab: Behind) -> Iterator[None]:
    """Nothing reaches an origin."""
    before = lab.arrived
    yield
    assert lab.arrived == before


def fetch(url: str, *arguments: object, ca: Path) -> tuple[int, int, int]:
    """Curl's exit status, that of its CONNECT, and that of the response."""
    done = curl("--cacert", ca, "-A", CURL, *arguments, url)
    return done.code, done.connect_code, done.status


# connection-limit


def test_one_connection_too_many_gets_503_until_another_ended(lab: Behind, ca: Path) -> None:
    at_first = lab.arrived
    with ExitStack() as stack:
        for proxy in (lab.free, lab.free, lab.free, lab.proxy, lab.proxy):
            client = stack.enter_context(connected(http_of(proxy)))
            assert tunnel(client, "limited.vevox.app:443").startswith(b"HTTP/1.1 200")
        lab.proxy.wait_until(lambda: lab.arrived == at_first + 5)
        refused = fetch("https://limited.vevox.app/", *through(lab.via), ca=ca)
        by_socks = fetch("https://limited.vevox.app/", *through(lab.socks), ca=ca)
        other = fetch("https://8x8.vc/", *through(lab.via), ca=ca)
        arrived = lab.arrived

    detail = "2 connections of the client's address stand already"
    assert refused == (56, 503, 0)
    assert by_socks[0] == 97
    assert (other, arrived) == ((0, 200, 200), at_first + 6)
    expected = of_vevox("connection-limit", "limited.vevox.app", detail, refusal="503")
    assert broken(lab.proxy, "limited.vevox.app", "connection-limit") == expected
    lab.proxy.wait_until(lambda: fetch("https://limited.vevox.app/", *through(lab.via), ca=ca) == (0, 200, 200))


def test_a_connection_that_was_handed_over_counts_until_it_ends(lab: Behind) -> None:
    request = b"GET http://limited.vevox.app/ HTTP/1.1\r\nHost: limited.vevox.app\r\n\r\n"
    with ExitStack() as stack:

        def one_more() -> bytes:
            client = stack.enter_context(connected(lab.via))
            client.sendall(request)
            return read_response(client)[0].partition(b"\r\n")[0]

        lab.proxy.wait_until(lambda: lab.proxy.standing() == 0)
        said = [one_more() for _ in range(3)]

    assert said == [b"HTTP/1.1 301 Moved Permanently"] * 2 + [b"HTTP/1.1 503 Service Unavailable"]


# connect-ports and no-ip-connect


@pytest.mark.usefixtures("untouched")
def test_a_connect_to_another_port_is_refused(lab: Behind) -> None:
    done = curl(*through(lab.via), "-A", CURL, "https://other.corp.example:8443/")

    event = lab.proxy.wait_for(about("other.corp.example", "broken"))
    assert (done.connect_code, done.header("X-Tierwall-Reason")) == (403, "behaviour")
    assert event.tierwall.detail == "CONNECT to port 8443; only 443 are allowed"
    assert (event.tierwall.behaviour, event.tierwall.refusal) == ("connect-ports", "403")


def test_the_port_that_is_allowed_and_other_ways_than_connect_pass(lab: Behind, ca: Path) -> None:
    elsewhere = "https://other.corp.example:8443/"

    assert fetch(elsewhere, *through(http_of(lab.free)), ca=ca) == (0, 200, 200)
    assert fetch("https://page.corp.example/", *through(lab.via), ca=ca) == (0, 200, 200)
    assert fetch(elsewhere, *through(lab.socks), ca=ca) == (0, 0, 200)
    assert curl(*through(lab.via), "http://page.corp.example/").status == 301


def test_a_connect_to_an_address_is_refused_and_socks_to_it_is_not(lab: Behind, ca: Path) -> None:
    url = f"https://{ADDRESS}:{lab.https.port}/"
    free = fetch(url, *through(http_of(lab.free)), ca=ca)
    by_socks = fetch(url, *through(lab.socks), ca=ca)
    before = lab.arrived
    done = fetch(url, *through(lab.via), ca=ca)

    event = lab.proxy.wait_for(about(ADDRESS, "broken"))
    assert (free, by_socks, done) == ((0, 200, 200), (0, 0, 200), (56, 403, 0))
    assert (event.tierwall.behaviour, event.tierwall.refusal) == ("no-ip-connect", "403")
    assert lab.arrived == before


# dial-blackhole


def test_without_it_the_host_answers(lab: Behind, ca: Path) -> None:
    for way in (http_of(lab.free), socks_of(lab.free)):
        assert fetch("https://hole.vevox.app/", *through(way), ca=ca)[0] == 0


@pytest.mark.usefixtures("untouched")
def test_a_connect_gets_504_when_the_dials_limit_is_over(lab: Behind, ca: Path) -> None:
    done = fetch("https://hole.vevox.app/", *through(lab.via), ca=ca)

    expected = of_vevox("dial-blackhole", "hole.vevox.app", UNANSWERED, stage="dial", refusal="504")
    assert done == (56, 504, 0)
    assert broken(lab.proxy, "hole.vevox.app") == expected


@pytest.mark.usefixtures("untouched")
def test_it_is_journalled_although_the_client_gave_up_before(lab: Behind) -> None:
    known = len(broken_at(lab.proxy, "hole.vevox.app"))
    done = curl(*through(lab.via), "https://hole.vevox.app/", limit_s=0.1)

    assert done.code == 28
    lab.proxy.wait_until(lambda: len(broken_at(lab.proxy, "hole.vevox.app")) == known + 1)


@pytest.mark.usefixtures("untouched")
def test_socks_gets_its_reply_6_and_plain_http_504(lab: Behind) -> None:
    by_socks = curl(*through(lab.socks), "https://hole.vevox.app/")
    plain = curl(*through(lab.via), "http://hole.vevox.app/")

    assert (by_socks.code, "(6)" in by_socks.talk) == (97, True)
    assert plain.status == 504
    assert {"504", "expired"} <= {event["tierwall"]["refusal"] for event in broken_at(lab.proxy, "hole.vevox.app")}


def test_a_second_request_of_a_connection_is_not_dialled_either(lab: Behind) -> None:
    with connected(lab.via) as client:
        client.sendall(b"GET http://page.corp.example/ HTTP/1.1\r\nHost: page.corp.example\r\n\r\n")
        assert b" 301 " in read_response(client)[0]
        before = lab.arrived
        client.sendall(b"GET http://hole.vevox.app/ HTTP/1.1\r\nHost: hole.vevox.app\r\n\r\n")
        assert b" 504 " in read_response(client)[0]

    assert lab.arrived == before


def broken_at(proxy: Proxy, domain: str) -> list[dict[str, Any]]:
    """Every event of something broken there."""
    said = [said for said in proxy.said() if said["event"]["action"] == "broken"]
    return [each for each in said if each["destination"].get("domain") == domain]
