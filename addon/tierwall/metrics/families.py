"""Every number that is shown: its name, its kind and what it says.

Knows names. Who counts is elsewhere: proxy/state/counts.py in each process, sinks in the process beside them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

type Sample = tuple[str, dict[str, str], float]
"""A name, its labels and a value; of a histogram the names with `_bucket`, `_sum` and `_count`."""


class Kind(StrEnum):
    """As Prometheus has it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """One number."""

    kind: Kind
    says: str


FAMILIES: Final[dict[str, Family]] = {
    "tierwall_verdicts_total": Family(Kind.COUNTER, "Attempts that were judged, by site, action, reason and stage."),
    "tierwall_breaks_total": Family(Kind.COUNTER, "Denials and failures of what a vendor's service needs."),
    "tierwall_tunnels_open": Family(Kind.GAUGE, "Tunnels that stand."),
    "tierwall_tunnel_bytes_total": Family(Kind.COUNTER, "Octets of tunnels that ended, from and to clients."),
    "tierwall_closed_total": Family(Kind.COUNTER, "Tunnels that ended, by who ended them."),
    "tierwall_dial_seconds": Family(Kind.HISTOGRAM, "From a verdict to a server's answer, or to the end of trying."),
    "tierwall_journal_lost_total": Family(Kind.COUNTER, "Lines that the journal lost: anything but 0 is a fault."),
    "tierwall_faults_total": Family(Kind.COUNTER, "Failures of our own that no connection is to blame for."),
    "tierwall_reloads_total": Family(Kind.COUNTER, "Changed files: put in force, or refused as faulty."),
    "tierwall_site_info": Family(Kind.GAUGE, "1 for each site in force, with the revision of its bundle."),
    "tierwall_processes": Family(Kind.GAUGE, "Processes that serve."),
    "tierwall_sink_sent_total": Family(Kind.COUNTER, "Events that an engine took."),
    "tierwall_sink_refused_total": Family(Kind.COUNTER, "Events that an engine will never take."),
    "tierwall_sink_missed_total": Family(Kind.COUNTER, "Events that rotation removed before an engine took them."),
    "tierwall_sink_retries_total": Family(Kind.COUNTER, "Times that an engine was to be asked again."),
    "tierwall_sink_behind_bytes": Family(Kind.GAUGE, "Octets of the journal that an engine has not had."),
    "tierwall_sink_away": Family(Kind.GAUGE, "1 while an engine takes nothing."),
    "process_cpu_seconds_total": Family(Kind.COUNTER, "Processor time of all processes."),
    "process_resident_memory_bytes": Family(Kind.GAUGE, "Memory of all processes, what they share counted in each."),
}
_PARTS: Final = ("_bucket", "_sum", "_count")


def family_of(name: str) -> str:
    """The family of a sample's name. Raises KeyError where there is none."""
    if name in FAMILIES:
        return name
    for part in _PARTS:
        if (family := name.removesuffix(part)) in FAMILIES and FAMILIES[family].kind is Kind.HISTOGRAM:
            return family
    raise KeyError(name)


def grows(name: str) -> bool:
    """Whether it only ever grows, in a process."""
    return FAMILIES[family_of(name)].kind is not Kind.GAUGE
