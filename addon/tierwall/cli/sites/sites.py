"""`tierwall sites`: the corporate networks that can be reproduced, and what each does to every vendor.

Knows which sites to look at, and how a survey is printed; what is broken is computed by policy/projections/impact.py.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from rich.text import Text

from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, write
from tierwall.events.hostile_text import visible
from tierwall.loader import Fault, InvalidFiles, load_catalogue, load_site, site_names
from tierwall.loader.faults import unknown
from tierwall.policy.model import Catalogue
from tierwall.policy.projections.impact import State, Surveyed, survey
from tierwall.policy.site import Site
from tierwall.report.indented import Indented
from tierwall.report.wording import TIER_STYLES, plural

_VENDOR_AT: Final = 2
_SAID_AT: Final = 14


@dataclass(frozen=True, slots=True)
class Listed:
    """A site and what becomes of every service under it."""

    site: Site
    services: tuple[Surveyed, ...]


def sites(
    named: Sequence[str], policies: Sequence[Path], *, vendor: str | None = None, breaks: str | None = None
) -> Sequence[Listed]:
    """The bundled sites, or those that were named. Raises BadInput with every fault of every one.

    `vendor`: only what each does to that one. `breaks`: only sites under which that service does not simply work.
    """
    faults: list[Fault] = []
    found: list[Listed] = []
    try:
        catalogue = load_catalogue(policies)
    except InvalidFiles as invalid:
        raise BadInput(invalid.faults) from None
    faults += _unknown(catalogue, vendor, breaks)
    for name in named or site_names():
        try:
            listed = _listed(name, catalogue)
        except InvalidFiles as invalid:
            faults += invalid.faults
            continue
        own = tuple(each for each in listed.services if vendor in {None, each.vendor})
        hit = any(each.service == breaks and each.state is not State.WORKS for each in own)
        if breaks is None or hit:
            found.append(Listed(listed.site, own))
    if faults:
        raise BadInput(faults)
    return found


def _unknown(catalogue: Catalogue, vendor: str | None, service: str | None) -> Iterator[Fault]:
    ids = [each.id for each in catalogue.vendors]
    if vendor is not None and vendor not in ids:
        yield Fault("", None, "", f"--vendor: {unknown('vendor', vendor, ids)}")
        return
    services = [each.id for of in catalogue.vendors if vendor in {None, of.id} for each in of.services]
    if service is not None and service not in services:
        yield Fault("", None, "", f"--breaks: {unknown('service', service, services)}")


def print_text(found: Sequence[Listed]) -> int:
    """For people: what does not simply work, vendor by vendor."""
    console = report()
    if not found:
        console.print("no site does")
    for number, listed in enumerate(found):
        if number:
            console.print()
        console.print(*_lines(listed), sep="")
    return 0


def print_json(found: Sequence[Listed]) -> int:
    """For programs: a list, an object a site, with every service of every vendor."""
    write(
        json.dumps(
            [
                {
                    "site": listed.site.id,
                    "title": listed.site.title,
                    "enforce": listed.site.enforce,
                    "behaviours": [behaviour.NAME for behaviour in listed.site.behaviours],
                    "services": [_object(surveyed) for surveyed in listed.services],
                }
                for listed in found
            ],
            indent=2,
        )
    )
    return 0


def _listed(name: str, catalogue: Catalogue) -> Listed:
    site = load_site(name, catalogue)
    return Listed(site, survey(site, catalogue))


def _object(surveyed: Surveyed) -> dict[str, object]:
    return {
        "vendor": surveyed.vendor,
        "service": surveyed.service,
        "tier": surveyed.tier,
        "state": surveyed.state,
        "reasons": surveyed.reasons,
        "behaviours": surveyed.behaviours,
        "closed": surveyed.closed,
        "symptom": surveyed.symptom if surveyed.state is not State.WORKS else None,
    }


def _lines(listed: Listed) -> Iterator[Indented]:
    name = listed.site.id
    yield Indented(Text(visible(listed.site.title) or " "), len(name) + 2, Text(name, "bold"))
    if not listed.site.enforce:
        yield Indented(Text("observes only: nothing is denied", "dim"), _VENDOR_AT)
    vendors = dict.fromkeys(surveyed.vendor for surveyed in listed.services)
    if all(surveyed.state is State.WORKS for surveyed in listed.services):
        yield Indented(Text("everything that the vendors ask for works", "green"), _VENDOR_AT)
        return
    for vendor in vendors:
        own = [surveyed for surveyed in listed.services if surveyed.vendor == vendor]
        lead = Text(f"{'':{_VENDOR_AT}}{visible(vendor)}")
        if all(surveyed.state is State.WORKS for surveyed in own):
            yield Indented(Text("works", "green"), _SAID_AT, lead)
            continue
        for what, alike in _alike(own):
            yield Indented(Text.assemble(_services(alike), f": {what}"), _SAID_AT, lead)
            lead = Text()


def _alike(own: Sequence[Surveyed]) -> list[tuple[str, list[Surveyed]]]:
    """Services that the same happens to stand together."""
    groups: dict[str, list[Surveyed]] = {}
    for surveyed in own:
        if surveyed.state is not State.WORKS:
            groups.setdefault(_what(surveyed), []).append(surveyed)
    return list(groups.items())


def _services(alike: Sequence[Surveyed]) -> Text:
    said = Text()
    for number, surveyed in enumerate(alike):
        said.append(", " if number else "")
        said.append(visible(surveyed.service), TIER_STYLES[surveyed.tier])
    return said


def _what(surveyed: Surveyed) -> str:
    why = ", ".join(surveyed.reasons)
    then = ", ".join(surveyed.behaviours)
    match surveyed.state:
        case State.WORKS:
            return "works"
        case State.STRUCK:
            return f"hit by {then}"
        case State.CLOSED:
            return f"closed ({why})"
        case State.PARTLY:
            closed = plural(len(surveyed.closed), "place")
            return f"{closed} of {surveyed.places} closed ({why})" + (f", the rest hit by {then}" if then else "")
        case _:
            assert_never(surveyed.state)
