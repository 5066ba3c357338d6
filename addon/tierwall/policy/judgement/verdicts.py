"""What judge's table came to becomes a verdict: what it breaks, what comes near, and which behaviours act on it.

Knows evaluations and denials. Refuses to decide: the table has.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tierwall.policy.attempt import Action, Reason, Verdict
from tierwall.policy.effects import asked_first, effects_on, inspected
from tierwall.policy.judgement.evaluation import Denial, Evaluation
from tierwall.policy.match.coverage import Target, breaking, near
from tierwall.policy.match.listed import title
from tierwall.policy.model import Tier

NEAR_AT_MOST: Final = 16
"""Impacts in a verdict's `near`; more would tell nobody anything."""

_DENIED_EVEN_OBSERVING: Final = frozenset({Reason.CLIENT_REFUSED, Reason.MALFORMED, Reason.SELF_CONNECT})


def refused(case: Evaluation, refusal: Denial) -> Verdict:
    if refusal.reason in _DENIED_EVEN_OBSERVING:
        return _verdict(Action.DENY, refusal.decided, refusal.broken, refusal)
    verdict = _verdict(Action.DENY if case.site.enforce else Action.ALLOW, refusal.decided, refusal.broken, refusal)
    if verdict.passes or not case.compiled.behaviours:
        return verdict
    return replace(verdict, effects=asked_first(effects_on(case.compiled, case.attempt, verdict.breaks), case.attempt))


def passed(case: Evaluation) -> Verdict:
    return _with_effects(case, _verdict(Action.ALLOW, case.foremost, case.targets, None))


def _verdict(action: Action, decided: Target, targets: Sequence[Target], refusal: Denial | None) -> Verdict:
    breaks = breaking(targets)
    admits = refusal is None or refusal.reason in {Reason.PRIVATE_ADDRESS, Reason.PROTOCOL_CLOSED}
    return Verdict(
        action=action,
        reason=refusal.reason if refusal else None,
        detail=refusal.detail if refusal else None,
        tier=breaks[0].tier if breaks else Tier.NONE,
        admitted_by=title(decided.admitted) if admits and decided.admitted else None,
        breaks=breaks,
        near=near(targets)[:NEAR_AT_MOST],
        name=decided.text,
        name_source=decided.source,
    )


def _with_effects(case: Evaluation, verdict: Verdict) -> Verdict:
    """What the site admits, with the behaviours that then act on it."""
    if not case.compiled.behaviours:
        return verdict
    effects = effects_on(case.compiled, case.attempt, breaking(case.targets))
    action = Action.INSPECT if inspected(case.attempt, effects) else verdict.action
    return replace(verdict, action=action, effects=effects)
