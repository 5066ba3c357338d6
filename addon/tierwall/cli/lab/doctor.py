"""`tierwall doctor`: what is wrong on this machine, one line each with its mend.

Knows options and how findings are printed; what is looked at, and what it means, is the package doctor's.
"""

import json
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path

from rich.text import Text

from tierwall.cli import output
from tierwall.cli.faults import BadInput
from tierwall.cli.folders import state_folder
from tierwall.cli.lab.run import parse_listen
from tierwall.doctor import CHECKS, findings
from tierwall.doctor.facts import Facts, Finding, Level
from tierwall.doctor.probe import Lab, look
from tierwall.events import visible
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.policy.behaviour import Inspecting
from tierwall.policy.model import Catalogue
from tierwall.policy.projections.pac_targets import steering
from tierwall.policy.site import Site, TlsRefusal
from tierwall.report.wording import plural

_STYLES = {Level.FINDING: "red", Level.NOTE: "dim"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    site: str
    policies: tuple[Path, ...]
    listen: str
    gateway: bool


def examine(wanted: Wanted) -> tuple[Facts, list[Finding]]:
    """Look at this machine, and say what is wrong. Raises BadInput."""
    faults: list[object] = []
    try:
        host, port = parse_listen(wanted.listen)
    except ValueError as fault:
        faults.append(fault)
    try:
        catalogue = load_catalogue(wanted.policies)
        site = load_site(wanted.site, catalogue)
    except InvalidFiles as invalid:
        faults += invalid.faults
    if faults:
        raise BadInput(faults)
    facts = look(
        Lab(
            listen=(ip_address(host), port),
            gateway=wanted.gateway,
            inspects=_inspects(site),
            vendors=_vendors(site, catalogue),
            state=state_folder(),
        )
    )
    return facts, findings(facts)


def print_text(facts: Facts, found: list[Finding]) -> int:
    """For people. Status 1 where there is a finding; notes alone are none."""
    console = output.report()
    width = max((len(each.check) for each in found), default=0)
    for each in found:
        line = Text.assemble(
            (f"{each.level:<7}  ", _STYLES[each.level]),
            (f"{each.check:<{width}}  ", "bold"),
            f"{visible(each.what)} → {visible(each.mend)}",
        )
        console.print(line, soft_wrap=True)
    for what in facts.not_seen:
        console.print(Text(f"not seen: {what}", "dim"), soft_wrap=True)
    count = sum(each.level is Level.FINDING for each in found)
    console.print(Text(f"{plural(count, 'finding')} of {len(CHECKS)} checks" if count else "nothing found", "bold"))
    return 1 if count else 0


def print_json(facts: Facts, found: list[Finding]) -> int:
    """For programs. The same status."""
    output.write(json.dumps({"findings": [asdict(each) for each in found], "not_seen": facts.not_seen}, indent=2))
    return 1 if any(each.level is Level.FINDING for each in found) else 0


def _inspects(site: Site) -> bool:
    shows_ours = any(isinstance(each, Inspecting) for each in site.behaviours)
    return shows_ours or site.refuse.tls is TlsRefusal.PAGE


def _vendors(site: Site, catalogue: Catalogue) -> tuple[str, ...]:
    listed = steering(site, catalogue)
    return tuple(sorted({reading.base for reading in listed.readings})) if listed else ()
