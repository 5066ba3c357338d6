"""`tierwall learn`: a journal or logs -> a site file or an export, and what was never seen.

Knows options and streams. Reading is audit/reading.py's, folding is export/learning.py's.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tierwall.audit.interest import Interest
from tierwall.audit.tally import Tally, Window
from tierwall.cli.audit.formats import ALL, FLOWS
from tierwall.cli.audit.reading import Reading, read_files
from tierwall.cli.audit.sources import files
from tierwall.cli.audit.stopping import Stop
from tierwall.cli.export.export import deliver, known_product
from tierwall.cli.faults import BadInput
from tierwall.cli.output import talk
from tierwall.events.hostile_text import visible
from tierwall.export import List, NothingSelected, ProductId, select
from tierwall.export import Wanted as Selected
from tierwall.export.learned_site import site_text, when
from tierwall.export.learning import Learned, site_of
from tierwall.export.learning import learn as folded
from tierwall.loader import InvalidFiles, load_catalogue
from tierwall.loader.faults import shown_path, unknown
from tierwall.policy.model import Catalogue
from tierwall.report.wording import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for."""

    files: tuple[str, ...]
    format: str | None = None
    fold: int = 3
    policies: tuple[Path, ...] = ()
    product: str | None = None
    output: Path | None = None
    since: float | None = None
    """Only what was let through since then, in seconds since the epoch."""


def learn(wanted: Wanted) -> int:
    """Read, fold, write. Raises BadInput."""
    faults: list[object] = []
    product = None if wanted.product is None else known_product(wanted.product, faults)
    if wanted.format is not None and wanted.format not in ALL:
        faults.append(f"--format: {unknown('format', wanted.format, list(ALL))}")
    try:
        catalogue = load_catalogue(wanted.policies)
    except InvalidFiles as invalid:
        raise BadInput([*faults, *invalid.faults]) from None
    if faults:
        raise BadInput(faults)
    tally, interest = _read(wanted, catalogue)
    learned = folded(tally.statements, interest, wanted.fold)
    if not learned.rules and not learned.beside:
        raise BadInput(["nothing was let through in these files: an observing run journals it with `--events all`"])
    _tell(learned)
    if product is not None:
        return _export(wanted, product, learned, catalogue)
    name = re.sub(r"[^a-z0-9-]+", "-", wanted.output.stem.lower()).strip("-") if wanted.output else ""
    return _write(
        wanted.output, site_text(learned, name or "learned", dict.fromkeys(file for file, _ in tally.sources))
    )


def _read(wanted: Wanted, catalogue: Catalogue) -> tuple[Tally, Interest]:
    interest = Interest(catalogue, keep_all=True)
    chosen = None if wanted.format is None else ALL[wanted.format]
    reading = Reading(interest=interest, window=Window(since=wanted.since), stop=Stop(), chosen=chosen, whole=(FLOWS,))
    tally, whole = read_files(files(wanted.files), reading)
    for (file, kind), each in tally.unreadable.items():
        _say(f"{file}: {plural(each.lines, 'line')} could not be read: {kind}")
    if not whole:
        _say("stopped: what was read until then")
    return tally, interest


def _tell(learned: Learned) -> None:
    """What was seen, and what was not: nobody may call the latter unused."""
    _say(f"seen: {when(learned.seen)}")
    for each in learned.services:
        _say(f"  {each.vendor}/{each.service} ({each.tier}): {when(each.seen)}")
    for each in learned.never:
        _say(f"never seen, and would be cut by this list: {each.vendor}/{each.service} ({each.tier}): {each.symptom}")
    if learned.absent:
        _say(f"nothing at all was seen of: {', '.join(learned.absent)}")


def _export(wanted: Wanted, product: ProductId, learned: Learned, catalogue: Catalogue) -> int:
    try:
        selection = select(Selected(), site_of(learned, "learned"), catalogue)
    except NothingSelected as fault:
        raise BadInput([fault]) from None
    return deliver(product, selection, (List.ALLOW,), wanted.output)


def _write(output: Path | None, text: str) -> int:
    if output is None:
        sys.stdout.write(text)
        return 0
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as cause:
        raise BadInput([f"{shown_path(output)}: cannot be written: {cause.strerror}"]) from None
    return 0


def _say(line: str) -> None:
    talk().print(visible(line), soft_wrap=True)
