"""`tierwall reproduce`: options -> what is to be compared, and the exit status.

Knows spellings of options only; the comparison is reproduce's.
"""

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, talk, write
from tierwall.cli.reporting.forms import check_form
from tierwall.cli.reporting.offer import show_in_form, write_report
from tierwall.loader import InvalidFiles, load_catalogue, load_site, site_names
from tierwall.loader.faults import unknown
from tierwall.loader.forms.units import duration
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site
from tierwall.report.forms.as_text import print_document
from tierwall.reproduce import matrix_output, output
from tierwall.reproduce.check import Wanted as Asked
from tierwall.reproduce.checks import checks_of
from tierwall.reproduce.command import Comparison, compare
from tierwall.reproduce.matrix import VENDORS, Cell, Matrix, compare_all
from tierwall.reproduce.network.entry import means_here
from tierwall.reproduce.output import Said
from tierwall.standins.process import ProxyFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    sites: tuple[str, ...]
    vendors: tuple[str, ...]
    policies: tuple[Path, ...] = ()
    longest: str = "2m"
    only: tuple[str, ...] = ()
    reports: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _Loaded:
    catalogue: Catalogue
    sites: dict[str, Site]
    """By the name as `tierwall run --site` takes it; a file's path is absolute."""
    longest_s: float


def reproduce(wanted: Wanted, *, as_json: bool) -> int:
    """Compare, and print. 1 where something is broken, 3 where a behaviour could not be shown. Raises BadInput."""
    loaded = _loaded(wanted)
    ((name, site),) = loaded.sites.items()
    (vendor,) = wanted.vendors
    means = means_here()
    asked = _asked(wanted, loaded, vendor)
    comparison = Comparison(
        site=name,
        loaded=site,
        policies=wanted.policies,
        wanted=asked,
        means=means,
        checks=tuple(checks_of(loaded.catalogue, site, asked, means)),
    )
    found = _or_failures(lambda: compare(comparison, talk()))
    said = Said(vendor=vendor, site=site, compared=found, again=shlex.join(_command(wanted)))
    if as_json:
        write(json.dumps(output.as_object(said), indent=2))
    else:
        output.tell(report(), said)
    result = json.dumps(output.as_object(said), indent=2).encode()
    for path in wanted.reports:
        write_report(path, {"reproduce.json": result}, wanted.policies)
    if not wanted.reports and not as_json:
        talk().print("to send it: the same with --report FILE.html, .md, .pdf or .xml", style="dim")
    return output.status_of(found)


def matrix(wanted: Wanted, *, as_json: bool) -> int:
    """Compare every site with every vendor, and print. Raises BadInput."""
    command = [*_command(wanted), "--matrix"]
    wanted = replace(wanted, sites=wanted.sites or tuple(site_names()), vendors=wanted.vendors or VENDORS)
    loaded = _loaded(wanted)
    means = means_here()
    cells = tuple(
        Cell(
            name=name,
            site=site,
            vendor=vendor,
            checks=tuple(checks_of(loaded.catalogue, site, _asked(wanted, loaded, vendor), means)),
        )
        for vendor in wanted.vendors
        for name, site in loaded.sites.items()
    )
    asked = Matrix(
        cells=cells,
        wanted=_asked(wanted, loaded, ""),
        policies=wanted.policies,
        means=means,
    )
    found = _or_failures(lambda: compare_all(asked, talk()))
    document = matrix_output.as_document(found, command)
    if as_json:
        write(json.dumps(matrix_output.as_object(found, shlex.join(command)), indent=2))
    else:
        print_document(document, report())
    for path in wanted.reports:
        show_in_form(document, path)
    return matrix_output.status_of(found)


def _asked(wanted: Wanted, loaded: _Loaded, vendor: str) -> Asked:
    return Asked(vendor=vendor, longest_s=loaded.longest_s, only=frozenset(wanted.only))


def _or_failures[T](work: Callable[[], T]) -> T:
    """What it comes to. Raises BadInput where a proxy did not run."""
    failures: list[str] = []
    found: list[T] = []
    try:
        found.append(work())
    except* ProxyFailed as failed:
        failures += [str(said) for said in failed.exceptions]
    if not found:
        for said in failures:
            print(f"tierwall reproduce: {said}", file=sys.stderr)
        raise BadInput(["the proxy did not run; what it said stands above"])
    return found[0]


def _command(wanted: Wanted) -> list[str]:
    words = ["tierwall", "reproduce"]
    words += [word for site in wanted.sites for word in ("--site", site)]
    words += [word for vendor in wanted.vendors for word in ("--vendor", vendor)]
    words += [word for path in wanted.policies for word in ("--policy", str(path))]
    words += [word for service in wanted.only for word in ("--only", service)]
    return words + (["--longest", wanted.longest] if wanted.longest != "2m" else [])


def _loaded(wanted: Wanted) -> _Loaded:
    faults: list[object] = []
    longest_s = 0.0
    try:
        longest_s = duration(wanted.longest)
    except ValueError as fault:
        faults.append(f"--longest {fault}")
    faults += [wrong for path in wanted.reports if (wrong := check_form(path)) is not None]
    try:
        catalogue = load_catalogue(wanted.policies)
    except InvalidFiles as invalid:
        raise BadInput([*faults, *invalid.faults]) from None
    faults += _unknown(catalogue, wanted)
    sites: dict[str, Site] = {}
    for name in wanted.sites:
        try:
            path = Path(name)
            sites[str(path.absolute()) if path.is_file() else name] = load_site(name, catalogue)
        except InvalidFiles as invalid:
            faults += invalid.faults
    if faults:
        raise BadInput(faults)
    return _Loaded(catalogue, sites, longest_s)


def _unknown(catalogue: Catalogue, wanted: Wanted) -> list[object]:
    known = [vendor.id for vendor in catalogue.vendors]
    faults: list[object] = [
        f"--vendor: {unknown('vendor', each, known)}" for each in wanted.vendors if each not in known
    ]
    services = {
        service.id for vendor in catalogue.vendors if vendor.id in wanted.vendors for service in vendor.services
    }
    if services:
        faults += [
            f"--only: {unknown('service', each, sorted(services))}" for each in wanted.only if each not in services
        ]
    return faults
