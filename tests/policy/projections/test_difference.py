"""What is different between two versions of a policy is said by id, key by key, and nothing else is."""

from dataclasses import replace

from tests.policy.catalogues import DOCUMENT, EIGHT, VEVOX, rule, service
from tierwall.policy.model import CitedDocument, Ladder, Step, Tier, Vendor
from tierwall.policy.projections.difference import Kind, differences


def said(old: Vendor, new: Vendor) -> list[str]:
    return [str(change) for change in differences(old, new)]


def test_nothing_is_different_between_a_policy_and_itself() -> None:
    assert differences(EIGHT, EIGHT) == ()


def test_the_order_of_rules_and_values_is_no_difference() -> None:
    assert differences(EIGHT, replace(EIGHT, rules=EIGHT.rules[::-1])) == ()


def test_what_came_to_a_list_and_what_went_is_said() -> None:
    changed = replace(VEVOX.rules[0], hosts=("*.vevox.app", "*.vevox.com"), ports=())

    assert said(VEVOX, replace(VEVOX, rules=(changed, *VEVOX.rules[1:]))) == [
        "rule *.vevox.app changed: hosts: + *.vevox.com; ports: - tcp/443"
    ]


def test_of_a_single_value_the_new_and_the_old_one_are_said() -> None:
    apps = replace(VEVOX.services[0], tier=Tier.AUXILIARY)

    assert said(VEVOX, replace(VEVOX, services=(apps, VEVOX.services[1]))) == [
        "service apps changed: tier: + auxiliary, - core"
    ]


def test_new_and_gone_rules_come_with_all_they_have() -> None:
    new = replace(VEVOX, rules=(rule("new.vevox.com", "apps"), *VEVOX.rules[1:]))

    added, removed = differences(VEVOX, new)

    assert (added.kind, added.id, removed.kind, removed.id) == (
        Kind.ADDED,
        "new.vevox.com",
        Kind.REMOVED,
        "*.vevox.app",
    )
    assert {value.key: value.added for value in added.values}["hosts"] == ("new.vevox.com",)


def test_services_documents_and_ladders_are_compared_too() -> None:
    document = CitedDocument(id="guide", title="Guide", retrieved="2026-11-27")
    ladder = Ladder(id="media", steps=(Step(title="UDP", rules=("a",)),), source=DOCUMENT)
    new = replace(
        VEVOX, services=(*VEVOX.services, service("more")), documents=(document,), ladders=(ladder,), title="Vevox!"
    )

    assert [(change.what, change.id, change.kind) for change in differences(VEVOX, new)] == [
        ("vendor", "vevox", Kind.CHANGED),
        ("document", "guide", Kind.ADDED),
        ("service", "more", Kind.ADDED),
        ("fallback", "media", Kind.ADDED),
    ]
