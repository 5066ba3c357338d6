"""Squid's external_acl_type: OK, ERR and BH, each with the channel of its question."""

from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decide.asking import judging
from tierwall.decide.squid import SquidHelper

JUDGING = judging()
CLOSED = judging("closed")


def answer(line: str, site: str = "8x8-core-only") -> tuple[str, str, dict[str, str]]:
    helper = SquidHelper(JUDGING if site == "8x8-core-only" else judging(site))
    text = helper.answer(line.encode()).decode()
    assert text.endswith("\n")
    channel, result, *values = text.split()
    return channel, result, {key: unquote(value) for key, _, value in (each.partition("=") for each in values)}


def test_an_admitted_connect_is_ok_with_what_it_serves() -> None:
    channel, result, told = answer("17 8x8.vc 443 CONNECT - 10.0.0.7")

    assert (channel, result) == ("17", "OK")
    assert (told["tag"], told["log"], told["vendor"]) == ("core", "allowed/core", "8x8")


def test_a_denial_says_reason_tier_and_symptom() -> None:
    channel, result, told = answer("3 api.amplitude.com 443 CONNECT - 10.0.0.7")

    assert (channel, result) == ("3", "ERR")
    assert (told["tag"], told["log"], told["service"]) == ("analytics", "tier-closed/analytics", "analytics")
    assert told["symptom"] in told["message"]


def test_a_server_name_that_was_peeked_at_is_judged_too() -> None:
    assert answer("0 8x8.vc 443 CONNECT 8x8.vc -")[1] == "OK"
    assert answer("0 8x8.vc 443 CONNECT evil.example -")[2]["log"] == "name-mismatch/none"


def test_a_server_name_admits_no_address_that_the_proxy_was_asked_for() -> None:
    assert answer("0 203.0.113.7 443 CONNECT - -")[2]["log"] == "address-only/none"
    assert answer("0 203.0.113.7 443 CONNECT meet.8x8.vc -")[2]["log"] == "name-mismatch/none"


def test_a_plain_request_is_judged_by_its_host() -> None:
    assert answer("0 8x8.vc 443 GET - -")[1] == "OK"
    assert answer("0 8x8.vc 80 GET - -")[2]["log"] == "port-closed/none"


def test_an_observing_site_lets_through_and_says_what_it_would_deny() -> None:
    _, result, told = answer("0 evil.example 443 CONNECT - -", "observe")

    assert (result, told["log"]) == ("OK", "would-deny:unlisted/none")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("8x8.vc 443 CONNECT - -", "concurrency"),
        ("", "concurrency"),
        ("0", "values behind the channel"),
        ("0 8x8.vc", "values behind the channel"),
        ("0 443 8x8.vc CONNECT - -", "%PORT"),
        ("0 8x8.vc 65536", "%PORT"),
        ("0 8x8.vc ４４３", "%PORT"),
        ("0 - 443", "%DST"),
        ("0 8x8.vc 443 CONNECT - - more", "6 values"),
        ("0 %ff.8x8.vc 443", "UTF-8"),
    ],
)
def test_what_is_no_question_is_a_broken_helper_and_counted(line: str, said: str) -> None:
    helper = SquidHelper(JUDGING)

    text = unquote(helper.answer(line.encode()).decode())

    assert text.split()[1] == "BH"
    assert said in text
    assert helper.nonsense == 1


def test_a_client_counts_only_where_the_site_names_its_clients(tmp_path: Path) -> None:
    site = tmp_path / "s.yaml"
    site.write_text("version: 1\nsite: s\nextends: reference\nclients: [10.0.0.0/8]\n")

    assert answer("0 8x8.vc 443 CONNECT - 192.0.2.1")[1] == "OK"
    assert answer("0 8x8.vc 443 CONNECT - 192.0.2.1", str(site))[2]["log"] == "client-refused/core"
    assert answer("0 8x8.vc 443 CONNECT - 10.0.0.1", str(site))[1] == "OK"


@given(st.binary(max_size=200).filter(lambda line: b"\n" not in line))
def test_every_question_has_one_line_and_none_is_ok_under_a_closed_site(line: bytes) -> None:
    text = SquidHelper(CLOSED).answer(b"5 " + line)

    assert text.count(b"\n") == 1
    assert text.split()[:2] in ([b"5", b"ERR"], [b"5", b"BH"])
