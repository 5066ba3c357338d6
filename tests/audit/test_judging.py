"""The answers: what is broken, what works, what was never seen, and that everything adds up."""

from hypothesis import given
from hypothesis import strategies as st

from tests.audit.logs import audited, squid
from tierwall.audit.judging import Question
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Tier

RESULTS = ["TCP_DENIED/403", "TCP_DENIED/407", "TCP_TUNNEL/200", "TCP_TUNNEL/503", "NONE_NONE/200", "TCP_REDIRECT/302"]
TARGETS = [
    "8x8.vc:443",
    "api.amplitude.com:443",
    "lab.vevox.com:443",
    "vevox.app:443",
    "other.example:443",
    "8x8.vc:22",
]


def services(found: tuple[object, ...]) -> set[tuple[str, str]]:
    return {(each.vendor, each.service) for each in found}  # type: ignore[attr-defined]


def test_a_denial_is_told_with_what_it_breaks() -> None:
    lines = [
        squid("api.amplitude.com:443", at=1764230400),
        squid("api.amplitude.com:443", at=1764230460, client="10.0.0.2"),
    ]

    (broken,) = audited(lines).broken

    assert (broken.vendor, broken.tier, broken.service) == ("8x8", Tier.ANALYTICS, "analytics")
    assert broken.symptom
    (row,) = broken.destinations
    assert (row.host, row.port, row.denied, row.allowed) == ("api.amplitude.com", 443, 2, 0)
    assert (row.first, row.last) == ("2025-11-27T08:00:00Z", "2025-11-27T08:01:00Z")
    assert row.words == ("TCP_DENIED/403",)
    assert row.clients == ("10.0.0.1", "10.0.0.2")


def test_who_is_asked_to_log_in_is_not_denied() -> None:
    found = audited([squid("8x8.vc:443", "TCP_DENIED/407")])

    assert found.broken == ()
    assert ("8x8", "meetings") in services(found.auth)
    assert found.totals.auth == 1


def test_a_login_that_is_followed_by_traffic_is_nothing() -> None:
    found = audited([squid("8x8.vc:443", "TCP_DENIED/407"), squid("8x8.vc:443", "TCP_TUNNEL/200")])

    assert (found.broken, found.auth) == ((), ())
    assert ("8x8", "meetings") in services(found.works)


def test_the_servers_own_refusal_is_not_the_proxys() -> None:
    line = "1764230404.758    299 10.20.0.8 TCP_MISS/403 1448 GET https://8x8.vc/x - HIER_DIRECT/192.0.2.4 text/html"

    found = audited([line])

    assert found.broken == ()
    assert ("8x8", "meetings") in services(found.works)


def test_what_no_line_is_about_was_not_tested() -> None:
    found = audited([squid("8x8.vc:443", "TCP_TUNNEL/200")])

    assert ("vevox", "dashboard") in services(found.not_seen)
    assert ("8x8", "meetings") not in services(found.not_seen)


def test_a_line_that_does_not_say_what_was_decided_tests_nothing() -> None:
    found = audited([squid("8x8.vc:443", "NONE_NONE/200")])

    assert ("8x8", "meetings") in services(found.not_seen)
    assert [(each.words, each.lines) for each in found.unexplained] == [("NONE_NONE/200 CONNECT", 1)]


def test_a_name_below_a_wildcard_says_nothing_about_its_apex() -> None:
    found = audited([squid("vevox.com:443", "TCP_DENIED/403")])

    assert found.broken == ()


def test_the_entries_to_add_are_spelled_as_was_asked() -> None:
    lines = [squid("a.vevox.com:443"), squid("b.vevox.com:443")]

    (added,) = audited(lines, Question(pseudonym=str, dialect=Dialect.SQUID)).to_add

    assert (added.entry, added.ports) == (".vevox.com", ("tcp/443",))
    assert added.opens_besides == ("vevox.com", "every other name below vevox.com")


def test_only_what_is_asked_about_is_answered() -> None:
    lines = [squid("api.amplitude.com:443"), squid("lab.vevox.com:443")]

    found = audited(lines, Question(pseudonym=str, vendors=frozenset({"vevox"}), tiers=frozenset({Tier.CORE})))

    assert {vendor for vendor, _ in services(found.broken)} == {"vevox"}
    assert {each.entry for each in found.to_add} == {"lab.vevox.com"}
    assert found.totals.denied == 2


@given(st.lists(st.tuples(st.sampled_from(TARGETS), st.sampled_from(RESULTS), st.booleans()), max_size=40))
def test_all_answers_add_up_to_the_lines(made: list[tuple[str, str, bool]]) -> None:
    lines = ["rubbish" if spoilt else squid(target, result) for target, result, spoilt in made]

    found = audited(lines)
    totals = found.totals

    assert sum(each.lines for each in found.sources) == len(lines)
    assert sum(each.unread for each in found.sources) == lines.count("rubbish")
    assert totals.records == sum(each.read for each in found.sources) == len(lines) - lines.count("rubbish")
    assert totals.allowed + totals.denied + totals.auth + totals.error + totals.unknown == totals.records
    assert sum(each.lines for each in found.unexplained) == totals.unknown
    denied = {(row.host, row.port): row.denied for each in found.broken for row in each.destinations}
    elsewhere = [t for t, r, spoilt in made if not spoilt and r == "TCP_DENIED/403" and t in TARGETS[4:]]
    assert sum(denied.values()) + len(elsewhere) == totals.denied
