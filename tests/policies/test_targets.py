"""Sixty targets and more: under `reference` the new vendors' documents decide, and a denial names whom it breaks."""

from collections.abc import Sequence
from functools import cache
from ipaddress import ip_address

import pytest

from tierwall.loader import load_site
from tierwall.policy.attempt import Attempt, Reason, Verdict
from tierwall.policy.judge import judge
from tierwall.policy.match.vendor_rules import admitted_rules
from tierwall.policy.model import Catalogue, Tier
from tierwall.policy.site import Site, VendorEntry
from tierwall.policy.target import attempt_for

ALLOWED = """\
https://teams.microsoft.com                 teams/set-12            core
https://eu-api.teams.microsoft.com          teams/set-12            core
http://teams.cloud.microsoft                teams/set-12            core
udp://52.113.7.7:3478                       teams/set-11            core
udp://52.122.1.1:3481                       teams/set-11            core
udp://[2603:1063::7]:3479                   teams/set-11            core
https://52.112.0.9                          teams/set-12            core
https://login.microsoftonline.com           teams/set-56            core
https://aadcdn.msftauth.net                 teams/set-59            core
https://aka.ms                              teams/set-17            auxiliary
https://api.skype.com                       teams/set-127           auxiliary
https://us04web.zoom.us                     zoom/*.zoom.us          core
http://us04web.zoom.us                      zoom/*.zoom.us          core
https://zoom.us                             zoom/zoom.us            core
udp://170.114.10.1:8801                     zoom/media-udp          core
udp://206.247.1.1:3478                      zoom/rooms-udp          core
https://134.224.0.1                         zoom/networks           core
udp://144.195.1.1:8810                      zoom/media-more         core
https://node1.zoomonprem.com                zoom/*.zoomonprem.com   auxiliary
https://acme.webex.com                      webex/services          core
https://mercury-a.wbx2.com                  webex/services          core
wss://mercury.ciscospark.com                webex/services          core
https://files.webexcontent.com              webex/*.webexcontent.com core
udp://170.72.1.1:5004                       webex/media-udp         core
udp://150.253.200.1:9000                    webex/media-udp         core
tcp://23.89.1.1:5004                        webex/media-tcp         core
https://[2607:fcf0::1]                      webex/media-tls         core
https://media.giphy.com                     webex/*.giphy.com       auxiliary
https://col.eum-appdynamics.com             webex/telemetry         analytics
https://meet.google.com                     google-meet/api         core
https://fonts.gstatic.com                   google-meet/static      core
https://stream.meet.google.com              google-meet/live-streaming auxiliary
udp://74.125.250.7:19305                    google-meet/media-udp   core
udp://142.250.82.7:3478                     google-meet/media-udp   core
https://meet.turns.goog                     google-meet/turn        core
udp://[2001:4860:4864:6::7]:19302           google-meet/media-udp   core
https://app.goto.com                        goto/*.goto.com         core
https://turn.goto-rtc.com                   goto/*.goto-rtc.com     core
udp://turn.goto-rtc.com:3478                goto/turn-udp           core
https://authentication.logmeininc.com       goto/*.logmeininc.com   core
udp://68.64.1.1:8200                        goto/classic-udp        auxiliary
https://acme.gotowebinar.com                goto/*.gotowebinar.com  auxiliary
wss://acme.livekit.cloud                    livekit/*.livekit.cloud core
https://a.turn.livekit.cloud                livekit/*.turn.livekit.cloud core
udp://a.host.livekit.cloud:3478             livekit/*.host.livekit.cloud core
https://kahoot.it                           kahoot/kahoot.it        core
wss://play.kahoot.it/cometd                 kahoot/*.kahoot.it      core
http://create.kahoot.it                     kahoot/*.kahoot.it:80   core
https://live.kudoway.eu                     kudo/names-europe       core
https://x.kudoway.com                       kudo/*.kudoway.com      core
https://anvil.opentok.com                   kudo/media-hosts        core
udp://turn.tokbox.com:3478                  kudo/media-udp          auxiliary
https://bstg.spotme.com                     spotme/platform         core
tcp://eu-channel.spotme.com:10020           spotme/ingest           auxiliary
tcp://17.57.1.1:5223                        spotme/push-apple       auxiliary
https://api.mxpnl.com                       spotme/*.mxpnl.com      analytics
https://meet.vmr.vc                         pexip-kinly/my-meeting-video core
udp://meet.vmr.vc:10000                     pexip-kinly/media-udp   auxiliary
tcp://46.137.184.162:389                    pexip-kinly/provisioning core
https://acme.pexip.me                       pexip-kinly/domains     core
https://acme.whereby.com                    whereby/rooms           core
wss://a.sfu.whereby.com                     whereby/signaling       core
udp://a.turn.whereby.com:443                whereby/turn-udp        auxiliary
https://eu.posthog.com                      whereby/usage           analytics
https://app.sli.do                          webex/slido             core
"""
"""Target, what admits it, and the most severe tier of what it serves."""

