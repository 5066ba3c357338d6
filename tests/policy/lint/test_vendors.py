"""What lint finds in a vendor policy, by the smallest policy that has it."""

from dataclasses import replace

import pytest

from tests.policy.lint.building import EVERY_PORT, HTTP, catalogue, rule, vendor
from tierwall.policy.lint import Code, Severity, lint_catalogue
from tierwall.policy.model import Catalogue, CitedDocument, Direction, Evidence

ODD_POLICIES = {
    "a vendor that rules out addresses lists one": (
        catalogue(rule("a", networks=("192.0.2.1/32",)), addresses_unusable="They change without notice."),
        Code.ADDRESSES_UNUSABLE,
        "acme/a",
        ("192.0.2.1", "They change without notice"),
    ),
    "an address stands only in the copy-paste list": (
        catalogue(rule("rest", networks=("192.0.2.1/32",), category="copy-paste-only")),
        Code.COPY_PASTE_ONLY,
        "acme/rest",
        ("192.0.2.1",),
    ),
    "a network lies in another rule's, with a port in common": (
        catalogue(rule("in", networks=("192.0.2.128/25",)), rule("out", networks=("192.0.2.0/24",), ports=EVERY_PORT)),
        Code.OVERLAPPING_NETWORKS,
        "acme/in",
        ("192.0.2.128/25", "192.0.2.0/24", "out"),
    ),
    "two rules list one network": (
        catalogue(rule("a", networks=("2001:db8::/32",)), rule("b", networks=("2001:db8::/32",))),
        Code.OVERLAPPING_NETWORKS,
        "acme/b",
        ("2001:db8::/32",),
    ),
    "a wildcard covers another rule's name": (
        catalogue(rule("all", "*.acme.example", "acme.example"), rule("one", "a.b.acme.example")),
        Code.SHADOWED_RULE,
        "acme/one",
        ("a.b.acme.example", "*.acme.example"),
    ),
    "a wildcard covers a longer one": (
        catalogue(
            rule("all", "*.acme.example", "acme.example"),
            rule("some", "*.cdn.acme.example"),
        ),
        Code.SHADOWED_RULE,
        "acme/some",
        ("*.cdn.acme.example",),
    ),
    "nothing covers the apex of a wildcard": (
        catalogue(rule("all", "*.acme.example")),
        Code.APEX_NOT_COVERED,
        "acme",
        ("acme.example",),
    ),
    "two networks are the halves of one": (
        catalogue(rule("a", networks=("192.0.2.0/26", "192.0.2.64/26"))),
        Code.MERGEABLE_NETWORKS,
        "acme/a",
        ("192.0.2.0/26", "192.0.2.64/26", "192.0.2.0/25"),
    ),
    "a document asks for every destination": (
        catalogue(replace(rule("media"), anywhere=True)),
        Code.ANYWHERE,
        "acme",
        ("media (tcp/443)", "every destination"),
    ),
    "a rule lacks a value": (
        catalogue(rule("a", "a.example", ports=(), evidence=Evidence.UNSPECIFIED, unspecified=("ports",))),
        Code.UNSPECIFIED,
        "acme",
        ("ports", "a"),
    ),
}


@pytest.mark.parametrize("case", ODD_POLICIES)
def test_of_a_policy_it_reports_that(case: str) -> None:
    policies, code, subject, words = ODD_POLICIES[case]

    (finding,) = lint_catalogue(policies)

    assert (finding.code, finding.subject) == (code, subject)
    assert all(word in finding.message for word in words)


@pytest.mark.parametrize(("read", "old"), [("2026-05-30", True), ("2026-05-31", False), (None, False)])
def test_a_document_that_was_read_before_the_day_is_old(read: str | None, old: bool) -> None:
    document = CitedDocument(id="guide", title="Guide", retrieved=read, form="table")
    policies = Catalogue((replace(vendor(rule("a", "a.example")), documents=(document,)),))

    found = lint_catalogue(policies, "2026-05-31")

    assert [(each.code, each.subject, each.severity) for each in found] == (
        [(Code.STALE_DOCUMENT, "acme/guide", Severity.WARNING)] if old else []
    )


SOUND_POLICIES = {
    "an inbound rule of a vendor without usable addresses has some": catalogue(
        rule("hook", networks=("192.0.2.1/32",), direction=Direction.INBOUND), addresses_unusable="They change."
    ),
    "networks that overlap have no port in common": catalogue(
        rule("a", networks=("192.0.2.0/24",)), rule("b", networks=("192.0.2.1/32",), ports=HTTP)
    ),
    "inbound and egress networks overlap": catalogue(
        rule("a", networks=("192.0.2.0/24",)), rule("b", networks=("192.0.2.1/32",), direction=Direction.INBOUND)
    ),
    "networks are adjacent but no halves of one": catalogue(rule("a", networks=("192.0.2.64/26", "192.0.2.128/26"))),
    "a covered name has a port of its own": catalogue(
        rule("all", "*.acme.example", "acme.example"), rule("one", "a.acme.example", ports=HTTP)
    ),
    "a covered name serves something else": catalogue(
        rule("all", "*.acme.example", "acme.example"), rule("one", "a.acme.example", services=("usage",))
    ),
    "a stated name is covered by inference only": catalogue(
        rule("all", "*.acme.example", "acme.example", evidence=Evidence.INFERRED), rule("one", "a.acme.example")
    ),
    "the apex is listed": catalogue(rule("all", "*.acme.example"), rule("apex", "acme.example")),
    "the apex is below another wildcard": catalogue(
        rule("all", "*.acme.example", "acme.example"), rule("cdn", "*.cdn.acme.example", services=("usage",))
    ),
}


@pytest.mark.parametrize("case", SOUND_POLICIES)
def test_of_a_policy_it_lets_pass_that(case: str) -> None:
    findings = lint_catalogue(SOUND_POLICIES[case])

    assert findings == ()


def test_the_most_severe_findings_come_first() -> None:
    odd = catalogue(
        rule("all", "*.acme.example"),
        rule("rest", networks=("192.0.2.1/32",), category="copy-paste-only"),
        addresses_unusable="They change.",
    )

    severities = [finding.severity for finding in lint_catalogue(odd)]

    assert severities == [Severity.ERROR, Severity.WARNING, Severity.NOTE]
