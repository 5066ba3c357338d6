"""`--report FILE` of other commands: what they found, as the report that `tierwall report` makes of it.

The report is report.py's.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tierwall.cli.output import talk
from tierwall.cli.reporting.forms import FORMS
from tierwall.cli.reporting.report import Wanted, report, show
from tierwall.report.document import Document


def write_report(path: Path, results: Mapping[str, bytes], policies: tuple[Path, ...] = ()) -> None:
    """Of results, by their names. Raises BadInput."""
    with TemporaryDirectory(prefix="tierwall-report-") as folder:
        files = tuple(Path(folder, name) for name in results)
        for file, octets in zip(files, results.values(), strict=True):
            file.write_bytes(octets)
        report_of(path, files, policies)


def report_of(path: Path, files: tuple[Path, ...], policies: tuple[Path, ...] = ()) -> None:
    """Of results that are files. Raises BadInput."""
    report(_wanted(path, files, policies))
    talk().print(f"report: {path}", style="dim", soft_wrap=True)


def show_in_form(document: Document, path: Path) -> None:
    """Another document, in the form that the file's ending says. Raises BadInput."""
    show(document, _wanted(path, (), ()))
    talk().print(f"report: {path}", style="dim", soft_wrap=True)


def _wanted(path: Path, files: tuple[Path, ...], policies: tuple[Path, ...]) -> Wanted:
    form = FORMS[path.suffix.lower()]
    return Wanted(
        files=files,
        policies=policies,
        html=path if form == "html" else None,
        markdown=path if form == "markdown" else None,
        junit=path if form == "junit" else None,
        pdf=path if form == "pdf" else None,
    )
