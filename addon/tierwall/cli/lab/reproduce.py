"""`tierwall reproduce`: options -> what is to be compared, and the exit status.

Knows spellings of options only; the comparison is reproduce's.
"""

import hashlib
import json
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, talk, write
from tierwall.cli.reporting.offer import check_form, write_report
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.loader.faults import unknown
from tierwall.loader.forms.units import duration
from tierwall.policy.behaviour import ProxyAuth
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site
from tierwall.reproduce.checks import Means, checks_of
from tierwall.reproduce.checks import Wanted as Asked
from tierwall.reproduce.command import Compared, Comparison, compare
from tierwall.reproduce.network.entry import means_here
from tierwall.reproduce.output import Said, as_object, status_of, tell
from tierwall.standins.process import ProxyFailed

LAB_LOGIN: Final = "lab:lab"
"""The user of the bundled sites that ask for a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    site: str
    vendor: str
    policies: tuple[Path, ...] = ()
    longest: str = "2m"
    only: tuple[str, ...] = ()
    login: str | None = None
    report: Path | None = None


@dataclass(frozen=True, slots=True)
class _Loaded:
    catalogue: Catalogue
    site: Site
    longest_s: float


def reproduce(wanted: Wanted, *, as_json: bool) -> int:
    """Compare, and print. 1 where something is broken, 3 where a behaviour could not be shown. Raises BadInput."""
    loaded = _loaded(wanted)
    means = replace(means_here(), no_login=_no_login(loaded.site, wanted.login or LAB_LOGIN))
    found = compared(wanted, loaded, means)
    said = Said(vendor=wanted.vendor, site=loaded.site, compared=found, again=_command(wanted))
    if as_json:
        write(json.dumps(as_object(said), indent=2))
    else:
        tell(report(), said)
    if wanted.report is not None:
        write_report(wanted.report, {"reproduce.json": json.dumps(as_object(said), indent=2).encode()}, wanted.policies)
    elif not as_json:
        talk().print("to send it: the same with --report FILE.html, .md, .pdf or .xml", style="dim")
    return status_of(found)


def compared(wanted: Wanted, loaded: _Loaded, means: Means) -> Compared:
    """Run it. Raises BadInput where the proxy did not."""
    asked = Asked(vendor=wanted.vendor, longest_s=loaded.longest_s, only=frozenset(wanted.only))
    checks = tuple(checks_of(loaded.catalogue, loaded.site, asked, means))
    path = Path(wanted.site)
    comparison = Comparison(
        site=str(path.absolute()) if path.is_file() else wanted.site,
        loaded=loaded.site,
        policies=wanted.policies,
        wanted=asked,
        means=means,
        checks=checks,
        login=wanted.login or LAB_LOGIN,
    )
    failures: list[str] = []
    found = None
    try:
        found = compare(comparison, talk())
    except* ProxyFailed as failed:
        failures += [str(said) for said in failed.exceptions]
    if found is None:
        for said in failures:
            print(f"tierwall reproduce: {said}", file=sys.stderr)
        raise BadInput(["the proxy did not run; what it said stands above"])
    return found


def _no_login(site: Site, login: str) -> str | None:
    """Why no client can answer 407; passwords of a site are known by their hashes alone."""
    digest = hashlib.sha256(login.encode()).hexdigest()
    asks = [each for each in site.behaviours if isinstance(each, ProxyAuth)]
    if all(digest in set(map(str, each.users)) for each in asks):
        return None
    return "no password that the proxy knows: --login NAME:PASSWORD says one"


def _command(wanted: Wanted) -> str:
    words = ["tierwall", "reproduce", "--site", wanted.site, "--vendor", wanted.vendor]
    words += [word for path in wanted.policies for word in ("--policy", str(path))]
    words += [word for service in wanted.only for word in ("--only", service)]
    words += ["--longest", wanted.longest] if wanted.longest != "2m" else []
    return shlex.join(words)


def _loaded(wanted: Wanted) -> _Loaded:
    faults: list[object] = []
    longest_s = 0.0
    try:
        longest_s = duration(wanted.longest)
    except ValueError as fault:
        faults.append(f"--longest {fault}")
    if wanted.report is not None and (fault_ := check_form(wanted.report)) is not None:
        faults.append(fault_)
    if wanted.login is not None and ":" not in wanted.login:
        faults.append("--login: expected NAME:PASSWORD")
    try:
        catalogue = load_catalogue(wanted.policies)
    except InvalidFiles as invalid:
        raise BadInput([*faults, *invalid.faults]) from None
    faults += _unknown(catalogue, wanted)
    try:
        site = load_site(wanted.site, catalogue)
    except InvalidFiles as invalid:
        raise BadInput([*faults, *invalid.faults]) from None
    if faults:
        raise BadInput(faults)
    return _Loaded(catalogue, site, longest_s)


def _unknown(catalogue: Catalogue, wanted: Wanted) -> list[object]:
    known = [vendor.id for vendor in catalogue.vendors]
    if wanted.vendor not in known:
        return [f"--vendor: {unknown('vendor', wanted.vendor, known)}"]
    services = [service.id for service in catalogue.vendor(wanted.vendor).services]
    return [f"--only: {unknown('service', each, services)}" for each in wanted.only if each not in services]
