"""`tierwall audit` over a Squid log of millions of lines, beside GoAccess and SARG, and `zcat | wc -l` as the floor.

Lines a second are of CPU time, user and system, start included: on a machine that is busy the wall says little.
GoAccess and SARG make reports of their own; all of them have to read every line. SARG gets a twentieth of the log.
"""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

from bench import squid_log
from bench.bench import Bench
from bench.ground import tierwall_environment

_GOACCESS: Final = [
    *("goaccess", "--log-format=%x.%^ %~%L %h %^/%s %b %m %U", "--datetime-format=%s", "--date-format=%s"),
    *("--time-format=%s", "--no-progress", "-o"),
]
_SARG_PART: Final = 20


class _Used(NamedTuple):
    """What a program took."""

    cpu_s: float
    peak_mb: float


def run(bench: Bench) -> None:
    """Lines a second of CPU time, and the peak of memory above that of an empty log."""
    folder = bench.ground.folder / "audit"
    folder.mkdir(exist_ok=True)
    lines = bench.scale.log_lines
    log, packed, empty, part = (folder / name for name in ("access.log", "access.log.gz", "empty.log", "part.log"))
    squid_log.write(log, lines)
    squid_log.write(part, lines // _SARG_PART)
    empty.touch()
    with log.open("rb") as plain, gzip.open(packed, "wb", compresslevel=1) as file:
        shutil.copyfileobj(plain, file)
    audit = [sys.executable, "-m", "tierwall", "audit", "--json"]
    programs = {
        "tierwall": ([*audit, str(log)], lines),
        "tierwall, gzip": ([*audit, str(packed)], lines),
        "goaccess": ([*_GOACCESS, str(folder / "report.html"), str(log)], lines),
        "sarg": (["sarg", "-l", str(part), "-o", str(folder / "sarg")], lines // _SARG_PART),
        "zcat | wc -l": (["sh", "-c", f"zcat {packed} | wc -l"], lines),
    }
    environment = tierwall_environment(folder)
    for number in bench.steps("audit", bench.scale.log_rounds):
        start = _used([*audit, str(empty)], environment)
        for name, (command, count) in programs.items():
            if shutil.which(command[0]) is None:
                bench.results.note("audit", f"{name} is missing")
                continue
            if name == "sarg" and number:
                continue  # once: it takes minutes
            used = _used(command, environment)
            bench.results.add("audit.rate", name, count / used.cpu_s, "/s")
            if name == "tierwall":
                bench.results.add("audit.memory", name, used.peak_mb - start.peak_mb, "MB")
    bench.results.note("audit", f"{lines:,} lines, {log.stat().st_size / 1e9:.2f} GB; SARG: {lines // _SARG_PART:,}")


def _used(command: list[str], environment: dict[str, str]) -> _Used:
    """Run it to its end. What it found is its own business."""
    with Path(os.devnull).open("wb") as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere, env=environment)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0  # waited for
    return _Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)
