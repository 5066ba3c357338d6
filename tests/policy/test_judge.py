"""The specification of judge, sentence by sentence: an attempt under a site, and what is decided of it.

The reasons in their order: first each row alone, then each against those below it.
"""

from dataclasses import replace
from ipaddress import ip_network
from typing import NamedTuple

import pytest

from tests.policy.catalogues import CATALOGUE, connect, denied, everything, listed, only, to
from tierwall.policy.attempt import Attempt, Seen, Verdict
from tierwall.policy.judge import judge
from tierwall.policy.model import Evidence, Network, Tier, Transport
from tierwall.policy.site import Site

REFERENCE = Site(id="reference", admit=(everything(),))
STATED = Site(id="stated", admit=(everything(),), evidence=Evidence.STATED)
CORE = Site(id="8x8-core-only", admit=(only("8x8", tiers=[Tier.CORE]),))
CLOSED = Site(id="closed")
CORP = Site(
    id="corp",
    admit=(only("8x8"), listed("*.corp.example", "files.corp.example", "10.8.0.0/16")),
    deny=(denied("files.corp.example", "203.0.113.0/24", "10.8.13.0/24"), denied("*.corp.example", on=["tcp/22"])),
)

STRANGER = "198.51.100.1"
TURN = "168.138.110.244"
OUTSIDE = "192.0.2.9"
NOWHERE = Attempt(transport=Transport.TCP, port=443)
TLS, QUIC, UDP = Seen.TLS, Seen.QUIC, Transport.UDP


class Outcome(NamedTuple):
    action: str
    reason: str | None
    tier: str
    breaks: tuple[str, ...]
    near: tuple[str, ...]


def allows(tier: str = "none", serves: str = "", near: str = "") -> Outcome:
    return Outcome("allow", None, tier, tuple(serves.split()), tuple(near.split()))


def denies(reason: str, tier: str = "none", breaks: str = "", near: str = "") -> Outcome:
    return Outcome("deny", reason, tier, tuple(breaks.split()), tuple(near.split()))


def outcome(verdict: Verdict) -> Outcome:
    """The parts that the tables speak of; each rule once, however many services it has."""
    breaks, near = (tuple(dict.fromkeys(each.rule for each in several)) for several in (verdict.breaks, verdict.near))
    return Outcome(verdict.action, verdict.reason, verdict.tier, breaks, near)


