"""Which destinations matter: those that a vendor's document asks for, and what each of them serves.

Knows judge and the catalogue. Each distinct destination is looked up once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from tierwall.policy.attempt import Attempt, Impact, Seen, Verdict
from tierwall.policy.judge import judge
from tierwall.policy.model import Catalogue
from tierwall.policy.projections.dns_answers import uses_of
from tierwall.policy.site import Site, VendorEntry
from tierwall.records.record import Decision, Statement

EVERYTHING: Final = Site(id="everything", admit=(VendorEntry(),))
"""Admits all that the catalogue asks for, so that a verdict says what a destination serves."""


class Interest:
    """What destinations serve, and whether a statement is kept whole."""

    def __init__(self, catalogue: Catalogue, *, keep_all: bool = False) -> None:
        """`keep_all` where a site is compared with: then every destination matters."""
        self.catalogue = catalogue
        self._keep_all = keep_all
        self._served: dict[Attempt, tuple[Impact, ...]] = {}

    def serves(self, attempt: Attempt | None) -> tuple[Impact, ...]:
        """The services that reach it, the most severe first; each once, by the first rule that covers it."""
        if attempt is None:
            return ()
        known = self._served.get(attempt)
        if known is None:
            impacts = [impact for verdict in verdicts(EVERYTHING, self.catalogue, attempt) for impact in verdict.breaks]
            known = tuple({(impact.vendor, impact.service): impact for impact in reversed(impacts)}.values())[::-1]
            self._served[attempt] = known
        return known

    def essential(self, statement: Statement) -> Statement:
        """The statement, without its destination where nothing will be asked about that."""
        if statement.attempt is None or self._keep_all:
            return statement
        if self.serves(statement.attempt):
            return statement
        del self._served[statement.attempt]  # there may be millions of these
        if statement.decision is Decision.UNKNOWN:
            return replace(statement, attempt=None)
        return Statement(decision=statement.decision, attempt=None)

    def keeps_clients(self, statement: Statement) -> bool:
        """Whether it is asked who was refused."""
        return statement.decision in {Decision.DENIED, Decision.AUTH} and bool(self.serves(statement.attempt))


def verdicts(site: Site, catalogue: Catalogue, attempt: Attempt) -> Iterator[Verdict]:
    """The verdict; of a name that was looked up, one for each use that it may have been looked up for."""
    if attempt.seen is not Seen.DNS:
        yield judge(site, catalogue, attempt)
        return
    for name in attempt.names:
        if isinstance(name.value, str):
            for use in uses_of(site, catalogue, name.value):
                yield judge(site, catalogue, use)


def passes(found: Iterable[Verdict]) -> bool:
    """Whether any of them does: a name is let through where one of its uses is."""
    return any(verdict.passes for verdict in found)
