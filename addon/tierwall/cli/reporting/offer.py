"""`--report FILE` of other commands: what they found, as the report that `tierwall report` makes of it.

Knows forms by the endings of files. The report is report.py's.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tierwall.cli.output import talk
from tierwall.cli.reporting.report import Wanted, report

_FORMS: Final = {".html": "html", ".htm": "html", ".md": "markdown", ".xml": "junit", ".pdf": "pdf"}


def check_form(path: Path) -> str | None:
    """What is wrong with the file's ending; None where it says a form."""
    if path.suffix.lower() in _FORMS:
        return None
    return f"--report: {path.name!a} says no form; expected one that ends in {', '.join(_FORMS)}"


def write_report(path: Path, results: Mapping[str, bytes], policies: tuple[Path, ...] = ()) -> None:
    """Of results, by their names. Raises BadInput."""
    with TemporaryDirectory(prefix="tierwall-report-") as folder:
        files = tuple(Path(folder, name) for name in results)
        for file, octets in zip(files, results.values(), strict=True):
            file.write_bytes(octets)
        report_of(path, files, policies)


def report_of(path: Path, files: tuple[Path, ...], policies: tuple[Path, ...] = ()) -> None:
    """Of results that are files. Raises BadInput."""
    form = _FORMS[path.suffix.lower()]
    report(
        Wanted(
            files=files,
            policies=policies,
            html=path if form == "html" else None,
            markdown=path if form == "markdown" else None,
            junit=path if form == "junit" else None,
            pdf=path if form == "pdf" else None,
        )
    )
    talk().print(f"report: {path}", style="dim", soft_wrap=True)