# fmt: off
EACH_ROW = {
    "what a vendor asks for is allowed, and said to serve it":
        (REFERENCE, connect("8x8.vc"), allows("core", "8x8.vc")),
    "what the customer lists is allowed, and serves nothing documented":
        (CORP, connect("wiki.corp.example"), allows()),
    "an address in a vendor's network is allowed":
        (REFERENCE, to(TURN, 50000, over=UDP), allows("core", "turn-sydney")),
    "1: a client from outside the site's networks":
        (REFERENCE, connect("8x8.vc", client=OUTSIDE), denies("client-refused", "core", "8x8.vc")),
    "2: an opening that makes no sense":
        (REFERENCE, replace(connect("8x8.vc"), malformed="NUL"), denies("malformed", "core", "8x8.vc")),
    "3: the proxy itself":
        (REFERENCE, replace(connect("localhost", 8080), to_self=True), denies("self-connect")),
    "4: a denied name, though it is admitted":
        (CORP, connect("files.corp.example"), denies("site-denied")),
    "4: a name on the port that is denied":
        (CORP, connect("wiki.corp.example", 22), denies("site-denied")),
    "4: a denied address behind an admitted name":
        (CORP, connect("8x8.vc", dialled="203.0.113.7"), denies("site-denied", "core", "8x8.vc")),
    "4: a denied address in an admitted network":
        (CORP, to("10.8.13.1"), denies("site-denied")),
    "4: a denied address, spelled as an IPv4-mapped one":
        (CORP, to("::ffff:10.8.13.1"), denies("site-denied")),
    "4: a denied name from DNS beside an admitted SNI":
        (CORP, to(TURN, sni="8x8.vc", dns="files.corp.example"), denies("site-denied", "core", "8x8.vc")),
    "5: an SNI that is not admitted breaks what the SNI serves, not what the CONNECT does":
        (CORE, connect("8x8.vc", sni="api.amplitude.com"), denies("name-mismatch", "analytics", "api.amplitude.com")),
    "5: an unknown SNI behind an admitted CONNECT breaks nothing":
        (CORE, connect("8x8.vc", sni="evil.example"), denies("name-mismatch")),
    "5: a Host that is not admitted":
        (CORE, connect("8x8.vc", sni="8x8.vc", host_header="evil.example"), denies("name-mismatch")),
    "6: a vendor's host that the site admits, on another port":
        (REFERENCE, connect("8x8.vc", 8443), denies("port-closed", near="8x8.vc")),
    "6: a vendor's network that the site admits, over the other transport":
        (REFERENCE, to(TURN, 50000), denies("port-closed", near="turn-sydney")),
    "6: the customer's own host on another port":
        (CORP, connect("wiki.corp.example", 8443), denies("port-closed")),
    "7: the apex of an admitted wildcard":
        (STATED, connect("vevox.app"), denies("wildcard-gap", "core", "vevox.app", near="*.vevox.app")),
    "7: a name below an admitted exact name":
        (REFERENCE, connect("eu.8x8.vc"), denies("wildcard-gap", near="8x8.vc")),
    "7: the apex of the customer's own wildcard":
        (CORP, connect("corp.example"), denies("wildcard-gap")),
    "8: a tier that the site leaves out":
        (CORE, connect("api.amplitude.com"), denies("tier-closed", "analytics", "api.amplitude.com")),
    "8: a vendor that the site leaves out":
        (CORE, connect("a.vevox.app"), denies("tier-closed", "core", "*.vevox.app", near="vevox.app *.vevox.app:80")),
    "8: a network that the site leaves out":
        (CLOSED, to(TURN), denies("tier-closed", "core", "turn-sydney")),
    "8: a rule that its document leaves unspecified covers all the same, and is never admitted":
        (REFERENCE, connect("chat.vsee.net", 5222), denies("tier-closed", "auxiliary", "chat.vsee.net")),
    "9: a vendor's host on another port, where nothing is admitted":
        (CLOSED, connect("8x8.vc", 80), denies("port-closed", near="8x8.vc")),
    "9: the apex of a vendor's wildcard, where nothing is admitted":
        (CLOSED, connect("jitsi.net"), denies("wildcard-gap", near="*.jitsi.net")),
    "10: TLS to an address, without a name":
        (REFERENCE, to(STRANGER, seen=TLS), denies("no-name")),
    "10: QUIC to an address, without a name":
        (REFERENCE, to(STRANGER, over=UDP, seen=QUIC), denies("no-name")),
    "10: TLS through a CONNECT to a literal address":
        (REFERENCE, connect(STRANGER, seen=TLS), denies("no-name")),
    "11: an address, and no TLS":
        (REFERENCE, to(STRANGER, 9000, seen=Seen.OPAQUE), denies("address-only")),
    "11: a CONNECT to a literal address":
        (REFERENCE, connect(STRANGER), denies("address-only")),
    "11: an address that only sends webhooks to the customer":
        (REFERENCE, to("129.146.1.1"), denies("address-only", near="hooks")),
    "11: an attempt that says nothing of its destination":
        (REFERENCE, NOWHERE, denies("address-only")),
    "12: a name that nobody asks for":
        (REFERENCE, connect("example.com"), denies("unlisted")),
    "12: a name that only sends webhooks to the customer":
        (REFERENCE, connect("hooks.8x8.com"), denies("unlisted", near="hooks.8x8.com")),
    "12: a host whose ports the document leaves empty":
        (REFERENCE, connect("portal.vsee.qa"), denies("unlisted", near="*.vsee.qa")),
    "13: neither TLS nor HTTP, where a vendor's services are on the web":
        (REFERENCE, connect("8x8.vc", seen=Seen.OPAQUE), denies("protocol-closed")),
    "13: not where one of them speaks something else":
        (REFERENCE, to(TURN, seen=Seen.OPAQUE), allows("core", "turn-sydney")),
    "13: not where the customer's own entry says host and port":
        (CORP, connect("wiki.corp.example", seen=Seen.OPAQUE), allows()),
    "13: not for TLS, nor for HTTP":
        (REFERENCE, connect("8x8.vc", seen=Seen.HTTP), allows("core", "8x8.vc")),
    "13: not before it was seen":
        (REFERENCE, connect("8x8.vc"), allows("core", "8x8.vc")),
    "13: not for datagrams":
        (REFERENCE, to(TURN, 50000, over=UDP, seen=Seen.OPAQUE), allows("core", "turn-sydney")),
    "14: an admitted name that leads to the metadata service":
        (REFERENCE, connect("8x8.vc", dialled="169.254.169.254"), denies("private-address", "core", "8x8.vc")),
    "14: not where --resolve means it":
        (REFERENCE, replace(connect("8x8.vc", dialled="127.0.0.1"), redirected=True), allows("core", "8x8.vc")),
    "14: not where an admitted network covers the address":
        (CORP, connect("8x8.vc", dialled="10.8.0.1"), allows("core", "8x8.vc")),
}

