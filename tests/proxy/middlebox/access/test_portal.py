"""A captive portal's page and its memory, with a clock of our own."""

import json
from ipaddress import ip_address

import pytest

from tierwall.policy.behaviour import CaptivePortal
from tierwall.policy.behaviour.parameters import HostName, Seconds
from tierwall.proxy.middlebox.access.acceptances import Acceptances
from tierwall.proxy.middlebox.access.portal import Answer, AskedOfPortal, Portals

HOTEL = CaptivePortal(portal=HostName("hotel.example"), lasts=Seconds(60.0))
OTHER = CaptivePortal(portal=HostName("station.example"))
GUEST, NEIGHBOUR = ip_address("10.0.0.7"), ip_address("10.0.0.8")


class Clock:
    """Shows what it is set to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def portals_of(clock: Clock) -> Portals:
    """With a memory of their own."""
    return Portals(clock, Acceptances(bytearray(4096 * 16)))


def asked(method: str, path: str, origin: str | None = None, fetch_site: str | None = None) -> AskedOfPortal:
    return AskedOfPortal(method=method, path=path, origin=origin, fetch_site=fetch_site)


def test_who_accepts_inside_tls_stays_there() -> None:
    over_tls = AskedOfPortal(method="POST", path="/accept?from=http%3A%2F%2Fa.example%2F", scheme="https")

    answer = portals_of(Clock()).answer(HOTEL, GUEST, over_tls)

    assert answer.fields["Location"] == "https://hotel.example/?from=http%3A%2F%2Fa.example%2F"


def test_the_api_names_the_portal_by_https_and_is_for_one_client_alone() -> None:
    """RFC 8908 section 5."""
    clock = Clock()
    portals = portals_of(clock)

    before = portals.answer(HOTEL, GUEST, asked("GET", "/api"))
    portals.answer(HOTEL, GUEST, asked("POST", "/accept"))
    clock.now += 20.5
    after = portals.answer(HOTEL, GUEST, asked("GET", "/api"))

    assert json.loads(before.body) == {"captive": True, "user-portal-url": "https://hotel.example/"}
    assert json.loads(after.body) == {
        "captive": False,
        "user-portal-url": "https://hotel.example/",
        "seconds-remaining": 40,
        "can-extend-session": True,
    }
    assert before.fields["Content-Type"] == "application/captive+json"
    assert before.fields["Cache-Control"] == "private, no-store"


def test_the_page_of_who_has_accepted_extends_what_is_left() -> None:
    clock = Clock()
    portals = portals_of(clock)
    portals.answer(HOTEL, GUEST, asked("POST", "/accept"))
    clock.now += 50
    page = portals.answer(HOTEL, GUEST, asked("GET", "/")).body.decode()

    portals.answer(HOTEL, GUEST, asked("POST", "/accept"))

    assert '<form method="post" action="/accept"><button type="submit">Accept again, for 1 minute more' in page
    assert "For 1 minute from now." in portals.answer(HOTEL, GUEST, asked("GET", "/")).body.decode()


def test_an_acceptance_is_one_address_at_one_portal_for_a_while() -> None:
    clock = Clock()
    portals = portals_of(clock)

    answer = portals.answer(HOTEL, GUEST, asked("POST", "/accept?x=1"))
    accepted = [portals.accepted(*each) for each in ((HOTEL, GUEST), (HOTEL, NEIGHBOUR), (OTHER, GUEST))]
    clock.now += 59.9
    still = portals.accepted(HOTEL, GUEST)
    clock.now += 0.1

    assert (int(answer.status), answer.fields["Location"]) == (303, "http://hotel.example/")
    assert accepted == [True, False, False]
    assert (still, portals.accepted(HOTEL, GUEST)) == (True, False)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 200), ("GET", "/accept", 200), ("HEAD", "/any", 200), ("POST", "/", 405), ("PUT", "/accept", 405)],
)
def test_nothing_but_the_forms_post_accepts(method: str, path: str, status: int) -> None:
    portals = portals_of(Clock())

    answer = portals.answer(HOTEL, GUEST, asked(method, path))

    assert answer.status == status
    assert not portals.accepted(HOTEL, GUEST)


@pytest.mark.parametrize(
    ("origin", "fetch_site", "accepts"),
    [
        (None, None, True),
        ("http://hotel.example", None, True),
        ("http://hotel.example:80", "same-origin", True),
        ("https://hotel.example", "same-origin", True),
        ("https://hotel.example:443", None, True),
        ("https://hotel.example:8443", None, False),
        ("http://hotel.example:8080", None, False),
        ("http://hotel.example.evil.test", None, False),
        ("http://evil.test", None, False),
        ("null", None, False),
        ("", None, False),
        (None, "cross-site", False),
        (None, "same-site", False),
        ("http://hotel.example", "cross-site", False),
    ],
)
def test_only_the_portals_own_page_accepts(origin: str | None, fetch_site: str | None, accepts: bool) -> None:
    portals = portals_of(Clock())

    answer = portals.answer(HOTEL, GUEST, asked("POST", "/accept", origin, fetch_site))

    assert (answer.status, portals.accepted(HOTEL, GUEST)) == (303 if accepts else 403, accepts)


def test_the_page_asks_and_then_says_for_how_long() -> None:
    clock = Clock()
    portals = portals_of(clock)

    def page() -> str:
        return portals.answer(HOTEL, GUEST, asked("GET", "/")).body.decode()

    before = page()
    portals.answer(HOTEL, GUEST, asked("POST", "/accept"))
    clock.now += 20

    assert '<form method="post" action="/accept">' in before
    assert "For 40 seconds from now." in page()


def test_a_head_has_the_length_and_no_body() -> None:
    answer: Answer = portals_of(Clock()).answer(HOTEL, GUEST, asked("HEAD", "/"))

    head = answer.octets(head_only=True)
    assert head.endswith(b"\r\n\r\n")
    assert f"Content-Length: {len(answer.body)}\r\n".encode() in head
    assert answer.octets(head_only=False) == head + answer.body
