"""What `tierwall explain` says of one target: an object for programs, a block of text for people.

Knows verdicts and words. Decides nothing, and treats every value as data: a target or a policy's text that holds
markup or terminal escapes is shown, never acted on.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Final, assert_never

from rich.console import Group
from rich.text import Text

from tierwall.events.hostile_text import redact_url, visible
from tierwall.policy.attempt import Action, Impact, Reason, Verdict
from tierwall.policy.behaviour import does
from tierwall.policy.claimed_names import Claim
from tierwall.policy.model import Evidence, Tier
from tierwall.report.indented import Indented
from tierwall.report.wording import TIER_STYLES

_NEAR_SHOWN: Final = 6
"""Lines of `near`; the rest is counted. With `--json` all of it is there."""

_SAID_AT: Final = max(map(len, Action)) + 1
"""The column behind the verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """A behaviour that acts on a target that is let through."""

    behaviour: str
    does: str
    breaks: tuple[Impact, ...]
    """What it breaks where it strikes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The verdict on one target. The fields are the keys of `explain --json`, in their order."""

    target: str
    """As it was written, without credentials, query and fragment: `?jwt=…` is a meeting's key."""
    verdict: Action
    reason: Reason | None
    """Why it is denied."""
    would_deny: Reason | None
    """Why it would have been denied, were the site not observing only."""
    detail: str | None
    tier: Tier
    site: str
    admitted_by: str | None
    breaks: tuple[Impact, ...]
    """What a denial breaks; where it is let through, what the destination serves."""
    near: tuple[Impact, ...]
    behaviours: tuple[Acting, ...]
    """Where it is let through: the site's behaviours that act on it, in their order."""
    claim: Claim | None = None
    """Where it is let through: the name that the client only says for the address that it goes to."""


def explanation(target: str, verdict: Verdict, site_id: str, claim: Claim | None = None) -> Explanation:
    """What there is to say of a target and the verdict on it under that site."""
    return Explanation(
        target=visible(redact_url(target)),
        verdict=verdict.action,
        reason=None if verdict.passes else verdict.reason,
        would_deny=verdict.reason if verdict.would_deny else None,
        detail=verdict.detail,
        tier=verdict.tier,
        site=site_id,
        admitted_by=verdict.admitted_by,
        breaks=verdict.breaks,
        near=verdict.near,
        behaviours=tuple(
            Acting(behaviour=each.behaviour.NAME, does=does(each.behaviour), breaks=each.breaks)
            for each in verdict.effects
        ),
        claim=claim if verdict.passes else None,
    )


def as_json(explanations: Iterable[Explanation]) -> str:
    """A list, an object a target. ASCII only, so that every terminal and ticket takes it.

    The key `behaviours` is there where some act on the target, `claim` where a name is claimed for an address.
    """
    return json.dumps([as_object(each) for each in explanations], indent=2)


def as_json_line(explained: Explanation) -> str:
    """One object of that list, on one line."""
    return json.dumps(as_object(explained))


def as_object(explained: Explanation) -> dict[str, object]:
    """One of them, as `--json` has it."""
    said = asdict(explained)
    if not explained.behaviours:
        del said["behaviours"]
    del said["claim"]
    if (claim := explained.claim) is not None:
        dialled = claim.name if claim.resolves else claim.address
        said["claim"] = {"name": str(claim.name), "address": str(claim.address), "dialled": str(dialled)}
    return said


def as_text(explained: Explanation) -> Group:
    """A block of text: the verdict and why, then what that breaks, then what came close."""
    return Group(
        _headline(explained),
        *_why(explained),
        *_breaks(explained),
        *_behaviours(explained.behaviours, passes=explained.reason is None),
        *_near(explained.near),
    )


# The verdict


def _headline(explained: Explanation) -> Indented:
    said = Text.assemble(
        (explained.target, "bold"),
        "  tier ",
        (explained.tier.value, TIER_STYLES[explained.tier]),
        f"  site {visible(explained.site)}",
    )
    return Indented(said, _SAID_AT, Text(explained.verdict.value, _verdict_style(explained)))


