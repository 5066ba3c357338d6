"""Only browsers of this machine may ask, only the page itself may act, and only with the token of this start."""

import pytest

from tierwall.dashboard.server.access import HEADERS, lacks_token, refusal

HERE = "127.0.0.1:8081"
ACT = {"Host": HERE, "Origin": f"http://{HERE}", "Content-Type": "application/json", "X-Tierwall-Token": "secret"}


def status(method: str, **headers: str) -> int:
    """As the page's server asks: a token where something is to be done."""
    refused = refusal(method, headers) or (lacks_token(headers, "secret") if method == "POST" else None)
    return 200 if refused is None else refused[0]


@pytest.mark.parametrize("host", [HERE, "127.0.0.1", "127.9.9.9:1", "localhost:8081", "[::1]:8081", "[::1]"])
def test_this_machines_own_names_are_answered(host: str) -> None:
    assert status("GET", Host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8081",
        "127.0.0.1.evil.example",
        "10.0.0.1:8081",
        "0.0.0.0:8081",
        "localhost.evil",
        "127.0.0.1:x",
        "[::1",
        "127.0.0.1:8081:1",
        "2130706433",
        "[::ffff:10.0.0.1]:1",
    ],
)
def test_any_other_name_is_refused_as_one_that_somebodys_dns_led_here(host: str) -> None:
    assert status("GET", Host=host) == 421


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:8081", "http://localhost:8081"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_origin_is_refused(method: str, origin: str) -> None:
    assert status(method, **{**ACT, "Origin": origin}) == 403


def test_another_sites_script_that_says_no_origin_is_refused_and_a_link_from_there_is_followed() -> None:
    assert status("GET", Host=HERE, **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}) == 403
    assert status("GET", Host=HERE, **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}) == 200
    assert status("POST", **ACT, **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}) == 403


def test_with_its_token_the_page_may_act() -> None:
    assert status("POST", **ACT) == 200


@pytest.mark.parametrize("token", ["", "secre", "secret ", "Secret", "gehéim"])
def test_with_another_it_may_not(token: str) -> None:
    assert status("POST", **{**ACT, "X-Tierwall-Token": token}) == 403


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_what_a_form_could_send_is_no_action(media_type: str) -> None:
    assert status("POST", **{**ACT, "Content-Type": media_type}) == 415


def test_the_page_loads_only_what_is_its_own_and_stands_in_no_frame() -> None:
    policy = HEADERS["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
