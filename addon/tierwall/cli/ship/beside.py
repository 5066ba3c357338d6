"""What of a run's options is done beside the proxy: sinks and metrics, checked before anything starts.

Knows options. The process that does it is companion.py's.
"""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tierwall.cli.faults import BadInput
from tierwall.cli.folders import control_folder
from tierwall.cli.output import talk
from tierwall.policy.authority import host_port

if TYPE_CHECKING:
    from tierwall.bundle.taking_up import Source
    from tierwall.cli.ship.companion import Companion


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the command line asks for, as it was typed."""

    sinks: tuple[tuple[str, str], ...] = ()
    """An option's name and a URL each."""
    sink_trust: Path | None = None
    metrics: str | None = None
    bundle: str | None = None
    bundle_key: Path | None = None
    bundle_every_s: int = 60


NOTHING: Final = Beside()


class Nobody:
    """No process beside the proxy: most runs need none."""

    def end(self) -> None:
        """There is nothing to end."""


def start(wanted: Beside, journal: Path, source: "Source | None" = None) -> "Nobody | Companion":
    """Begin with it, before there is a thread. `source`: of bundles. Raises BadInput."""
    if wanted == NOTHING:
        return Nobody()
    from tierwall.cli.lab.run import parse_listen  # noqa: PLC0415 - which imports this module
    from tierwall.cli.ship import companion, sinks  # noqa: PLC0415 - most runs need none of it
    from tierwall.sinks.following import at_end  # noqa: PLC0415

    try:
        listen = None if wanted.metrics is None else parse_listen(wanted.metrics, "--metrics")
    except ValueError as fault:
        raise BadInput([fault]) from None
    found = sinks.sinks_of(journal, wanted.sinks, wanted.sink_trust)
    metrics = None if listen is None else _bound(*listen)
    sinks.begin(found, at_end)
    for address in found.sinks:
        talk().print(f"sink       {address.shown}", soft_wrap=True)
    if metrics is not None:
        talk().print(f"metrics    http://{host_port(*metrics.getsockname()[:2])}/metrics", soft_wrap=True)
    return companion.Companion(
        companion.Duties(
            sinks=found,
            metrics=metrics,
            bundles=None if source is None else (source, wanted.bundle_every_s),
            control=control_folder(),
            run=os.getpid(),
        )
    )


def _bound(host: str, port: int) -> socket.socket:
    """Listening for who scrapes. Raises BadInput."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as fault:
        raise BadInput([f"--metrics {host}:{port}: cannot be listened on: {fault.strerror}"]) from None
