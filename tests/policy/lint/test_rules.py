"""What lint says of a configuration with rules."""

from tests.policy.lint.building import catalogue, rule
from tierwall.policy.access_rules import (
    AccessList,
    AccessRule,
    AccessRules,
    Assumed,
    Condition,
    Decision,
    Hosts,
    Together,
)
from tierwall.policy.dialect import Dialect
from tierwall.policy.lint import Code, Finding, lint_site
from tierwall.policy.site import RuledEntry, Site

EVERYBODY = AccessList("all", (Together(()),), "built in")
BLOCKED = AccessList("blocked", (Hosts((".vevox.app",), Dialect.SQUID),), "squid.conf:1")
STAFF = AccessList("staff", (Assumed("proxy_auth"),), "squid.conf:2")
ASKED = catalogue(rule("a", "8x8.vc", "*.8x8.vc"), rule("b", "vevox.app"))


def _linted(*rules: tuple[Decision, AccessList], otherwise: Decision = Decision.DENY) -> list[Finding]:
    made = tuple(
        AccessRule(decision, (Condition(of),), f"squid.conf:{at + 3}") for at, (decision, of) in enumerate(rules)
    )
    entry = RuledEntry(label="squid.conf", rules=AccessRules(made, otherwise))
    return list(lint_site(Site(id="lab", admit=(entry,)), ASKED))


def test_what_its_rules_admit_and_which_rule_keeps_out_the_rest() -> None:
    said = {each.code: each.message for each in _linted((Decision.DENY, BLOCKED), (Decision.ALLOW, STAFF))}

    assert said[Code.LIST_ADMITS] == "squid.conf admits of acme: 8x8.vc, *.8x8.vc"
    assert said[Code.LIST_MISSES] == "squid.conf misses of acme: vevox.app (`deny blocked` at squid.conf:3 decides)"
    assert said[Code.NOT_FOLLOWED] == (
        "squid.conf: `staff` (proxy_auth) cannot be followed, and is taken as matching: squid.conf:2"
    )


def test_a_list_of_what_is_blocked_admits_everything_else() -> None:
    (found,) = [
        each for each in _linted((Decision.DENY, BLOCKED), otherwise=Decision.ALLOW) if each.code is Code.OVER_MATCH
    ]

    assert found.message == (
        "squid.conf admits every host that none of its rules denies before, by what holds behind its last line"
    )


def test_rules_that_end_in_a_denial_admit_no_stranger() -> None:
    found = _linted((Decision.ALLOW, BLOCKED), (Decision.DENY, EVERYBODY))

    assert Code.OVER_MATCH not in {each.code for each in found}
    assert "squid.conf admits of acme: vevox.app" in {each.message for each in found}