DENIED = """\
https://microsoft.com.evil.example          unlisted      none
https://example.com                         unlisted      none
https://api.callstats.io                    unlisted      none
https://onmicrosoft.com                     unlisted      none
https://evilzoom.us                         unlisted      none
https://zoom.us.evil.example                unlisted      none
https://webex.com                           wildcard-gap  none
https://livekit.cloud                       wildcard-gap  none
https://whereby.net                         unlisted      none
udp://teams.microsoft.com:3478              port-closed   none
udp://52.113.7.7:3482                       port-closed   none
tcp://170.114.10.1:8803                     port-closed   none
udp://203.0.113.9:50001                     address-only  none
udp://203.0.113.9:10000                     address-only  none
tcp://203.0.113.9:7881                      address-only  none
udp://[2001:db8::1]:45000                   address-only  none
https://52.26.201.32                        no-name   none
https://20.21.208.105                       no-name   none
"""


def rows(table: str) -> list[tuple[str, str, str]]:
    return [(cells[0], cells[1], cells[2]) for line in table.splitlines() if (cells := line.split())]


@cache
def attempt(target: str) -> Attempt:
    return attempt_for(target)


def verdict(catalogue: Catalogue, target: str, site: Site | None = None) -> Verdict:
    return judge(site or load_site("reference", catalogue), catalogue, attempt(target))


def admitting(vendors: Sequence[str]) -> Site:
    return Site(id="s", admit=tuple(VendorEntry(vendor=vendor) for vendor in vendors))


@pytest.mark.parametrize(("target", "rule", "tier"), rows(ALLOWED))
def test_what_documents_ask_for_is_admitted_and_serves_what_they_say(
    catalogue: Catalogue, target: str, rule: str, tier: str
) -> None:
    found = verdict(catalogue, target)

    assert found.passes
    assert rule in {f"{impact.vendor}/{impact.rule}" for impact in found.breaks}
    assert found.tier == tier


@pytest.mark.parametrize(("target", "reason", "tier"), rows(DENIED))
def test_what_no_document_asks_for_stays_denied(catalogue: Catalogue, target: str, reason: str, tier: str) -> None:
    found = verdict(catalogue, target)

    assert (found.reason, found.tier) == (reason, tier)


def test_there_are_sixty_targets_of_every_new_vendor_with_a_place() -> None:
    assert len(rows(ALLOWED)) >= 60
    assert len({rule.partition("/")[0] for _, rule, _ in rows(ALLOWED)}) == 11


def test_a_denial_names_every_vendor_that_it_breaks_the_most_severe_first(catalogue: Catalogue) -> None:
    found = verdict(catalogue, "https://apis.google.com", load_site("8x8-core-only", catalogue))

    assert found.reason is Reason.TIER_CLOSED
    assert [(impact.vendor, impact.tier) for impact in found.breaks] == [
        ("google-meet", Tier.CORE),
        ("goto", Tier.AUXILIARY),
        ("webex", Tier.AUXILIARY),
        ("8x8", Tier.ANALYTICS),
    ]


def test_the_standing_examples_break_whom_they_broke(catalogue: Catalogue) -> None:
    site = load_site("8x8-core-only", catalogue)

    (analytics,) = verdict(catalogue, "https://api.amplitude.com", site).breaks
    (auxiliary,) = verdict(catalogue, "https://www.gravatar.com", site).breaks

    assert (analytics.vendor, auxiliary.vendor) == ("8x8", "8x8")


def test_kudo_without_wildcards_breaks_nothing_where_the_single_names_are_open(catalogue: Catalogue) -> None:
    names = Site(id="s", admit=(VendorEntry(vendor="kudo", rules=frozenset({"names-usa"})),))

    assert verdict(catalogue, "https://other.kudoway.com", names).breaks == ()
    assert verdict(catalogue, "https://other.kudoway.eu", names).tier is Tier.CORE


def test_where_udp_is_blocked_what_remains_is_said(catalogue: Catalogue) -> None:
    found = verdict(catalogue, "udp://52.113.7.7:3478", load_site("udp-blocked", catalogue))

    (impact,) = [each for effect in found.effects for each in effect.breaks]
    assert "as a last resort" in impact.symptom


def test_what_documents_ask_for_everywhere_is_never_admitted(catalogue: Catalogue) -> None:
    rules = admitted_rules(load_site("reference", catalogue), catalogue)

    assert rules
    assert [str(rule) for rule in rules if rule.rule.anywhere] == []


def test_the_addresses_of_the_targets_are_public() -> None:
    addresses = [each.address for target, _, _ in rows(ALLOWED) if (each := attempt(target)).address]

    assert all(ip_address(str(address)).is_global for address in addresses)
