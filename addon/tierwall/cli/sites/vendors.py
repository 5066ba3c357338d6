"""`tierwall vendors`: the catalogue, or what one vendor's document asks for.

Knows which policies to look at; how they are shown is report/vendor.py's.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, talk, write
from tierwall.loader import InvalidFiles, load_catalogue
from tierwall.loader.faults import unknown
from tierwall.policy.model import Vendor
from tierwall.report.vendor import as_object, counted, lines, overview


def vendors(named: Sequence[str], policies: Sequence[Path]) -> Sequence[Vendor]:
    """All of the catalogue, or those that were named. Raises BadInput."""
    try:
        catalogue = load_catalogue(policies)
    except InvalidFiles as invalid:
        raise BadInput(invalid.faults) from None
    known = {vendor.id: vendor for vendor in catalogue.vendors}
    if faults := [unknown("vendor", name, known) for name in named if name not in known]:
        raise BadInput([f"{fault}; `tierwall vendors` lists them" for fault in faults])
    return [known[name] for name in named] if named else catalogue.vendors


def print_text(found: Sequence[Vendor], *, whole: bool) -> int:
    """For people: a row a vendor, or all of each."""
    console = report()
    if not whole:
        console.print(overview(found))
        talk().print(counted(found))
        return 0
    for number, vendor in enumerate(found):
        if number:
            console.print()
        console.print(*lines(vendor), sep="")
    return 0


def print_json(found: Sequence[Vendor]) -> int:
    """For programs: a list, an object a vendor, with everything."""
    write(json.dumps([as_object(vendor) for vendor in found], indent=2))
    return 0
