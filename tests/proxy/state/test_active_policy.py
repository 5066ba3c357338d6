"""What is in force: verdicts are remembered, a reload forgets them, and what raises denies."""

import logging
from ipaddress import ip_address, ip_network
from typing import cast

import pytest

from tests.policy.catalogues import CATALOGUE, connect, everything, listed
from tierwall.policy.attempt import Action, Attempt, Reason
from tierwall.policy.site import Site
from tierwall.proxy.state.active_policy import ActivePolicy

OPEN = Site(id="open", admit=(everything(),))
CLOSED = Site(id="closed")


def test_a_verdict_is_remembered() -> None:
    active_policy = ActivePolicy(OPEN, CATALOGUE)

    assert active_policy.judge(connect("8x8.vc")) is active_policy.judge(connect("8x8.vc"))


def test_new_files_hold_at_once() -> None:
    active_policy = ActivePolicy(OPEN, CATALOGUE)
    before = active_policy.judge(connect("8x8.vc"))

    active_policy.replace(CLOSED, CATALOGUE)

    assert (before.action, active_policy.judge(connect("8x8.vc")).reason) == (Action.ALLOW, Reason.TIER_CLOSED)


def test_who_listens_is_told_of_a_change_when_it_is_in_force() -> None:
    active_policy = ActivePolicy(OPEN, CATALOGUE)
    told: list[bool] = []
    active_policy.listen(lambda: told.append(active_policy.judge(connect("8x8.vc")).passes))

    active_policy.replace(CLOSED, CATALOGUE)
    active_policy.replace(OPEN, CATALOGUE)

    assert told == [False, True]


def test_what_makes_judging_raise_is_denied_as_our_error(caplog: pytest.LogCaptureFixture) -> None:
    no_attempt = cast("Attempt", "not an attempt")

    with caplog.at_level(logging.ERROR):
        verdict = ActivePolicy(OPEN, CATALOGUE).judge(no_attempt)

    assert (verdict.action, verdict.reason) == (Action.DENY, Reason.ERROR)
    assert "the attempt is denied" in caplog.text


@pytest.mark.parametrize(
    ("client", "at_gateway", "served"),
    [
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("10.0.0.7", False, False),
        ("10.0.0.7", True, True),
        ("100.64.0.1", True, True),
        ("198.51.100.1", True, False),
    ],
)
def test_without_clients_in_the_site_loopback_is_served_and_at_a_gateway_private_ranges(
    client: str, at_gateway: bool, served: bool
) -> None:
    refused = ActivePolicy(OPEN, CATALOGUE).refused(ip_address(client), through_gateway=at_gateway)

    assert (refused is None) is served


def test_the_sites_clients_are_the_only_ones() -> None:
    active_policy = ActivePolicy(Site(id="office", clients=(ip_network("198.51.100.0/24"),)), CATALOGUE)

    assert active_policy.refused(ip_address("198.51.100.1"), through_gateway=False) is None
    refused = active_policy.refused(ip_address("127.0.0.1"), through_gateway=True)
    assert refused is not None
    assert refused.reason is Reason.CLIENT_REFUSED


def test_named_clients_are_served_besides_where_the_site_names_none() -> None:
    named, client = (ip_network("198.51.100.0/24"),), ip_address("198.51.100.1")
    silent, own = Site(id="lab"), Site(id="office", clients=(ip_network("192.0.2.0/24"),))

    for at_gateway in (False, True):
        assert ActivePolicy(silent, CATALOGUE, named).refused(client, through_gateway=at_gateway) is None
        assert ActivePolicy(own, CATALOGUE, named).refused(client, through_gateway=at_gateway)


def test_a_private_address_in_an_admitted_network_is_dialled() -> None:
    active_policy = ActivePolicy(Site(id="lab", admit=(listed("10.0.0.0/8", on=["tcp/443"]),)), CATALOGUE)
    attempt = Attempt(transport=connect("x").transport, port=443, address=ip_address("10.1.2.3"))

    assert active_policy.judge(attempt).passes
