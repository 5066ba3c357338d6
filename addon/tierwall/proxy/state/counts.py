"""What happened in this process since it started, as numbers with few labels.

Knows counting. How it is shown is metrics/'s; nothing of a client or a host is in here.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tierwall.events import ClosedBy, Stage
from tierwall.policy.attempt import Verdict

_DIAL_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)

_BREAKS: Final = frozenset({"denied", "broken"})

type Sample = tuple[str, dict[str, str], float]


class Counts:
    """Counted on the event loop, in a few hundred nanoseconds each."""

    def __init__(self) -> None:
        self._verdicts: Counter[tuple[str, str, str, str]] = Counter()
        self._breaks: Counter[tuple[str, str, str]] = Counter()
        self._closed: Counter[str] = Counter()
        self._reloads: Counter[str] = Counter()
        self._sent = self._received = self._faults = 0
        self._dials = [0] * (len(_DIAL_S) + 1)
        self._dial_s = 0.0

    def judged(self, site: str, action: str, verdict: Verdict, stage: Stage) -> None:
        """An attempt came to this."""
        reason = verdict.reason
        self._verdicts[site, action, "" if reason is None else reason.value, stage.value] += 1
        if action in _BREAKS:
            self.broke(verdict)

    def broke(self, verdict: Verdict) -> None:
        """Services that cannot do what they need."""
        for each in verdict.breaks:
            self._breaks[each.vendor, each.service, each.tier.value] += 1

    def dialled(self, seconds: float) -> None:
        """A dial came to an end, good or bad."""
        self._dials[bisect_left(_DIAL_S, seconds)] += 1
        self._dial_s += seconds

    def closed(self, by: ClosedBy, sent: int, received: int) -> None:
        """A tunnel ended."""
        self._closed[by.value] += 1
        self._sent += sent
        self._received += received

    def fault(self) -> None:
        """A failure of ours."""
        self._faults += 1

    def reloaded(self, *, well: bool) -> None:
        """Changed files were put in force, or refused."""
        self._reloads["ok" if well else "refused"] += 1

    def samples(self) -> Iterator[Sample]:
        """All of it."""
        for (site, action, reason, stage), count in self._verdicts.items():
            labels = {"site": site, "action": action, "reason": reason, "stage": stage}
            yield "tierwall_verdicts_total", labels, count
        for (vendor, service, tier), count in self._breaks.items():
            yield "tierwall_breaks_total", {"vendor": vendor, "service": service, "tier": tier}, count
        for by, count in self._closed.items():
            yield "tierwall_closed_total", {"closed_by": by}, count
        for result in ("ok", "refused"):
            yield "tierwall_reloads_total", {"result": result}, self._reloads[result]
        yield "tierwall_tunnel_bytes_total", {"direction": "sent"}, self._sent
        yield "tierwall_tunnel_bytes_total", {"direction": "received"}, self._received
        yield "tierwall_faults_total", {}, self._faults
        below = 0
        for limit, count in zip((*map(str, _DIAL_S), "+Inf"), self._dials, strict=True):
            below += count
            yield "tierwall_dial_seconds_bucket", {"le": limit}, below
        yield "tierwall_dial_seconds_sum", {}, self._dial_s
        yield "tierwall_dial_seconds_count", {}, below
