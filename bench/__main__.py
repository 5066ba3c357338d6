"""`python -m bench [PART…]`: tierwall beside its peers, everything in one run, alternating, medians and ratios.

Knows the order of things and the command line. Nothing is written but with the full scale, or where --output says.
"""

import argparse
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import machine, plot, report
from bench.bench import Bench
from bench.children import ChildFailed
from bench.ground import HERE, ROOT, CannotMeasure, Ground, ground
from bench.load import LoadFailed
from bench.parts import PARTS
from bench.peer import Peer
from bench.peers import ALL, DEBIAN, Tierwall
from bench.processes import DidNotStart
from bench.results import Results
from bench.scale import QUICK, Scale


def main() -> int:
    """Measure what was asked for. 0, 1 where a part could not be measured, 2 where nothing could."""
    wanted = _arguments()
    console = Console(stderr=True)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # who has installed a program has it compiled, the peers too
    if wanted.list:
        for name, (what, _) in PARTS.items():
            print(f"{name:10} {what}")
        return 0
    if wanted.debian is not None:
        os.environ[DEBIAN] = str(wanted.debian.resolve())
    scale = QUICK if wanted.quick else Scale()
    if wanted.rounds:
        scale = replace(scale, rounds=wanted.rounds)
    output: Path | None = wanted.output or (None if wanted.quick else HERE)
    results = Results.read(output / "results.json") if output else Results()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with ground(pinned=wanted.pin) as made, Progress(*columns, console=console, transient=True) as progress:
            kinds = _present(results, console)
            _describe(results, made, kinds)
            bench = Bench(made, scale, kinds, results, progress)
            failed = [name for name in wanted.parts or PARTS if not _measured(name, bench, output)]
    except CannotMeasure as lack:
        console.print(str(lack), style="red", highlight=False)
        return 2
    for table in report.screen_tables(results):
        Console().print(table)
    if output:
        _write(results, output)
        console.print(f"Written: {output.name}/RESULTS.md, results.json, results.svg", highlight=False)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure tierwall beside direct connections, Squid, tinyproxy and stock mitmproxy.",
        epilog="Example: python -m bench tunnels memory --rounds 3",
    )
    parser.add_argument("parts", metavar="PART", nargs="*", help="what to measure; all parts where none is named")
    parser.add_argument("--rounds", type=int, metavar="N", help="samples of each figure (5)")
    parser.add_argument("--quick", action="store_true", help="tiny and noisy: only to see that it works")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="where RESULTS.md goes (bench/; with --quick nowhere)"
    )
    parser.add_argument(
        "--debian", type=Path, metavar="FOLDER", help="a Debian that bench/debian.sh made: its Python is measured too"
    )
    parser.add_argument("--pin", action="store_true", help="clients and origin on one core, the proxy on another")
    parser.add_argument("--list", action="store_true", help="name the parts")
    wanted = parser.parse_args()
    for part in wanted.parts:
        if part not in PARTS:
            parser.error(f"there is no part {part!r}; the parts are {', '.join(PARTS)}")
    if wanted.rounds is not None and wanted.rounds < 1:
        parser.error("--rounds: at least 1")
    if wanted.output is not None and not wanted.output.is_dir():
        parser.error(f"--output: {wanted.output} is no folder")
    return wanted


def _present(results: Results, console: Console) -> tuple[type[Peer], ...]:
    """The peers that this machine has; the others are named."""
    present = []
    results.missing.clear()
    results.versions.clear()
    for kind in ALL:
        try:
            results.versions[kind.name] = kind.version()
        except LookupError as lack:
            results.missing[kind.name] = str(lack)
            console.print(f"{kind.name} is not measured: {lack}", style="yellow", highlight=False)
        else:
            present.append(kind)
    return tuple(present)


def _describe(results: Results, made: Ground, kinds: tuple[type[Peer], ...]) -> None:
    results.machine = machine.describe(made)
    results.commands.clear()
    for kind in kinds:
        if kind.name != "direct":
            peer = kind(made)
            peer.folder.mkdir()
            words = list(peer.command())
            words[0] = "python" if words[0] == sys.executable else Path(words[0]).name
            results.commands[kind.name] = _as_anywhere(" ".join(words), peer, made)


def _as_anywhere(command: str, peer: Peer, made: Ground) -> str:
    """Without this machine's own folders and this run's ports."""
    own = {
        str(peer.folder): "$TMP",
        os.environ.get(DEBIAN, ""): "$DEBIAN",
        os.environ.get("ENVOY", ""): "envoy",
        str(ROOT): "$PWD",
        f":{peer.port}": ":$PORT",
        str(made.origin_port): "$ORIGIN",
        str(peer.port): "$PORT",
    }
    for this, anywhere in own.items():
        command = command.replace(this, anywhere) if this else command
    return command


def _measured(name: str, bench: Bench, output: Path | None) -> bool:
    """Whether the part could be measured; what it found is kept at once, as later parts may fail."""
    results = bench.results
    results.forget(name)
    try:
        PARTS[name][1](bench)
    except (LoadFailed, DidNotStart, ChildFailed) as failure:
        bench.say(f"[red]{name} failed:[/] {str(failure).replace('[', '(')}")
        results.note(name, f"failed: {str(failure).splitlines()[0]}")
        return False
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    results.measured[name] = (str(bench.scale), f"{when}, tierwall {Tierwall.version().partition(',')[0]}")
    if output:
        _write(results, output)
    bench.say(f"{name}: done")
    return True


def _write(results: Results, folder: Path) -> None:
    results.write(folder / "results.json")
    drawn = plot.svg(results)
    if drawn:
        (folder / "results.svg").write_text(drawn)
    report.write(results, folder, "results.svg" if drawn else None)


if __name__ == "__main__":
    sys.exit(main())
