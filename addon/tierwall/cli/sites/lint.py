"""`tierwall lint`: what is odd about vendor and site files, grouped by what it is about.

Knows which files to look at, and how findings are printed; what can be found is policy/lint's.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Final

from rich.text import Text

from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, talk, write
from tierwall.events.hostile_text import visible
from tierwall.loader import Fault, InvalidFiles, load_catalogue, load_site, site_names
from tierwall.loader.faults import shown_path, unknown
from tierwall.loader.places import site_file
from tierwall.loader.yaml.tree import read_document
from tierwall.policy.lint import Finding, Severity, lint_catalogue, lint_site
from tierwall.policy.model import Catalogue
from tierwall.report.indented import Indented
from tierwall.report.wording import plural

_OLD: Final = timedelta(days=180)
"""Since a vendor's document was read."""

_ENDINGS: Final = {".yaml", ".yml"}
_STYLES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
_SAID_AT: Final = max(map(len, Severity)) + 4
"""The column where messages start."""


def lint(named: Sequence[Path]) -> Sequence[Finding]:
    """Everything odd about the files and folders; about what is bundled where none is named. Raises BadInput."""
    try:
        return _findings_in(named) if named else _findings_in_bundled()
    except InvalidFiles as invalid:
        raise BadInput(invalid.faults) from None


def print_text(findings: Sequence[Finding]) -> int:
    """For people. 1 where there is an error or a warning."""
    console = report()
    subjects: dict[str, list[Finding]] = {}
    for finding in findings:
        subjects.setdefault(finding.subject, []).append(finding)
    for subject, found in subjects.items():
        console.print(Text(visible(subject), "bold"))
        for finding in found:
            console.print(*_lines(finding), sep="")
    talk().print(_counted(findings))
    return _status(findings)


def print_json(findings: Sequence[Finding]) -> int:
    """For programs: a list, an object a finding. 1 where there is an error or a warning."""
    objects = [
        {
            "subject": finding.subject,
            "severity": finding.severity,
            "code": finding.code,
            "message": finding.message,
            "mend": finding.mend,
        }
        for finding in findings
    ]
    write(json.dumps(objects, indent=2))
    return _status(findings)


def _status(findings: Iterable[Finding]) -> int:
    """Notes are worth knowing, and nothing to mend: they are no finding."""
    return int(any(finding.severity is not Severity.NOTE for finding in findings))


def _lines(finding: Finding) -> Iterator[Indented]:
    said = Text.assemble(visible(finding.message), (f"  [{finding.code}]", "dim"))
    yield Indented(said, _SAID_AT, Text(f"  {finding.severity}", _STYLES[finding.severity]))
    if finding.mend is not None:
        yield Indented(Text(f"→ {visible(finding.mend)}", "green"), _SAID_AT)


def _counted(findings: Sequence[Finding]) -> str:
    counted = Counter(finding.severity for finding in findings)
    words = [plural(counted[severity], severity) for severity in Severity if counted[severity]]
    return ", ".join(words) if words else "nothing found"


# Which files


def _findings_in_bundled() -> list[Finding]:
    catalogue = load_catalogue([])
    sites = chain.from_iterable(lint_site(load_site(name, catalogue), catalogue) for name in site_names())
    return [*lint_catalogue(catalogue, _read_before()), *sites]


def _read_before() -> str:
    return (datetime.now(UTC).date() - _OLD).isoformat()


def _findings_in(named: Sequence[Path]) -> list[Finding]:
    faults: list[Fault] = []
    vendors, sites = _told_apart(named, faults)
    try:
        catalogue = load_catalogue(vendors)
    except InvalidFiles as invalid:
        not_yet = [
            Fault(shown_path(path), None, "", "not looked at, because a vendor's file has faults") for path in sites
        ]
        raise InvalidFiles([*faults, *invalid.faults, *not_yet]) from None
    paths = {str(path) for path in vendors}
    theirs = Catalogue(tuple(each for each in catalogue.vendors if each.path in paths))
    findings = list(lint_catalogue(theirs, _read_before()))
    for path in sites:
        try:
            findings += lint_site(load_site(str(path.absolute()), catalogue), catalogue)
        except InvalidFiles as invalid:
            faults += invalid.faults
    if faults:
        raise InvalidFiles(faults)
    return findings


def _told_apart(named: Sequence[Path], faults: list[Fault]) -> tuple[list[Path], list[Path]]:
    """Vendor files and site files, by the key that names each."""
    vendors: list[Path] = []
    sites: list[Path] = []
    for path in _files(_meant(named, faults), faults):
        try:
            content = read_document(path).content
        except InvalidFiles as invalid:
            faults += invalid.faults
            continue
        keys = content if isinstance(content, dict) else {}
        if "vendor" in keys:
            vendors.append(path)
        elif "site" in keys:
            sites.append(path)
        else:
            message = "is neither a vendor's nor a site's file: at the top there is `vendor:` or `site:`"
            if path.suffix not in _ENDINGS:
                message += f"; where it is a customer's list, `tierwall new-site {path}` makes a site of it"
            faults.append(Fault(shown_path(path), None, "", message))
    return vendors, sites


def _meant(named: Sequence[Path], faults: list[Fault]) -> Iterator[Path]:
    """What was named: files and folders, and bundled sites by name, as --site takes them."""
    for path in named:
        if path.exists() or path.suffix in _ENDINGS or len(path.parts) > 1:
            yield path
        elif str(path) in site_names():
            yield site_file(str(path), Path())
        else:
            faults.append(Fault("", None, "", f"{unknown('file or bundled site', str(path), site_names())}"))


def _files(named: Iterable[Path], faults: list[Fault]) -> Iterator[Path]:
    """The files that were named, and those below the folders that were named, each once."""
    seen: set[Path] = set()
    for path in named:
        below = sorted(file for file in path.rglob("*") if file.suffix in _ENDINGS and file.is_file())
        if path.is_dir() and not below:
            faults.append(Fault(shown_path(path), None, "", "is a folder without a .yaml or .yml file"))
        for file in below if path.is_dir() else [path]:
            if (real := file.resolve()) not in seen:
                seen.add(real)
                yield file
