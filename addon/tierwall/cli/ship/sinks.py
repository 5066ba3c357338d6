"""What was typed of sinks -> addresses that can be sent to, every fault named before anything starts.

Knows no network: an engine that is away when a run starts is waited for.
"""

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from tierwall.cli.faults import BadInput
from tierwall.cli.ship.sink_options import url_and_headers
from tierwall.sinks import sinks
from tierwall.sinks.address import Address, InvalidSink, Kind, parse_address
from tierwall.sinks.following import Position
from tierwall.sinks.sinks import Wanted, outlet


def sinks_of(journal: Path, typed: Sequence[tuple[str, str]], trust: Path | None) -> Wanted:
    """The sinks of a journal. Raises BadInput."""
    faults: list[object] = []
    found: dict[Address, None] = {}
    for name, text in typed:
        try:
            url, headers = url_and_headers(text)
            address = parse_address(Kind(name), url, headers)
            outlet(address, trust).close()
        except ValueError as fault:
            faults.append(fault if isinstance(fault, InvalidSink) else f"--{name}: {fault}")
        except OSError as fault:  # what ssl raises of a file is one too
            faults.append(f"--sink-trust {trust}: holds no certificate (PEM): {fault.strerror or fault}")
        else:
            found[address] = None
    if found and _is_no_file(journal):
        faults.append(f"--journal {journal}: sinks follow the journal, which has to be a file for that")
    if faults:
        raise BadInput(faults)
    return Wanted(journal=journal, sinks=tuple(found), trust=trust)


def begin(wanted: Wanted, where: Callable[[Path], Position], *, again: bool = False) -> None:
    """Sinks that never had anything of this journal begin there; `again`: all of them. Raises BadInput."""
    try:
        sinks.begin(wanted, where, again=again)
    except OSError as fault:
        what = f"{wanted.journal.parent}: sinks keep their positions beside the journal, and cannot"
        raise BadInput([f"{what}: {fault.strerror}"]) from None


def _is_no_file(journal: Path) -> bool:
    try:
        return not stat.S_ISREG(os.stat(journal).st_mode)  # noqa: PTH116 - a link to a device is one
    except OSError:
        return False  # it will be made, or its absence is said by who makes it
