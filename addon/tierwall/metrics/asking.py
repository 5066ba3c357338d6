"""What each process of a run says of itself, through its control socket; and what the kernel says of it.

Knows /proc. A process that does not answer in time is one that does not serve.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from tierwall.control.running import Refused, exchange
from tierwall.metrics.families import Sample

_ANSWER_S: Final = 2.0
_ENDING: Final = ".sock"


def ask_all(control: Path, run: int) -> dict[int, list[Sample]]:
    """By process id."""
    found: dict[int, list[Sample]] = {}
    for path in sorted(control.glob(f"{run}.*{_ENDING}")):
        process = path.name.split(".")[1]
        with suppress(Refused, OSError, ValueError, KeyError, TypeError):
            found[int(process)] = [*_ask(path), *_of_kernel(int(process)), ("tierwall_processes", {}, 1)]
    return found


def _ask(path: Path) -> list[Sample]:
    said = exchange(path, {"do": "metrics"}, _ANSWER_S)["metrics"]
    return [(str(name), {str(key): str(value) for key, value in labels.items()}, value) for name, labels, value in said]


def _of_kernel(process: int) -> list[Sample]:
    """proc(5): fields 14 and 15 of stat are ticks in user and kernel mode, 24 is resident pages."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return [("process_cpu_seconds_total", {}, seconds), ("process_resident_memory_bytes", {}, resident)]
