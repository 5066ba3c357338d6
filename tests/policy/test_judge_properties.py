"""What must hold of judge for every site and attempt, and not only for those that somebody thought of."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.policy.catalogues import CATALOGUE, denied, everything, listed, only, rule, service, vendor
from tierwall.policy.attempt import Action, Attempt, GivenName, NameSource, Reason, Seen
from tierwall.policy.behaviour import TlsInspection
from tierwall.policy.hostname import is_private
from tierwall.policy.judge import judge
from tierwall.policy.model import Address, Catalogue, Direction, Evidence, Tier, Transport
from tierwall.policy.site import ListEntry, Site, VendorEntry

HOSTS = st.sampled_from(
    [
        *("8x8.vc", "a.8x8.vc", "evil8x8.vc", "vc", "cdn.8x8.com", "api.amplitude.com", "jitsi.net", "a.jitsi.net"),
        *("vevox.app", "a.b.vevox.app", "portal.vsee.qa", "chat.vsee.net"),
        *("corp.example", "a.corp.example", "example.com"),
    ]
)
NAMES = HOSTS | st.text(max_size=300) | st.lists(st.just("a"), max_size=140).map(".".join)
ADDRESSES = (
    st.sampled_from(["168.138.110.244", "129.146.1.1", "10.1.1.1", "198.51.100.1"]).map(IPv4Address)
    | st.sampled_from(["2001:db8:8::1", "::ffff:168.138.110.244", "fe80::1%eth0", "64:ff9b::a01:101"]).map(IPv6Address)
    | st.ip_addresses()
)
PORTS = st.sampled_from([80, 443, 5222, 8443, 50000]) | st.integers(0, 65535)

ATTEMPTS = st.builds(
    Attempt,
    transport=st.sampled_from(Transport),
    port=PORTS,
    names=st.lists(st.builds(GivenName, st.sampled_from(NameSource), NAMES | ADDRESSES), max_size=4).map(tuple),
    address=st.none() | ADDRESSES,
    dialled=st.none() | ADDRESSES,
    redirected=st.booleans(),
    client=st.none() | st.just(IPv4Address("127.0.0.1")) | ADDRESSES,
    seen=st.none() | st.sampled_from(Seen),
    to_self=st.sampled_from([False, False, False, True]),
    malformed=st.sampled_from([None, None, None, "NUL"]),
)

ENTRIES: st.SearchStrategy[VendorEntry | ListEntry] = st.sampled_from(
    [
        everything(),
        only("8x8", tiers=[Tier.CORE]),
        only("vevox"),
        only(services=["meetings", "chat"]),
        listed("*.corp.example", "8x8.vc"),
        listed("*.vevox.app", on=["tcp/80"]),
        listed("168.138.0.0/16", "10.0.0.0/8", "::/0", on=["tcp/any", "udp/443"]),
    ]
)
SITES = st.builds(
    Site,
    id=st.just("any"),
    enforce=st.booleans(),
    admit=st.lists(ENTRIES, max_size=3).map(tuple),
    deny=st.lists(st.sampled_from([denied("a.8x8.vc"), denied("*.vevox.app"), denied("10.0.0.0/8")])).map(tuple),
    evidence=st.sampled_from([Evidence.STATED, Evidence.INFERRED]),
    behaviours=st.sampled_from([(), (TlsInspection(),), (TlsInspection(excepted=("8x8.vc",)),)]),
)


@given(SITES, ATTEMPTS)
def test_every_attempt_gets_a_verdict_that_makes_sense(site: Site, attempt: Attempt) -> None:
    verdict = judge(site, CATALOGUE, attempt)

    assert (verdict.reason is None) == (verdict.detail is None)
    assert verdict.reason is not None or verdict.passes
    assert verdict.reason is None or verdict.action is not Action.INSPECT
    assert site.enforce is False or not verdict.would_deny
    assert verdict.tier is (verdict.breaks[0].tier if verdict.breaks else Tier.NONE)
    assert len({(each.vendor, each.rule, each.service) for each in verdict.breaks}) == len(verdict.breaks)
    assert not set(verdict.breaks) & set(verdict.near)


@given(SITES, ATTEMPTS)
def test_the_same_question_has_the_same_answer(site: Site, attempt: Attempt) -> None:
    assert judge(site, CATALOGUE, attempt) == judge(replace(site), Catalogue(CATALOGUE.vendors), attempt)


UNRELATED = vendor(
    "unrelated",
    [service("unrelated")],
    [
        rule("unrelated.invalid", "unrelated", hosts=["unrelated.invalid", "*.unrelated.invalid"]),
        rule("unrelated-net", "unrelated", networks=["192.88.99.0/24"], on=["tcp/any", "udp/any"]),
        rule("unrelated-in", "unrelated", networks=["192.88.99.0/24"], direction=Direction.INBOUND),
    ],
)


@given(SITES, ATTEMPTS)
def test_an_unrelated_rule_never_changes_a_verdict(site: Site, attempt: Attempt) -> None:
    more = replace(
        site,
        admit=(listed("*.other.invalid", "192.88.98.0/24", label="other"), *site.admit),
        deny=(*site.deny, denied("other.invalid", "192.88.98.0/24")),
    )
    assume(not any(_is_unrelated(value) for value in _values(attempt)))

    assert judge(more, Catalogue((UNRELATED, *CATALOGUE.vendors)), attempt) == judge(site, CATALOGUE, attempt)


def _values(attempt: Attempt) -> list[object]:
    return [*(name.value for name in attempt.names), attempt.address, attempt.dialled]


def _is_unrelated(value: object) -> bool:
    if isinstance(value, str):
        return value == "invalid" or value.endswith((".invalid", "other.invalid"))
    mapped = value.ipv4_mapped if isinstance(value, IPv6Address) else value
    return isinstance(mapped, IPv4Address) and mapped in IPv4Network("192.88.98.0/23")


@given(SITES, ATTEMPTS, HOSTS, st.sampled_from(NameSource), st.integers(1, 65535))
def test_deny_always_wins(site: Site, attempt: Attempt, host: str, source: NameSource, port: int) -> None:
    names = (*attempt.names, GivenName(source, host))
    refusing = replace(site, enforce=True, deny=(*site.deny, denied(host)))

    verdict = judge(refusing, CATALOGUE, replace(attempt, names=names, port=port))

    assert verdict.action is Action.DENY
    assert verdict.reason in {Reason.CLIENT_REFUSED, Reason.MALFORMED, Reason.SELF_CONNECT, Reason.SITE_DENIED}


@given(SITES, ATTEMPTS, st.randoms())
def test_the_order_of_names_does_not_change_what_passes(site: Site, attempt: Attempt, random: Random) -> None:
    shuffled = list(attempt.names)
    random.shuffle(shuffled)
    literals = [name for name in attempt.names if not isinstance(name.value, str)]
    if len(literals) > 1 and attempt.dialled is None and attempt.address is None:
        return  # the first of several literals stands for what would be dialled

    before, after = (
        judge(site, CATALOGUE, replace(attempt, names=tuple(names))) for names in (attempt.names, shuffled)
    )

    assert (before.action, before.reason) == (after.action, after.reason)
    assert set(before.breaks) == set(after.breaks)


@given(ATTEMPTS)
def test_a_site_that_admits_nothing_lets_nothing_through(attempt: Attempt) -> None:
    assert judge(Site(id="closed"), CATALOGUE, attempt).action is Action.DENY


@given(SITES, ATTEMPTS, ADDRESSES.filter(is_private))
def test_no_vendor_leads_to_a_private_address(site: Site, attempt: Attempt, private: Address) -> None:
    vendors_only = replace(site, enforce=True, admit=(everything(),))
    to_private = replace(attempt, dialled=private, redirected=False)

    assert judge(vendors_only, CATALOGUE, to_private).action is Action.DENY