def _verdict_style(explained: Explanation) -> str:
    match explained.verdict:
        case Action.DENY:
            return "bold red"
        case Action.INSPECT:
            return "bold magenta"
        case Action.ALLOW:
            return "bold yellow" if explained.would_deny else "bold green"
        case _:
            assert_never(explained.verdict)


def _why(explained: Explanation) -> Iterator[Indented]:
    reason = explained.reason or explained.would_deny
    if reason is not None:
        would = "would be denied, if the site did not only observe: " if explained.would_deny else ""
        detail = f": {visible(explained.detail)}" if explained.detail else ""
        yield Indented(Text.assemble(would, (reason.value, "bold"), detail), _SAID_AT)
    elif explained.admitted_by is not None:
        yield Indented(Text(f"admitted by {visible(explained.admitted_by)}"), _SAID_AT)
    if (claim := explained.claim) is not None:
        name, address = visible(str(claim.name)), str(claim.address)
        led = f"what {name} leads to, not {address}" if claim.resolves else f"{address}, whatever {name} leads to"
        yield Indented(Text(f"names: {'resolve' if claim.resolves else 'trust'}: dialled is {led}"), _SAID_AT)


# What it breaks


def _breaks(explained: Explanation) -> Iterator[Indented]:
    if not explained.breaks:
        return
    passes = explained.reason is None and explained.would_deny is None
    heading = "serves" if passes else "would break" if explained.would_deny else "breaks"
    yield Indented(Text(heading, "bold"), 2)
    for service in _together(explained.breaks, lambda impact: impact.service):
        first = service[0]
        tier = (first.tier.value, TIER_STYLES[first.tier])
        yield Indented(Text.assemble((visible(first.vendor), "bold"), f" / {visible(first.service)}  ", tier), 4)
        without = "without it: " if passes else ""
        yield Indented(Text(without + visible(first.symptom)), 6)
        for impact in service:
            yield Indented(Text(_founded(impact), "dim"), 6)


def _together(impacts: Iterable[Impact], key: Callable[[Impact], str]) -> list[list[Impact]]:
    """The impacts of each vendor with the same key, in the order of the first of each: a symptom is said once."""
    groups: dict[tuple[str, str], list[Impact]] = {}
    for impact in impacts:
        groups.setdefault((impact.vendor, key(impact)), []).append(impact)
    return list(groups.values())


def _founded(impact: Impact) -> str:
    """Which rule says so, and where that stands."""
    word = "" if impact.evidence is Evidence.STATED else f" ({impact.evidence})"
    return f"{visible(impact.rule)}{word}: {visible(impact.source)}"


# What the site's middleboxes then do to it


def _behaviours(acting: Iterable[Acting], *, passes: bool) -> Iterator[Indented]:
    for number, each in enumerate(acting, start=1):
        if number == 1:
            yield Indented(Text("and then, in this order" if passes else "but first", "bold"), 2)
        yield Indented(Text.assemble((each.behaviour, "bold"), f": {each.does}"), 7, Text(f"    {number}. "))
        services = _together(each.breaks, lambda impact: impact.service)
        hit = Text(", ").join(_service(service[0]) for service in services)
        yield Indented(Text.assemble("breaks ", hit) if services else Text("breaks nothing documented", "dim"), 7)


def _service(impact: Impact) -> Text:
    return Text.assemble(f"{visible(impact.vendor)} / ", (visible(impact.service), TIER_STYLES[impact.tier]))


# What came close


def _near(impacts: Iterable[Impact]) -> Iterator[Indented]:
    rules = _together(impacts, lambda impact: impact.rule)
    if rules:
        yield Indented(Text("near it, and not affected", "bold"), 2)
    for rule in rules[:_NEAR_SHOWN]:
        tiers = ", ".join(dict.fromkeys(impact.tier.value for impact in rule))
        services = ", ".join(visible(impact.service) for impact in rule)
        line = f"{visible(rule[0].vendor)}/{visible(rule[0].rule)}  {services} ({tiers})"
        yield Indented(Text(line, "dim"), 4)
    if (more := len(rules) - _NEAR_SHOWN) > 0:
        yield Indented(Text(f"and {more} more", "dim"), 4)
