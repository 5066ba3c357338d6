"""What a closed rule breaks where the site opens another way to the same: choices and fallback ladders of a policy.

Knows rules that are open or not, no attempts. compiled.py asks once for each site; judge.py never notices.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tierwall.policy.dialect import example_of
from tierwall.policy.model import Address, Choice, Ladder, Ports, Rule, Step, Transport, Vendor


@dataclass(frozen=True, slots=True)
class Softened:
    """Less breaks than the service's symptom says."""

    remains: str | None
    """What users still notice; None where nothing, as long as `works` does."""
    works: str
    """The step that works instead."""

    def symptom(self, otherwise: str) -> str:
        """What users notice. `otherwise`: the symptom of the service where nothing works."""
        return self.remains or f"Nothing while this works: {self.works}. Where it does not either: {otherwise}"


def working(
    rules: Iterable[Rule], holds: Callable[[str | Address, Ports], bool], *, without_udp: bool
) -> frozenset[str]:
    """The ids of rules of which the site admits each host and network on each port, as far as a sample of each says.

    `without_udp`: a middlebox lets none through, whatever the site admits.
    """
    return frozenset(
        rule.id
        for rule in rules
        if not (without_udp and all(ports.transport is Transport.UDP for ports in rule.ports))
        if _is_open(rule, holds)
    )


def instead(vendor: Vendor, works: frozenset[str]) -> Mapping[str, Softened | None]:
    """What is to be said of rules, by id, where something else works; None: nothing breaks without the rule."""
    found: dict[str, Softened | None] = {}
    for ladder in vendor.ladders:
        found |= _on_ladder(ladder, works)
    for choice in vendor.choices:
        found |= _by_choice(choice, works)
    return found


def _is_open(rule: Rule, holds: Callable[[str | Address, Ports], bool]) -> bool:
    samples: list[str | Address] = [example_of(host, "any") for host in rule.hosts]
    samples += [network[0] for network in rule.networks]
    return bool(samples and rule.ports) and all(holds(sample, ports) for sample in samples for ports in rule.ports)


def _by_choice(choice: Choice, works: frozenset[str]) -> dict[str, None]:
    whole = [way for way in choice.ways if works.issuperset(way.rules)]
    if not whole:
        return {}
    needed = {rule for way in whole for rule in way.rules}
    return {rule: None for way in choice.ways for rule in way.rules if rule not in needed}


def _on_ladder(ladder: Ladder, works: frozenset[str]) -> dict[str, Softened]:
    best = next((step for step in ladder.steps if works.issuperset(step.rules)), None)
    if best is None:
        return {}
    better = ladder.steps[: ladder.steps.index(best)]
    return {rule: _said(step, best, better) for step in ladder.steps for rule in step.rules if rule not in works}


def _said(step: Step, best: Step, better: tuple[Step, ...]) -> Softened:
    return Softened(best.remains if step in better else None, best.title)
