"""Results -> the tables on the screen, and RESULTS.md with them.

Knows wording and layout. Which figure has to reach what is targets.py's, the plot plot.py's.
"""

from collections.abc import Iterator
from pathlib import Path

from rich.table import Table

from bench.peers import ALL
from bench.results import Results
from bench.targets import TARGETS, Judged, judged

_PEERS = tuple(kind.name for kind in ALL)
_SIDE_BY_SIDE = (
    ("new tunnels", "tunnels.rate"),
    ("CPU a tunnel", "tunnels.cpu"),
    ("cores busy while opening", "tunnels.busy"),
    ("opening a tunnel, p50", "tunnels.p50"),
    ("clients' CPU a tunnel", "tunnels.load_cpu"),
    ("new tunnels by name", "names.rate"),
    ("CPU a tunnel by name", "names.cpu"),
    ("redirected tunnels", "transparent.rate"),
    ("CPU a redirected tunnel", "transparent.cpu"),
    ("plain HTTP requests", "requests.rate"),
    ("CPU a request", "requests.cpu"),
    ("inspected requests", "inspected.rate"),
    ("CPU an inspected request", "inspected.cpu"),
    ("denials", "denials.rate"),
    ("CPU a denial", "denials.cpu"),
    ("bulk", "bulk.rate"),
    ("CPU for bulk", "bulk.cpu"),
    ("echo p50", "echo.p50"),
    ("echo p99", "echo.p99"),
    ("CPU an echo", "echo.cpu"),
    ("idle tunnel, PSS", "memory.pss"),
    ("idle tunnel, RSS", "memory.rss"),
    ("whole proxy with them, RSS", "memory.whole"),
    ("start to listening", "start.seconds"),
    ("CPU to listening", "start.cpu"),
)

_HOW = """\
All on loopback, clients from 32 addresses of it, everything in one run, the proxies in turn in each round, each round
beginning with another. Clients and origin are C (load.c, origin.c), without TLS of their own: the clients send a real
ClientHello, the origin answers 1,400 fixed octets to it. CPU time is user and system of all processes of a proxy, from
/proc/PID/stat, until 0.3 s after the last client left. Memory of a tunnel is the growth of a fresh proxy's anonymous
and shared memory (PSS), divided by the tunnels: mapped files are left out, because other processes that map them move
their share.""".splitlines()


def screen_tables(results: Results) -> Iterator[Table]:
    """What `python -m bench` prints at the end."""
    table = Table("figure", "tierwall", "against", "ratio", "must be", "", title="medians and ratios")
    for row in _judged(results):
        table.add_row(*_cells(results, row))
    yield table
    side = Table("figure", *_PEERS, title="side by side, medians")
    for what, figure in _SIDE_BY_SIDE:
        if figure in results.samples:
            unit = results.units[figure]
            side.add_row(what, *(_value(results.of(figure, peer), unit) for peer in _PEERS))
    if side.row_count:
        yield side
    for part, notes in results.notes.items():
        for note in notes:
            yield Table(f"{part}: {note}", box=None)


def write(results: Results, folder: Path, plot: str | None) -> None:
    """RESULTS.md; what somebody wrote by hand about the figures (NOTES.md) goes to its end."""
    by_hand = folder / "NOTES.md"
    lines = [*_lines(results, plot)]
    if by_hand.exists():
        lines += ["", by_hand.read_text().strip()]
    (folder / "RESULTS.md").write_text("\n".join(lines) + "\n")


def _lines(results: Results, plot: str | None) -> Iterator[str]:
    rows = _judged(results)
    asked = [row for row in rows if row.reached is not None]
    yield from ("# Passthrough, measured beside its peers", "")
    yield "Written by `python -m bench`; do not edit. `make bench` measures anew, `python -m bench PART` a part of it."
    yield f"{sum(bool(row.reached) for row in asked)} of {len(asked)} targets are reached."
    beaten = [row for row in asked if not row.reached]
    if beaten:
        yield "Not reached: " + "; ".join(_short(row) for row in beaten) + "."
    yield from ("", "## Against the targets", "")
    yield from _markdown(
        ["figure", "tierwall", "against", "ratio", "must be", "reached"], [_cells(results, r) for r in rows]
    )
    yield ""
    yield "A ratio is the median of the rounds' own ratios: what is compared was measured within seconds of each other."
    yield from ("", "## Side by side", "", "Median over the rounds, in brackets the least and the greatest.", "")
    present = [(what, figure) for what, figure in _SIDE_BY_SIDE if figure in results.samples]
    yield from _markdown(
        ["figure", *_PEERS], [[what, *(_spread(results, figure, peer) for peer in _PEERS)] for what, figure in present]
    )
    if plot:
        yield from ("", f"![The same as bars]({plot})")
    yield from _generator(results)
    yield from _in_process(results)
    yield from ("", "## Measured on", "")
    yield from (f"- {name}: {value}" for name, value in results.machine.items())
    yield from ("", "## Peers", "")
    for peer in ALL:
        if peer.name in results.missing:
            yield f"- **{peer.name}**: not measured: {results.missing[peer.name]}"
        elif peer.name in results.versions:
            differs = f" Differs: {peer.differs}." if peer.differs else ""
            yield f"- **{peer.name}**: {results.versions[peer.name]}.{differs}"
    yield from ("", "The configurations are in [peers.py](peers.py) and [squid.py](squid.py). Started as", "", "```sh")
    yield from results.commands.values()
    yield from ("```", "", "## How", "")
    yield from _HOW
    yield ""
    for scale, parts in _by_scale(results):
        yield f"- {scale}: {'; '.join(parts)}"
    if any(results.notes.values()):
        yield from ("", "## Noted during the run", "")
        yield from (f"- {part}: {note}" for part, notes in results.notes.items() for note in notes)


