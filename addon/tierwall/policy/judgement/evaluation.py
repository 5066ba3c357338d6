"""One attempt under one site, as the rows of judge's table look at it, and what a row that holds says.

Knows values. Refuses to decide.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tierwall.policy.attempt import Attempt, Reason
from tierwall.policy.match.compiled import CompiledPolicy
from tierwall.policy.match.coverage import Target
from tierwall.policy.site import Site


class Evaluation(NamedTuple):
    """What the rows of the table look at."""

    site: Site
    compiled: CompiledPolicy
    attempt: Attempt
    targets: Sequence[Target]
    """At least one."""

    @property
    def foremost(self) -> Target:
        """The first name, or the first address where there is no name: it stands for the whole attempt."""
        for target in self.targets:
            if isinstance(target.value, str):
                return target
        return self.targets[0]

    @property
    def named(self) -> bool:
        """Whether any name was given, or learned from DNS; a literal address is none."""
        return isinstance(self.foremost.value, str)


class Denial(NamedTuple):
    reason: Reason
    detail: str
    decided: Target
    broken: Sequence[Target]
    """The targets whose services it breaks."""
