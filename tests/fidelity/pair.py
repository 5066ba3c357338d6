"""One question put to Squid and to us."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """A list or configuration, a host, and what both say of it. None: it does not start, or does not load."""

    text: str
    host: str
    real: bool | None
    ours: bool | None

    @property
    def agree(self) -> bool:
        """Whether they say the same."""
        return self.real is self.ours
