"""What may be told of a file that a site names and that does not lie beside it: the line of each fault, never its text.

Knows where files lie. A site from somebody else may name any file of this machine (`file: /etc/shadow`), and faults go
to the console and, when files change, to the journal.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from tierwall.loader.faults import Fault
from tierwall.loader.places import bundled
from tierwall.loader.yaml.tree import Document

_NOT_SHOWN: Final = "is at fault. It is not shown what stands there, as the file is not beside the site: copy it there"
_OF_A_SITE: Final = frozenset({"version", "site"})


def veiled(faults: Iterable[Fault], folder: Path) -> list[Fault]:
    """The faults of what a site in that folder names: without text where they are of files elsewhere."""
    return [fault if _lies_in(Path(fault.path), folder) else _without_text(fault) for fault in faults]


def veiled_unless_a_site(faults: Iterable[Fault], folder: Path, extended: Document | None) -> list[Fault]:
    """The same of a file that is extended: where it is a site file, wherever it lies, its faults are shown."""
    if extended is not None and isinstance(extended.content, dict) and extended.content.keys() >= _OF_A_SITE:
        return list(faults)
    return veiled(faults, folder)


def _lies_in(path: Path, folder: Path) -> bool:
    """Where links lead: a list beside the site that is a link to elsewhere lies elsewhere."""
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(os.path.realpath(each)) for each in (folder, bundled()))


def _without_text(fault: Fault) -> Fault:
    return replace(fault, where="", message=_NOT_SHOWN)
