"""Envoy's lines judged again: events with what a denial breaks, and drift where the two differ."""

import json

import jsonschema
import pytest

from tests.fleet.lines import line, rule
from tierwall.events import Action, Event, schema_text, to_line
from tierwall.fleet.ingest import Ingest
from tierwall.loader import load_catalogue, load_site

CATALOGUE = load_catalogue([])
SITE = load_site("8x8-core-only", CATALOGUE)
DENIED = {"method": "CONNECT", "code": 403, "tier": "analytics", "detail": "direct_response"}


def ingest() -> Ingest:
    return Ingest(SITE, CATALOGUE)


def events(*lines: bytes) -> list[Event]:
    ingesting = ingest()
    return [event for each in lines for event in ingesting.events(each)]


def test_a_denial_says_what_it_breaks() -> None:
    (event,) = events(line("request", authority="api.amplitude.com:443", reason="tier-closed", **DENIED))

    assert (event.action, event.event.reason, event.tierwall.tier) == (Action.DENIED, "tier-closed", "analytics")
    assert event.tierwall.breaks[0].symptom
    assert (event.tierwall.refusal, event.source and event.source.ip) == ("403", "10.99.0.2")


def test_a_tunnel_that_ended_has_its_octets_and_nobody_is_said_to_have_closed_it() -> None:
    (event,) = events(
        line(
            "tunnel",
            authority="8x8.vc:443",
            sni="8x8.vc",
            protocol="tls",
            upstream="203.0.113.1:443",
            sent=10,
            received=20,
        )
    )

    assert event.action is Action.CLOSED
    assert (event.source and event.source.bytes, event.destination and event.destination.bytes) == (10, 20)
    assert (event.event.duration, event.tierwall.closed_by) == (4_000_000, None)


def test_what_envoy_lets_through_and_judge_denies_is_drift() -> None:
    ingesting = ingest()
    found = list(
        ingesting.events(line("tunnel", authority="evil.example:443", protocol="tls", upstream="203.0.113.1:443"))
    )

    assert [event.action for event in found] == [Action.DRIFT, Action.CLOSED]
    assert (ingesting.counts.too_permissive, ingesting.counts.stricter) == (1, 0)
    assert found[0].error is not None
    assert "judge denies it" in found[0].error.message


def test_what_envoy_denies_and_judge_lets_through_is_drift_too() -> None:
    ingesting = ingest()
    found = list(ingesting.events(line("request", authority="8x8.vc:443", reason="unlisted", **DENIED)))

    assert [event.action for event in found] == [Action.DRIFT]
    assert (ingesting.counts.too_permissive, ingesting.counts.stricter) == (0, 1)


def test_a_name_that_led_to_a_private_address_is_no_drift() -> None:
    (event,) = events(
        line("tunnel", authority="8x8.vc:443", protocol="tls", termination=rule("private-address/none_10.0.0.0/8"))
    )

    assert (event.action, event.event.reason) == (Action.DENIED, "private-address")


def test_a_client_that_envoy_refused_is_judged_as_one() -> None:
    (event,) = events(
        line("request", authority="8x8.vc:443", method="CONNECT", code=403, detail=rule("client-refused/none"))
    )

    assert (event.action, event.event.reason) == (Action.DENIED, "client-refused")


def test_a_server_that_was_not_reached_is_a_failure() -> None:
    (event,) = events(
        line("tunnel", authority="8x8.vc:443", protocol="tls", sni="8x8.vc", flags="UF", failure="refused")
    )

    assert (event.action, event.error and event.error.message) == (Action.FAILED, "refused")


def test_what_envoy_only_tried_to_reach_is_drift_of_its_own_kind() -> None:
    """A name's second address is private, and the kernel's guard kept Envoy from it."""
    ingesting = ingest()
    tried = line("tunnel", authority="8x8.vc:443", sni="8x8.vc", protocol="tls", flags="UF", upstream="10.1.2.3:443")
    found = list(ingesting.events(tried))

    assert [event.action for event in found] == [Action.DRIFT, Action.FAILED]
    assert (ingesting.counts.too_permissive, ingesting.counts.tried) == (0, 1)


def test_the_same_line_is_the_same_event() -> None:
    denial = line("request", authority="api.amplitude.com:443", reason="tier-closed", **DENIED)
    first, second = events(denial, denial)

    assert first.event.id == second.event.id


def test_a_line_that_is_none_is_counted_and_the_next_is_read() -> None:
    ingesting = ingest()
    torn = line("tunnel", authority="8x8.vc:443")[:40]

    assert list(ingesting.events(torn)) == []
    assert list(ingesting.events(line("request", authority="api.amplitude.com:443", reason="tier-closed", **DENIED)))
    assert (ingesting.counts.lines, ingesting.counts.unread.total()) == (2, 1)


@pytest.mark.parametrize("seam", ["request", "tunnel", "direct"])
def test_every_event_is_as_the_schema_says(seam: str) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema_text()))
    hostile = line(
        seam,
        authority="evil\u202e.example:443",
        address="203.0.113.1:443",
        sni="x" * 300,
        protocol="tls",
        upstream="10.0.0.1:1",
    )

    for event in events(
        hostile, line(seam, authority="8x8.vc:443", address="203.0.113.1:443", protocol="tls", upstream="10.0.0.1:1")
    ):
        validator.validate(json.loads(to_line(event)))
