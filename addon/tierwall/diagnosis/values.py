"""What a diagnosis is: the behaviours that explain, ranked, and what could not be told apart.

Knows values, and how they are spelled in JSON; nothing of how they were found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

type Parameter = str | bool | int | float | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One behaviour that explains what was seen."""

    behaviour: str
    """A behaviour as site files spell it; or, where the list of what is open explains it, judge's reason
    (`tier-closed`, `wildcard-gap`, `port-closed`)."""
    parameters: Mapping[str, Parameter]
    """As site files spell them: `after: 60s`."""
    services: tuple[str, ...]
    """`vendor/service` of all that it was seen at."""
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    rank: int
    """1 explains best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """Behaviours that look the same from there."""

    between: tuple[str, ...]
    next: str
    """The check that would tell them apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed:
    """All that could be said."""

    diagnoses: tuple[Diagnosis, ...]
    undecided: tuple[Undecided, ...]
    unexplained: tuple[str, ...] = ()
    """What is broken and explained by none."""

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        found: dict[str, Any] = {
            "diagnoses": [
                {
                    "behaviour": each.behaviour,
                    "parameters": {key: _plain(value) for key, value in each.parameters.items()},
                    "services": list(each.services),
                    "for": list(each.speaks_for),
                    "against": list(each.speaks_against),
                    "rank": each.rank,
                }
                for each in self.diagnoses
            ],
            "undecided": [{"between": list(each.between), "next": each.next} for each in self.undecided],
        }
        if self.unexplained:
            found["unexplained"] = list(self.unexplained)
        return found


def _plain(value: Parameter) -> object:
    return list(value) if isinstance(value, tuple) else value
