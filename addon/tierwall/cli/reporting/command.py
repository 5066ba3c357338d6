"""`tierwall report`, as it can be typed.

Knows words only; the work is in report.py.
"""

from pathlib import Path
from typing import Final

import click
from click.shell_completion import CompletionItem

from tierwall.cli.options import policy_option


def _complete_dialects(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    from tierwall.policy.dialect import Dialect  # noqa: PLC0415 - only completion of this option needs it

    return [CompletionItem(str(each)) for each in Dialect if each.startswith(typed)]


_FILE: Final = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


@click.command(
    "report",
    short_help="Make one report to send of what other commands found.",
    epilog="""\b
Examples:
  tierwall report journal.jsonl -o report.html
  tierwall reproduce --site udp-blocked --vendor 8x8 --json | tierwall report - --markdown ticket.md
  tierwall report probe.json diagnosis.json audit.json -o report.html --pdf report.pdf --dialect pan-os

FILE is a journal, or what `audit`, `probe`, `diagnose` or `reproduce` print with --json; several make one report. A
report in HTML is read back from the data in it. Without an option it goes to stdout as text; - is stdin or stdout.
Exit status: 0 written, 1 a source was changed after it was written (its SHA-256 says so), 2 bad input.""",
)
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(allow_dash=True, path_type=Path),
)
@click.option("-o", "html", metavar="FILE", type=_FILE, help="Write it as one HTML file: no script, nothing fetched.")
@click.option("--markdown", metavar="FILE", type=_FILE, help="Write it as Markdown, for a ticket.")
@click.option("--junit", metavar="FILE", type=_FILE, help="Write it as JUnit XML, for CI.")
@click.option("--pdf", metavar="FILE", type=_FILE, help="Write it as PDF; needs Chromium.")
@click.option(
    "--dialect",
    metavar="DIALECT",
    shell_complete=_complete_dialects,
    help="How the change request is spelled.  [default: that of the sources, or of their site]",
)
@policy_option
@click.option("--show-clients", is_flag=True, help="Name clients as the sources do, instead of by pseudonyms.")
def report_command(  # noqa: PLR0913 - one for each option
    *,
    files: tuple[Path, ...],
    html: Path | None,
    markdown: Path | None,
    junit: Path | None,
    pdf: Path | None,
    dialect: str | None,
    policies: tuple[Path, ...],
    show_clients: bool,
) -> int:
    """Make one report of journals and results: the verdict, what is broken and what users see, what to ask the
    network's people for, the evidence, and what nobody tested. Clients are pseudonyms."""
    from tierwall.cli.reporting.report import Wanted, report  # noqa: PLC0415

    return report(
        Wanted(
            files=files,
            html=html,
            markdown=markdown,
            junit=junit,
            pdf=pdf,
            dialect=dialect,
            policies=policies,
            show_clients=show_clients,
        )
    )
