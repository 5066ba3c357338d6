"""`tierwall report`: files -> one report, in the forms that were asked for, and the exit status.

Knows spellings of options and files. What results mean is report/findings', how it looks is the forms'.
"""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall import programs
from tierwall.cli.faults import BadInput
from tierwall.cli.output import report as to_stdout
from tierwall.cli.output import talk, write
from tierwall.cli.pseudonyms import pseudonyms
from tierwall.cli.reporting.pdf import as_pdf
from tierwall.loader import InvalidFiles, load_catalogue, load_site, site_names
from tierwall.loader.faults import shown_path, unknown
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Catalogue
from tierwall.report.document import Document
from tierwall.report.findings.changes import with_changes
from tierwall.report.findings.model import Report
from tierwall.report.findings.parts import InvalidResult
from tierwall.report.findings.reading import CHANGED, read
from tierwall.report.findings.redacting import redacted
from tierwall.report.findings.shown import as_document
from tierwall.report.findings.together import together
from tierwall.report.forms.as_html import as_html
from tierwall.report.forms.as_junit import as_junit
from tierwall.report.forms.as_markdown import as_markdown
from tierwall.report.forms.as_text import print_document

STDIO: Final = Path("-")
LARGEST_OCTETS: Final = 256 * 1024 * 1024

_NO_PAGES: Final = {".pdf": "--pdf", ".md": "--markdown", ".xml": "--junit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for."""

    files: tuple[Path, ...]
    html: Path | None = None
    markdown: Path | None = None
    junit: Path | None = None
    pdf: Path | None = None
    dialect: str | None = None
    policies: tuple[Path, ...] = ()
    show_clients: bool = False

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Where something is written."""
        named = (self.html, self.markdown, self.junit, self.pdf)
        return tuple(path for path in named if path is not None)


def report(wanted: Wanted) -> int:
    """Write it. 1 where a source was changed after it was written. Raises BadInput."""
    _check(wanted)
    try:
        catalogue = load_catalogue(wanted.policies)
    except InvalidFiles as invalid:
        raise BadInput(invalid.faults) from None
    found = _found(wanted, catalogue)
    document = as_document(found, _command(wanted))
    for line in document.warnings:
        talk().print(line, style="yellow", soft_wrap=True)
    show(document, wanted)
    return int(any(CHANGED in source.notices for source in found.sources))


def show(document: Document, wanted: Wanted) -> None:
    """In each form that was asked for; as text where none was. Raises BadInput."""
    page = as_html(document) if wanted.html is not None or wanted.pdf is not None else ""
    if wanted.html is not None:
        _write(wanted.html, page)
    if wanted.markdown is not None:
        _write(wanted.markdown, as_markdown(document))
    if wanted.junit is not None:
        _write(wanted.junit, as_junit(document))
    if wanted.pdf is not None:
        try:
            _write(wanted.pdf, as_pdf(page))
        except programs.CannotRun as fault:
            raise BadInput([f"--pdf: {fault}; the report in HTML prints from any browser"]) from None
    if not wanted.outputs:
        print_document(document, to_stdout())


def _found(wanted: Wanted, catalogue: Catalogue) -> Report:
    faults: list[object] = []
    parts = []
    for path in wanted.files:
        try:
            parts.append(read(_name(path), _octets(path), catalogue))
        except InvalidResult as fault:
            faults.append(fault)
        except OSError as cause:
            faults.append(f"{shown_path(path)}: cannot be read: {cause.strerror}")
    if faults:
        raise BadInput(faults)
    whole = together(parts)
    whole = with_changes(whole, catalogue, _dialect(wanted, whole, catalogue))
    return redacted(whole, None if wanted.show_clients else pseudonyms())


def _name(path: Path) -> str:
    return "stdin" if path == STDIO else path.name


def _octets(path: Path) -> bytes:
    if path == STDIO:
        octets = sys.stdin.buffer.read(LARGEST_OCTETS + 1)
    else:
        with path.open("rb") as file:
            octets = file.read(LARGEST_OCTETS + 1)
    if len(octets) > LARGEST_OCTETS:
        largest = LARGEST_OCTETS // 1024 // 1024
        raise InvalidResult(f"{_name(path)}: is larger than {largest} MiB; `tierwall audit` reads logs of any size")
    return octets


def _dialect(wanted: Wanted, found: Report, catalogue: Catalogue) -> Dialect:
    """That which was said; else the sources'; else that of the only site, where it is a bundled one."""
    if wanted.dialect is not None:
        return Dialect(wanted.dialect)
    if found.dialect is not None and found.dialect in Dialect:
        return Dialect(found.dialect)
    if len(found.sites) == 1 and found.sites[0] in site_names():
        return load_site(found.sites[0], catalogue).dialect
    return Dialect.LITERAL


def _check(wanted: Wanted) -> None:
    faults: list[object] = []
    if wanted.dialect is not None and wanted.dialect not in Dialect:
        faults.append(f"--dialect: {unknown('dialect', wanted.dialect, [str(each) for each in Dialect])}")
    if wanted.html is not None and (option := _NO_PAGES.get(wanted.html.suffix.lower())) is not None:
        faults.append(f"-o writes HTML; for {wanted.html.name} it is {option} {wanted.html.name}")
    sources = {path.resolve() for path in wanted.files if path != STDIO}
    faults += [
        f"{path.name}: is one of the sources, and would be overwritten"
        for path in wanted.outputs
        if path.resolve() in sources
    ]
    written = [path for path in wanted.outputs if path != STDIO]
    faults += [f"{path.name}: is to hold two forms" for path in dict.fromkeys(written) if written.count(path) > 1]
    if faults:
        raise BadInput(faults)


def _command(wanted: Wanted) -> str:
    words = ["tierwall", "report", *(_name(path) for path in wanted.files)]
    options = (("-o", wanted.html), ("--markdown", wanted.markdown), ("--junit", wanted.junit), ("--pdf", wanted.pdf))
    words += [word for option, path in options if path is not None for word in (option, path.name)]
    words += ["--dialect", wanted.dialect] if wanted.dialect is not None else []
    return shlex.join(words)


def _write(path: Path, content: str | bytes) -> None:
    """To a file, or to stdout where that is said. Raises BadInput."""
    octets = content.encode() if isinstance(content, str) else content
    if path == STDIO:
        if isinstance(content, str):
            write(content.removesuffix("\n"))
        else:
            sys.stdout.buffer.write(octets)
        return
    try:
        path.write_bytes(octets)
    except OSError as cause:
        raise BadInput([f"{shown_path(path)}: cannot be written: {cause.strerror}"]) from None