FIRST_WINS = {
    "1 before 2": (
        REFERENCE, replace(connect("a.example", client=OUTSIDE), malformed="NUL"), denies("client-refused")),
    "2 before 3": (
        REFERENCE, replace(connect("a.example"), malformed="NUL", to_self=True), denies("malformed")),
    "3 before 4": (
        CORP, replace(connect("files.corp.example"), to_self=True), denies("self-connect")),
    "4 before 5": (
        CORP, connect("8x8.vc", sni="files.corp.example", host_header="evil.example"), denies("site-denied")),
    "4 before 14": (
        CORP, to("10.8.13.1", sni="8x8.vc"), denies("site-denied", "core", "8x8.vc")),
    "5 before 6": (
        REFERENCE, connect("a.vevox.app", 80, sni="8x8.vc"), denies("name-mismatch", near="8x8.vc")),
    "5 before 14": (
        REFERENCE, connect("8x8.vc", sni="evil.example", dialled="10.0.0.1"), denies("name-mismatch")),
    "12 before 13": (
        REFERENCE, connect("example.com", seen=Seen.OPAQUE), denies("unlisted")),
    "13 before 14": (
        REFERENCE, connect("8x8.vc", seen=Seen.OPAQUE, dialled="10.0.0.1"), denies("protocol-closed")),
    "6 before 7": (
        Site(id="s", admit=(listed("*.a.example"), listed("a.example", on=["tcp/80"]))),
        connect("a.example"), denies("port-closed")),
    "6 before 8": (
        Site(id="s", admit=(listed("8x8.vc", on=["tcp/80"]),)),
        connect("8x8.vc"), denies("port-closed", "core", "8x8.vc")),
    "6 before 8, though 8 holds for the first name and 6 for the second; it breaks what both serve": (
        Site(id="s", admit=(listed("a.example", on=["tcp/80"]),)),
        connect("8x8.vc", sni="a.example"), denies("port-closed", "core", "8x8.vc")),
    "7 before 8": (
        Site(id="s", admit=(listed("*.8x8.vc"),)),
        connect("8x8.vc"), denies("wildcard-gap", "core", "8x8.vc")),
    "7 before 9": (
        Site(id="s", admit=(listed("*.8x8.vc", on=["tcp/80"]),)),
        connect("8x8.vc", 80), denies("wildcard-gap", near="8x8.vc")),
    "8 before 9": (
        CLOSED, connect("jitsi.net", sni="8x8.vc"), denies("tier-closed", "core", "8x8.vc", near="*.jitsi.net")),
    "9: port-closed before wildcard-gap": (
        CLOSED, connect("vevox.app", 80, sni="8x8.vc"), denies("port-closed", near="8x8.vc vevox.app *.vevox.app:80")),
    "9 before 10": (
        CLOSED, to(TURN, 80, seen=TLS), denies("port-closed", near="turn-sydney")),
    "9 before 11": (
        CLOSED, to(TURN, 80), denies("port-closed", near="turn-sydney")),
    "9 before 12": (
        CLOSED, connect("evil.example", sni="jitsi.net"), denies("wildcard-gap", near="*.jitsi.net")),
    "12, neither 10 nor 11, where a name stands beside the address": (
        CLOSED, connect(STRANGER, sni="evil.example", seen=TLS), denies("unlisted")),
}