def _by_scale(results: Results) -> Iterator[tuple[str, list[str]]]:
    """Most runs measure all parts at one scale: it is said once."""
    scales: dict[str, list[str]] = {}
    for part, (scale, when) in results.measured.items():
        scales.setdefault(scale, []).append(f"{part} ({when})")
    yield from scales.items()


def _generator(results: Results) -> Iterator[str]:
    """Whether the clients or the origin could be what limits the proxies."""
    direct = results.of("tunnels.rate", "direct")
    best = max(((results.of("tunnels.rate", peer) or 0.0, peer) for peer in _PEERS[1:]), default=(0.0, ""))
    if direct is None or not best[0]:
        return
    yield from ("", "## Are the clients the limit?", "")
    cores = results.machine.get("cores", "?").split()[0]
    yield f"Without a proxy they open {direct:,.0f} tunnels a second, {direct / best[0]:.1f} times as many as through"
    yield f"the fastest proxy ({best[1]}). On {cores} cores it does not have them to itself, which"
    yield "is why CPU a tunnel says more than the rate."


def _in_process(results: Results) -> Iterator[str]:
    kinds = sorted(figure.split(".")[2] for figure in results.samples if figure.startswith("verdict.cached."))
    if kinds:
        yield from ("", "## Verdicts, by kind", "")
        rows = [
            [k, *(_spread(results, f"verdict.{how}.{k}", "tierwall") for how in ("cached", "uncached"))] for k in kinds
        ]
        yield from _markdown(["attempt", "cached", "not cached"], rows)
    if readers := results.samples.get("audit.rate"):
        yield from ("", "## Logs", "", "Lines of a Squid log for each second of CPU time, start included.", "")
        yield from _markdown(["program", "lines"], [[name, _spread(results, "audit.rate", name)] for name in readers])
    figures = sorted(figure for figure in results.samples if figure.startswith("rules."))
    if figures:
        yield from (
            "",
            "## Rules",
            "",
            "Memory is that of the whole process, Python and imports (but not mitmproxy's) included.",
            "",
        )
        rows = [[figure, *(_spread(results, figure, size) for size in ("few", "many"))] for figure in figures]
        yield from _markdown(["figure", "20 rules", "many"], rows)


def _judged(results: Results) -> list[Judged]:
    return [row for target in TARGETS if (row := judged(results, target)).ours is not None]


def _cells(results: Results, row: Judged) -> list[str]:
    target, unit = row.target, results.units.get(row.target.figure, "")
    against = "-" if target.against is None else f"{target.against} {_value(row.theirs, unit)}"
    must = (
        "reported" if not target.sense else f"{target.sense} {target.limit:g} {unit if target.against is None else 'x'}"
    )
    reached = "" if not target.sense else {None: "not measured", True: "yes", False: "**no**"}[row.reached]
    ratio = "-" if row.ratio is None else f"{row.ratio:.2f} x"
    return [target.what, _value(row.ours, unit), against, ratio, must, reached]


def _short(row: Judged) -> str:
    against = f" of {row.target.against}" if row.target.against else ""
    value = f"{row.ratio:.2f} x" if row.ratio is not None else f"{row.ours:.3g}"
    return f"{row.target.what} ({value}{against}, must be {row.target.sense} {row.target.limit:g})"


def _spread(results: Results, figure: str, peer: str) -> str:
    middle, ends = results.of(figure, peer), results.spread(figure, peer)
    if middle is None or ends is None:
        return "-"
    unit = results.units[figure]
    return f"{_value(middle, unit)} ({_number(ends[0])}-{_number(ends[1])})"


def _value(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{_number(value)} {unit}".replace(" /s", "/s")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _markdown(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)
