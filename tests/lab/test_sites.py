"""The lab in containers under other sites: what is denied there, of what tier, and that it reached nobody."""

import pytest

from tests.lab.containers import Lab
from tests.lab.test_reference import TURN, TURN_CLIENT, through_proxy

CLOSED_LATER = """\
version: 1
site: acme
title: A customer's network, changed while it runs
admit: [{vendor: vevox}]
"""


def test_what_is_typed_first_after_up_works(lab: Lab) -> None:
    assert lab.first is not None
    assert "<title>vevox.app</title>" in lab.first.stdout, lab.first.stderr


@pytest.mark.parametrize("service", ["proxy", "gateway"])
def test_behaviours_are_switched_in_a_container_that_cannot_write(lab: Lab, service: str) -> None:
    on = lab.run(service, "tierwall", "behaviour", "on", "latency", "delay=10ms")
    listed = lab.run(service, "tierwall", "behaviour", "list")
    reset = lab.run(service, "tierwall", "behaviour", "reset")

    assert (on.returncode, reset.returncode) == (0, 0), on.stderr
    assert "latency  (switched on)" in listed.stdout


def test_the_explicit_proxy_leads_to_the_stand_ins_under_another_site_too(lab: Lab) -> None:
    """As the recipe has it: without naming the profile of the stand-ins, which run."""
    done = lab.compose("up", "-d", "--no-build", profiles=("gateway",), TIERWALL_SITE="vevox-only")
    assert done.returncode == 0, done.stderr
    lab.until(lambda: lab.is_healthy("proxy"), "the proxy is not healthy again")

    lab.until(lambda: "<title>acme.vevox.com</title>" in through_proxy("-k", "https://acme.vevox.com/"), "no page")
    assert "tier-closed" in through_proxy("-i", "https://8x8.vc/")


def test_a_denied_analytics_host_is_a_line_of_the_gateways_log_with_its_tier(lab: Lab) -> None:
    lab.up("core-only")
    before = lab.reached()

    answer = lab.shell("curl", "-sS", "--max-time", "20", "https://api.amplitude.com/")

    assert "access denied" in answer.stderr
    lab.until(
        lambda: "analytics 8x8/analytics api.amplitude.com:443 tier-closed" in lab.log("gateway"), "not in the log"
    )
    assert not any("api.amplitude.com" in line for line in lab.reached()[len(before) :])


def test_with_8x8_closed_its_turn_media_is_denied_as_core_and_reaches_nothing(lab: Lab) -> None:
    lab.up("vevox-only")
    before = lab.reached()

    relayed = lab.shell("timeout", "8", *TURN_CLIENT, TURN)

    assert relayed.returncode != 0
    event = lab.event_to(ip=TURN)
    assert (event["event"]["reason"], event["tierwall"]["tier"]) == ("tier-closed", "core")
    assert (event["network"]["transport"], event["rule"]["ruleset"]) == ("udp", "8x8")
    assert "core      8x8/turn-relay" in lab.log("gateway")
    assert not any("session" in line for line in lab.reached()[len(before) :])


def test_a_changed_site_is_in_force_without_a_restart(lab: Lab) -> None:
    site = lab.policies / "sites" / "acme.yaml"
    site.write_text(CLOSED_LATER)
    lab.up("acme")
    page = ("curl", "-sS", "--max-time", "20", "https://vevox.app/")
    assert "<title>vevox.app</title>" in lab.shell(*page).stdout

    site.write_text(CLOSED_LATER.replace("vevox", "8x8"))

    lab.until(lambda: "access denied" in lab.shell(*page).stderr, "the changed site is not in force")


def test_without_the_gateways_container_nothing_gets_through(lab: Lab) -> None:
    lab.up("reference")
    page = ("curl", "-sS", "--max-time", "5", "https://vevox.app/")
    assert "<title>vevox.app</title>" in lab.shell(*page).stdout
    before = lab.reached()

    assert lab.compose("kill", "-s", "KILL", "gateway").returncode == 0

    assert lab.shell(*page).returncode != 0
    assert lab.shell("curl", "-sSk", "--max-time", "3", "https://198.18.0.1/").returncode != 0
    assert lab.shell("timeout", "3", *TURN_CLIENT, TURN).returncode != 0
    assert lab.reached() == before