NAMES_BEFORE_ADDRESSES = {
    "an admitted name is enough, wherever it leads":
        (REFERENCE, to(STRANGER, sni="8x8.vc", seen=TLS), allows("core", "8x8.vc")),
    "an unlisted name is not saved by an admitted address":
        (REFERENCE, to(TURN, sni="evil.example", seen=TLS), denies("unlisted")),
    "a name from DNS counts where none was given":
        (REFERENCE, to(STRANGER, dns="8x8.vc"), allows("core", "8x8.vc")),
    "a name from DNS does not save an unlisted SNI":
        (REFERENCE, to(STRANGER, sni="evil.example", dns="8x8.vc"), denies("unlisted")),
    "a name from DNS does not count against an admitted SNI":
        (REFERENCE, to(STRANGER, sni="8x8.vc", dns="evil.example"), allows("core", "8x8.vc")),
    "a CONNECT to a literal must be admitted as well as its SNI":
        (REFERENCE, connect(STRANGER, sni="8x8.vc"), denies("name-mismatch")),
    "an admitted literal and an admitted SNI serve what both serve":
        (REFERENCE, connect(TURN, sni="8x8.vc"), allows("core", "8x8.vc turn-sydney")),
    "a literal Host does not save the address that it is sent to":
        (REFERENCE, to(STRANGER, host_header=TURN), denies("name-mismatch")),
    "an IPv4-mapped address is the IPv4 address":
        (REFERENCE, to(f"::ffff:{TURN}", host_header=TURN), allows("core", "turn-sydney")),
}
# fmt: on

LOOK_ALIKES = ("evil8x8.vc", "8x8.vc.evil.example", "8x8-vc.example", "xn--8x8-8cd.vc", "vc", "xvevox.app", "vevoxapp")


def table(cases: dict[str, tuple[Site, Attempt, Outcome]]) -> pytest.MarkDecorator:
    rows = [pytest.param(*case, id=sentence) for sentence, case in cases.items()]
    return pytest.mark.parametrize(("site", "attempt", "expected"), rows)


@table(EACH_ROW)
def test_each_row_of_the_table(site: Site, attempt: Attempt, expected: Outcome) -> None:
    assert outcome(judge(site, CATALOGUE, attempt)) == expected


@table(FIRST_WINS)
def test_the_first_row_that_holds_wins(site: Site, attempt: Attempt, expected: Outcome) -> None:
    assert outcome(judge(site, CATALOGUE, attempt)) == expected


@table(NAMES_BEFORE_ADDRESSES)
def test_names_come_before_addresses(site: Site, attempt: Attempt, expected: Outcome) -> None:
    assert outcome(judge(site, CATALOGUE, attempt)) == expected


@pytest.mark.parametrize("host", LOOK_ALIKES)
def test_a_look_alike_is_a_stranger(host: str) -> None:
    assert outcome(judge(REFERENCE, CATALOGUE, connect(host))) == denies("unlisted")


@pytest.mark.parametrize(
    ("clients", "client", "passes"),
    [
        pytest.param(None, "127.0.0.9", True, id="loopback by default"),
        pytest.param(None, "::1", True, id="loopback by default, IPv6"),
        pytest.param(None, "::ffff:127.0.0.1", True, id="loopback by default, IPv4-mapped"),
        pytest.param(None, "10.0.0.1", False, id="nobody else by default"),
        pytest.param((ip_network("10.0.0.0/8"),), "10.0.0.1", True, id="whom the site lists"),
        pytest.param((ip_network("10.0.0.0/8"),), "127.0.0.1", False, id="the site's list replaces the default"),
        pytest.param((), "127.0.0.1", False, id="an empty list is nobody"),
        pytest.param((), None, True, id="a client that is not known is not checked"),
    ],
)
def test_only_the_sites_clients_are_served(
    clients: tuple[Network, ...] | None, client: str | None, passes: bool
) -> None:
    site = replace(REFERENCE, clients=clients)

    assert judge(site, CATALOGUE, connect("8x8.vc", client=client)).passes is passes


@pytest.mark.parametrize("address", ["10.0.0.1", "100.64.0.1", "168.63.129.16", "fd00:ec2::254", "::ffff:127.0.0.1"])
def test_a_private_address_is_no_destination_however_it_became_known(address: str) -> None:
    assert judge(REFERENCE, CATALOGUE, connect("8x8.vc", dialled=address)).reason == "private-address"
    assert judge(REFERENCE, CATALOGUE, to(address, sni="8x8.vc")).reason == "private-address"


def test_a_private_address_needs_a_network_with_the_port() -> None:
    site = Site(id="s", admit=(everything(), listed("10.0.0.0/8", on=["tcp/80"])))

    assert judge(site, CATALOGUE, connect("8x8.vc", dialled="10.0.0.1")).reason == "private-address"
