"""`tierwall explain`: targets -> verdicts, without a proxy and without the network.

Knows how a command line becomes attempts; judge decides, report/explanation.py says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, write
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.policy.attempt import Action, Attempt
from tierwall.policy.claimed_names import claim_of
from tierwall.policy.judge import judge
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site
from tierwall.policy.target import InvalidTarget, attempt_for
from tierwall.report.explanation import Explanation, as_json, as_text, explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the command line asks."""

    targets: tuple[str, ...]
    site: str
    policies: tuple[Path, ...] = ()
    sni: str | None = None
    host: str | None = None


def explain(question: Question) -> Sequence[Explanation]:
    """The verdict on each target. Raises BadInput."""
    faults: list[object] = []
    attempts = [(target, _attempt(question, target, faults)) for target in question.targets]
    loaded = _loaded(question, faults)
    if loaded is None or faults:
        raise BadInput(faults)
    catalogue, site = loaded
    return [
        explanation(target, judge(site, catalogue, attempt), site.id, claim_of(site, catalogue, attempt))
        for target, attempt in attempts
        if attempt is not None
    ]


def print_text(explanations: Sequence[Explanation]) -> int:
    """For people. 1 where something is denied."""
    console = report()
    for at, each in enumerate(explanations):
        if at:
            console.print()
        console.print(as_text(each))
    return _status(explanations)


def print_json(explanations: Sequence[Explanation]) -> int:
    """For programs. 1 where something is denied."""
    write(as_json(explanations))
    return _status(explanations)


def _status(explanations: Sequence[Explanation]) -> int:
    return int(any(each.verdict is Action.DENY for each in explanations))


def _attempt(question: Question, target: str, faults: list[object]) -> Attempt | None:
    try:
        return attempt_for(target, sni=question.sni, host=question.host)
    except InvalidTarget as fault:
        faults.append(fault)
        return None


def _loaded(question: Question, faults: list[object]) -> tuple[Catalogue, Site] | None:
    try:
        catalogue = load_catalogue(question.policies)
        return catalogue, load_site(question.site, catalogue)
    except InvalidFiles as invalid:
        faults += invalid.faults
        return None
