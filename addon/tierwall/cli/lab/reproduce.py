"""`tierwall reproduce`: options -> what is to be compared, and the exit status.

Knows spellings of options only; the comparison is demo/reproduce's.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, talk, write
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.loader.faults import unknown
from tierwall.loader.forms.units import duration
from tierwall.reproduce.checks import checks_of
from tierwall.reproduce.command import Comparison, compare
from tierwall.reproduce.output import as_json, tell
from tierwall.reproduce.results import broke_something
from tierwall.standins.process import ProxyFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    site: str
    vendor: str
    policies: tuple[Path, ...]
    longest: str


def reproduce(wanted: Wanted, *, as_object: bool) -> int:
    """Compare, and print. 1 where something is broken. Raises BadInput."""
    faults: list[object] = []
    longest_s = 0.0
    try:
        longest_s = duration(wanted.longest)
    except ValueError as fault:
        faults.append(f"--longest {fault}")
    try:
        catalogue = load_catalogue(wanted.policies)
    except InvalidFiles as invalid:
        raise BadInput([*faults, *invalid.faults]) from None
    known = [vendor.id for vendor in catalogue.vendors]
    if wanted.vendor not in known:
        faults.append(f"--vendor: {unknown('vendor', wanted.vendor, known)}")
    try:
        site = load_site(wanted.site, catalogue)
    except InvalidFiles as invalid:
        raise BadInput([*faults, *invalid.faults]) from None
    if faults:
        raise BadInput(faults)
    checks = tuple(checks_of(catalogue, site, wanted.vendor, longest_s))
    path = Path(wanted.site)
    found = path.absolute() if path.is_file() else wanted.site
    try:
        rows = compare(Comparison(site=str(found), policies=wanted.policies, checks=checks), talk())
    except* ProxyFailed as failed:
        for said in failed.exceptions:
            print(f"tierwall reproduce: {said}", file=sys.stderr)
        raise BadInput(["the proxy did not run; what it said stands above"]) from None
    if as_object:
        write(as_json(wanted.vendor, site.id, rows))
    else:
        tell(report(), wanted.vendor, site.id, rows)
    return int(broke_something(rows))
