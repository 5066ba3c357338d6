"""`python -m bench.soak`: hours and faults that a proxy has to survive, each in a scenario of its own.

Knows the command line, open files and the terminal. 0 where every scenario passed, 1 where one did not.
"""

import argparse
import asyncio
import resource
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from bench.processes import DidNotStart
from bench.soak.scale import QUICK, Scale
from bench.soak.scenarios import SCENARIOS
from bench.soak.scene import GaveUp, Scene

_OWN_FILES = 200
"""Open files that we need beside those of two ends a tunnel."""


def main() -> int:
    """Play what was asked for."""
    wanted = _arguments()
    console = Console()
    scale = QUICK if wanted.quick else Scale()
    if wanted.tunnels is not None:
        scale = replace(scale, tunnels=wanted.tunnels)
    if wanted.idle is not None:
        scale = replace(scale, idle_s=wanted.idle)
    scale = _within_open_files(scale, console)
    failed = [name for name in wanted.scenarios or SCENARIOS if not _passed(name, scale, console)]
    console.print("[red]failed: " + ", ".join(failed) if failed else "[green]all passed")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description="Hours and faults.")
    parser.add_argument("scenarios", metavar="SCENARIO", nargs="*", help=f"{', '.join(SCENARIOS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="two minutes: less of everything")
    parser.add_argument("--tunnels", type=int, metavar="N", help=f"idle ones ({Scale().tunnels})")
    parser.add_argument("--idle", type=float, metavar="SECONDS", help=f"they stand so long ({Scale().idle_s:.0f})")
    wanted = parser.parse_args()
    for name in wanted.scenarios:
        if name not in SCENARIOS:
            parser.error(f"there is no scenario {name!r}; the scenarios are {', '.join(SCENARIOS)}")
    return wanted


def _within_open_files(scale: Scale, console: Console) -> Scale:
    """Raise the limit as far as we may; fewer tunnels where that is not enough, and it is said."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    room = (hard - _OWN_FILES) // 2
    if scale.tunnels <= room:
        return scale
    console.print(f"[yellow]{hard} open files are allowed here (ulimit -Hn): {room} idle tunnels, not {scale.tunnels}")
    return replace(scale, tunnels=room)


def _passed(name: str, scale: Scale, console: Console) -> bool:
    title, scenario = SCENARIOS[name]
    folder = Path(tempfile.mkdtemp(prefix="tierwall-soak-"))
    began = time.monotonic()
    try:
        with console.status(name) as status:
            scene = Scene(folder, scale, lambda text: status.update(f"{name}: {escape(text)}"))
            try:
                asyncio.run(scenario(scene))
            except (GaveUp, DidNotStart, OSError, ExceptionGroup) as trouble:
                scene.faults.append(str(trouble) or repr(trouble))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    verdict = "[red]FAIL[/]" if scene.faults else "[green]pass[/]"
    console.print(f"{verdict} [bold]{name}[/]: {title} ({time.monotonic() - began:.0f} s)", highlight=False)
    for what, value in scene.figures.items():
        console.print(f"       {what}: {escape(value)}", highlight=False)
    for fault in scene.faults:
        console.print(f"       [red]{escape(fault)}", highlight=False)
    return not scene.faults


if __name__ == "__main__":
    raise SystemExit(main())
