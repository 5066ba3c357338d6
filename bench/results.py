"""What was measured: samples by figure and peer, in a JSON file that one part at a time can add to.

Knows figures and their medians. What they are measured against is report.py's.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Self


@dataclass(slots=True)
class Results:
    """Samples of every figure, one a round; and what a reader has to know to believe them."""

    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """By figure, then by peer."""
    units: dict[str, str] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    """By part: what happened that a table does not show."""
    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """Peers that could not be measured, and why."""
    commands: dict[str, str] = field(default_factory=dict)
    measured: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By part: at which scale, and when."""

    def add(self, figure: str, peer: str, value: float, unit: str) -> None:
        """One more sample."""
        self.units[figure] = unit
        self.samples.setdefault(figure, {}).setdefault(peer, []).append(value)

    def note(self, part: str, text: str) -> None:
        """Say something about a part, once."""
        notes = self.notes.setdefault(part, [])
        if text not in notes:
            notes.append(text)

    def forget(self, part: str) -> None:
        """A part is measured anew: what it found before goes."""
        for figure in [figure for figure in self.samples if figure.partition(".")[0] == part]:
            del self.samples[figure]
        self.notes.pop(part, None)
        self.measured.pop(part, None)

    def of(self, figure: str, peer: str) -> float | None:
        """The median over the rounds, or None where it was not measured."""
        values = self.samples.get(figure, {}).get(peer)
        return median(values) if values else None

    def spread(self, figure: str, peer: str) -> tuple[float, float] | None:
        """The least and the greatest sample."""
        values = self.samples.get(figure, {}).get(peer)
        return (min(values), max(values)) if values else None

    def ratio(self, figure: str, peer: str, to: str) -> float | None:
        """Median of the rounds' own ratios: the two were measured within seconds, so that noise hits both."""
        ours, theirs = self.samples.get(figure, {}).get(peer, ()), self.samples.get(figure, {}).get(to, ())
        return _median_ratio(ours, theirs)

    def write(self, path: Path) -> None:
        """As JSON, for programs and for the next part."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """What earlier runs left, or nothing."""
        return cls(**json.loads(path.read_text())) if path.exists() else cls()


def _median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    if not ours or not theirs:
        return None
    if len(ours) != len(theirs):
        return median(ours) / median(theirs) if median(theirs) else None
    pairs = [own / other for own, other in zip(ours, theirs, strict=True) if other]
    return median(pairs) if pairs else None
