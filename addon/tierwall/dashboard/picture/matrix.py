"""Vendor by service: works, refused, broken by which behaviour, or not seen yet.

Knows what came of each destination that serves a service, the last time it was tried; the worst of them is the cell's.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from tierwall.dashboard.picture.destination import Serving
from tierwall.dashboard.picture.outcome import RANK, Outcome
from tierwall.policy.model import Catalogue, Direction, Tier

DESTINATIONS: Final = 500
"""Of each cell; of more, the one that changed longest ago is forgotten."""

CELLS: Final = 2000

type State = tuple[Outcome, str | None]
"""With the behaviour that broke it."""


@dataclass(slots=True)
class Cell:
    """A service of a vendor."""

    vendor: str
    service: str
    title: str
    tier: Tier
    symptom: str
    inbound: bool = False
    """Only the vendor connects, to the customer: a proxy for what goes out sees nothing of it."""
    states: dict[int, State] = field(default_factory=dict)
    """By the number of the destination, the last changed last."""
    changed: int = 0

    @property
    def worst(self) -> State | None:
        """What the cell says; None where nothing was seen."""
        return min(self.states.values(), key=lambda state: (RANK[state[0]], state[1] or ""), default=None)

    @property
    def behaviours(self) -> tuple[str, ...]:
        """All that broke destinations of it."""
        return tuple(sorted({by for _, by in self.states.values() if by is not None}))

    @property
    def counts(self) -> Counter[Outcome]:
        """Destinations by what came of them."""
        return Counter(outcome for outcome, _ in self.states.values())


class Matrix:
    """All cells, a vendor's together, in the catalogue's order. What a journal says of other vendors is added."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.titles = {vendor.id: vendor.title for vendor in catalogue.vendors}
        self.cells: dict[Serving, Cell] = {}
        for vendor in catalogue.vendors:
            egress = {
                service for rule in vendor.rules if rule.direction is Direction.EGRESS for service in rule.services
            }
            for service in vendor.services:
                self.cells[vendor.id, service.id] = Cell(
                    vendor=vendor.id,
                    service=service.id,
                    title=service.title,
                    tier=service.tier,
                    symptom=service.symptom,
                    inbound=service.id not in egress,
                )

    def know(self, serving: Serving, tier: Tier, symptom: str) -> None:
        """A service that the catalogue does not have."""
        if serving not in self.cells and len(self.cells) < CELLS:
            vendor, service = serving
            self.titles.setdefault(vendor, vendor)
            self.cells[serving] = Cell(vendor=vendor, service=service, title=service, tier=tier, symptom=symptom)

    def state(self, serving: Serving, number: int) -> State | None:
        """What is known of a service at a destination."""
        cell = self.cells.get(serving)
        return None if cell is None else cell.states.get(number)

    def set(self, serving: Serving, number: int, state: State, revision: int) -> None:
        """Note what came of a destination for a service."""
        if (cell := self.cells.get(serving)) is None:
            return
        before = cell.states.pop(number, None)
        cell.states[number] = state
        if len(cell.states) > DESTINATIONS:
            del cell.states[next(iter(cell.states))]
        if before != state:
            cell.changed = revision

    def forget(self) -> None:
        """Nothing was seen."""
        for cell in self.cells.values():
            cell.states.clear()
