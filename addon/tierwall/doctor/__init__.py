"""What goes wrong in labs like this one, beside the policies: ports, routes, certificates, clocks, versions.

Knows facts about one machine, and what each means for the proxy. Refuses to change anything: a finding names the mend.
"""

from collections.abc import Callable, Iterator
from typing import Final

from tierwall.doctor import local, network
from tierwall.doctor.facts import Facts, Finding

CHECKS: Final[tuple[Callable[[Facts], Iterator[Finding]], ...]] = (*network.CHECKS, *local.CHECKS)
"""Each looks at one thing."""


def findings(facts: Facts) -> list[Finding]:
    """All that is wrong, in the order of the checks."""
    return [finding for check in CHECKS for finding in check(facts)]
