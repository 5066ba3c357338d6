"""What is said of one verdict: the keys that programs get, and the block of text that people get."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from tierwall.policy.attempt import Action, Impact, Reason, Verdict
from tierwall.policy.model import Evidence, Tier
from tierwall.report.explanation import as_json, as_text, explanation

MEETINGS = Impact(
    vendor="8x8",
    service="meetings",
    tier=Tier.CORE,
    rule="8x8.vc",
    evidence=Evidence.STATED,
    source="8x8 domains, Core Operation",
    symptom="Users cannot use the meetings products at all, whatever they try and however long they go on trying.",
)
APEX = replace(MEETINGS, service="content", tier=Tier.AUXILIARY, rule="*.8x8.vc", evidence=Evidence.INFERRED)
ALLOWED = Verdict(action=Action.ALLOW, tier=Tier.CORE, admitted_by="8x8/8x8.vc", breaks=(MEETINGS,))
DENIED = Verdict(
    action=Action.DENY,
    reason=Reason.TIER_CLOSED,
    detail="8x8/8x8.vc (core) is not admitted",
    tier=Tier.CORE,
    breaks=(MEETINGS,),
    near=(APEX,),
)
OBSERVED = replace(DENIED, action=Action.ALLOW)


def shown(verdict: Verdict, target: str = "https://8x8.vc", *, colour: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=colour, color_system="standard" if colour else None)
    console.print(as_text(explanation(target, verdict, "closed")))
    return out.getvalue()


def test_a_denial_as_people_read_it() -> None:
    assert shown(DENIED) == (
        "deny    https://8x8.vc  tier core  site closed\n"
        "        tier-closed: 8x8/8x8.vc (core) is not admitted\n"
        "  breaks\n"
        "    8x8 / meetings  core\n"
        "      Users cannot use the meetings products at all, whatever they try and\n"
        "      however long they go on trying.\n"
        "      8x8.vc: 8x8 domains, Core Operation\n"
        "  near it, and not affected\n"
        "    8x8/*.8x8.vc  content (auxiliary)\n"
    )


def test_an_allow_says_what_admits_it_and_what_would_be_lost_without_it() -> None:
    text = shown(ALLOWED)

    assert "        admitted by 8x8/8x8.vc\n  serves\n" in text
    assert "without it: Users cannot use" in text


def test_an_observing_site_says_what_it_would_have_denied() -> None:
    text = shown(OBSERVED)

    assert "would be denied, if the site did not only observe: tier-closed" in text
    assert "  would break\n" in text


def test_the_symptom_of_a_service_is_said_once_with_every_rule() -> None:
    text = shown(replace(DENIED, breaks=(MEETINGS, replace(MEETINGS, rule="*.8x8.vc", evidence=Evidence.INFERRED))))

    assert text.count("Users cannot use") == 1
    assert "      8x8.vc: 8x8 domains" in text
    assert "      *.8x8.vc (inferred): 8x8 domains" in text


def test_many_rules_that_come_close_are_counted() -> None:
    text = shown(replace(DENIED, near=tuple(replace(APEX, rule=f"rule-{number}") for number in range(9))))

    assert "8x8/rule-5" in text
    assert "8x8/rule-6" not in text
    assert "and 3 more" in text


@pytest.mark.parametrize("verdict", [ALLOWED, DENIED, OBSERVED])
def test_no_line_is_wider_than_the_terminal_or_ends_in_spaces(verdict: Verdict) -> None:
    lines = shown(verdict, f"https://{'a' * 200}.example").splitlines()

    assert all(len(line) <= 80 and line == line.rstrip() for line in lines)


def test_markup_and_escapes_in_a_target_are_shown_and_never_acted_on() -> None:
    text = shown(DENIED, "https://x/[bold]\x1b[31m\u202e[/bold]", colour=False)

    assert "https://x/[bold]\\x1b[31m\\u202e[/bold]" in text


def test_markup_and_escapes_in_a_policy_are_shown_and_never_acted_on() -> None:
    text = shown(replace(DENIED, breaks=(replace(MEETINGS, symptom="[red]gone\x1b]0;x\x07"),)))

    assert "[red]gone\\x1b]0;x\\x07" in text


def test_the_verdict_is_coloured_on_a_terminal() -> None:
    assert shown(DENIED, colour=True).startswith("\x1b[1;31mdeny")
    assert shown(ALLOWED, colour=True).startswith("\x1b[1;32mallow")


def test_programs_get_every_key_of_the_contract() -> None:
    (found,) = json.loads(as_json([explanation("https://8x8.vc", DENIED, "closed")]))

    impact = {
        "vendor": "8x8",
        "service": "meetings",
        "tier": "core",
        "rule": "8x8.vc",
        "evidence": "stated",
        "source": "8x8 domains, Core Operation",
        "symptom": MEETINGS.symptom,
    }
    assert found == {
        "target": "https://8x8.vc",
        "verdict": "deny",
        "reason": "tier-closed",
        "would_deny": None,
        "detail": "8x8/8x8.vc (core) is not admitted",
        "tier": "core",
        "site": "closed",
        "admitted_by": None,
        "breaks": [impact],
        "near": [impact | {"service": "content", "tier": "auxiliary", "rule": "*.8x8.vc", "evidence": "inferred"}],
    }


def test_where_the_site_observes_the_reason_is_in_would_deny() -> None:
    explained = explanation("https://8x8.vc", OBSERVED, "observe")

    assert (explained.verdict, explained.reason, explained.would_deny) == (Action.ALLOW, None, Reason.TIER_CLOSED)


def test_credentials_queries_and_fragments_stay_out_of_tickets() -> None:
    explained = explanation("https://me:secret@8x8.vc/room?jwt=secret#secret", DENIED, "closed")

    assert explained.target == "https://8x8.vc/room?[redacted]"
