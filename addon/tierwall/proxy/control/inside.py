"""What of a running proxy can be asked about and changed from outside, a site each.

Knows values only.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tierwall.proxy.serving.tunnels import Tunnels
from tierwall.proxy.state.counts import Sample
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.in_force.behaviour_overrides import BehaviourOverrides
from tierwall.proxy.state.in_force.reloading import Reloading
from tierwall.proxy.state.live import Live
from tierwall.proxy.state.recorder import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Of one process, and one site."""

    overrides: BehaviourOverrides
    reloading: Reloading
    recorder: Recorder
    tunnels: Tunnels
    live: Live
    destinations: Destinations
    journal: Path | None
    policies: Sequence[Path]
    """Vendor policies beside the bundled ones."""
    others: "Sequence[Inside]" = ()
    """Of the first of several sites that are served: those of the other ones."""
    samples: Callable[[], Iterable[Sample]] = tuple
    """What this process counts."""
    since: float = field(default_factory=time.time)
    """Seconds since 1970."""

    @property
    def every(self) -> "Sequence[Inside]":
        """This one, and the others."""
        return (self, *self.others)
