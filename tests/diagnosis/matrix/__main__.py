"""`python -m tests.diagnosis.matrix [SITE...]`: the probe through the lab, once for each site.

Knows the order and the score. All sites stand side by side, each in a process and in namespaces of its own, as they
mostly wait; one of which nothing came is run once more. Without SITE the page is written (docs/diagnose.md); exit
status 1 where the score is below the target.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.diagnosis.matrix.one import ROOT, Trial, probed
from tests.diagnosis.matrix.page import PAGE, write
from tests.diagnosis.matrix.score import Row, row
from tests.diagnosis.matrix.sites import CLOSED, SITES, closed_tiers
from tierwall.diagnosis import diagnose
from tierwall.loader import load_catalogue
from tierwall.probe.result_file import from_json, to_json
from tools.probe_archive import archive

TARGET: Final = 26
APART_S: Final = 4.0
"""Between two beginnings: what takes time at first is the machine's, not the network's."""
LIMIT_S: Final = 590.0


def main() -> int:
    """Run them, print the matrix, write the page."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("sites", nargs="*", metavar="SITE")
    arguments.add_argument("--hold", default="365s")
    arguments.add_argument("--keep", type=Path, metavar="DIR", help="where results are kept")
    arguments.add_argument("--apart", type=float, default=APART_S, metavar="S", help="seconds between two beginnings")
    arguments.add_argument("--read", action="store_true", help="probe nothing: diagnose what was kept")
    arguments.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    typed = arguments.parse_args()
    if typed.one is not None:
        return _one(typed.sites[0], typed.hold, typed.one)
    sites = typed.sites or list(SITES)
    with tempfile.TemporaryDirectory(prefix="tierwall-matrix-") as name:
        folder = typed.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        if not typed.read:
            (folder / "tierwall-probe.pyz").write_bytes(archive())
            _run_all(sites, typed.hold, folder, typed.apart)
            if again := [site for site in sites if not (folder / f"{site}.json").is_file()]:
                print(f"once more, as nothing came of them: {', '.join(again)}")
                _run_all(again, typed.hold, folder, typed.apart)
        rows = _rows(sites, folder)
    right = sum(not each.faults for each in rows)
    for each in rows:
        print(f"{'ok ' if not each.faults else 'NOT'} {each.site:<24} {'; '.join(each.named) or '-'}")
        for fault in each.faults:
            print(f"      {fault}")
    print(f"{right} of {len(rows)} sites")
    if not typed.sites:
        write(rows, typed.hold)
        print(f"written: {PAGE.relative_to(ROOT)}")
        return int(right < TARGET)
    return int(right < len(rows))


def _run_all(sites: list[str], hold: str, folder: Path, apart_s: float) -> None:
    command = (sys.executable, "-m", "tests.diagnosis.matrix", "--hold", hold, "--one", folder)
    running: dict[str, subprocess.Popen[bytes]] = {}
    until = time.monotonic() + LIMIT_S + apart_s * len(sites) - APART_S * len(sites)
    try:
        for site in sites:
            (folder / f"{site}.json").unlink(missing_ok=True)
            with (folder / f"{site}.log").open("wb") as log:
                running[site] = subprocess.Popen((*command, site), stdout=log, stderr=subprocess.STDOUT, cwd=ROOT)
            time.sleep(apart_s)
        for process in running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(1.0, until - time.monotonic()))
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait()


def _one(site: str, hold: str, folder: Path) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that its namespaces are taken down
    trial = Trial(site=site, archive=folder / "tierwall-probe.pyz", hold=hold, proxy=SITES[site].proxy)
    with tempfile.TemporaryDirectory(prefix="tierwall-matrix-") as name:
        (folder / f"{site}.json").write_text(to_json(probed(trial, Path(name))), encoding="utf-8")
    return 0


def _rows(sites: list[str], folder: Path) -> list[Row]:
    catalogue = load_catalogue(())
    rows = []
    for site in sites:
        file = folder / f"{site}.json"
        results = [from_json(file.read_text(encoding="utf-8"))] if file.is_file() else []
        seen = SITES[site]
        closed = closed_tiers(site, catalogue) if CLOSED in seen.behaviours else []
        found = row(site, seen, closed, diagnose(results, catalogue))
        if not results:
            print((folder / f"{site}.log").read_text(errors="replace")[-2000:])
            found = Row(
                site=site, expected=found.expected, named=(), faults=("not run",), undecided=(), unseen=found.unseen
            )
        rows.append(found)
    return rows


if __name__ == "__main__":
    sys.exit(main())
