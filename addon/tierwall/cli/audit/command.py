"""What can be typed after `tierwall audit`.

Knows words only; see commands.py.
"""

from pathlib import Path
from typing import Final

import click
from click.shell_completion import CompletionItem

from tierwall.cli.options import complete_sites, complete_vendors, json_option, policy_option
from tierwall.cli.topics.words import FORMATS


def _complete_formats(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    return [CompletionItem(each) for each in FORMATS if each.startswith(typed)]


def _complete_dialects(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    from tierwall.policy.dialect import Dialect  # noqa: PLC0415 - only completion of this option needs it

    return [CompletionItem(str(each)) for each in Dialect if each.startswith(typed)]


_FILE: Final = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


@click.command(
    "audit",
    short_help="Say what a network breaks, by its own proxy's or firewall's log.",
    epilog="""\b
Examples:
  tierwall audit access.log
  tierwall audit customer/ --vendor 8x8 --since 2026-11-20 --json
  zcat access.log.*.gz | tierwall audit - --site customer.yaml
  tierwall audit access.log --logformat '%ts.%03tu %>a %Ss/%03>Hs %rm %ru %Sh/%<a'

FILE is a log, a folder of them, or - for stdin; .gz, .xz, .zst and .bz2 are unpacked. The format is found out from
the first lines; docs/logs.md lists those that are known. Exit status 1 says that something that a vendor asks for was
denied.""",
)
@click.argument("files", metavar="FILE...", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--format", metavar="FORMAT", shell_complete=_complete_formats, help="The format of all files.")
@click.option("--logformat", metavar="TEXT", help="The `logformat` line of the squid.conf that they were written with.")
@click.option(
    "--site", metavar="NAME|FILE", shell_complete=complete_sites, help="Say whether this site behaves as their network."
)
@policy_option
@click.option(
    "--dialect",
    metavar="DIALECT",
    shell_complete=_complete_dialects,
    help="How what is to be added is spelled.  [default: the site's, or that of the product that wrote the log]",
)
@click.option(
    "--vendor", "vendors", metavar="ID", multiple=True, shell_complete=complete_vendors, help="Only of these vendors."
)
@click.option("--tier", "tiers", metavar="TIER", multiple=True, help="Only of these tiers: core, auxiliary, analytics.")
@click.option("--since", metavar="TIME", help="Only what happened then or later.")
@click.option("--until", metavar="TIME", help="Only what happened before.")
@click.option("--client", metavar="ADDRESS|NETWORK|NAME", help="Only of this client.")
@click.option("--show-clients", is_flag=True, help="Name clients as the log does, instead of by pseudonyms.")
@click.option("--follow", is_flag=True, help="Go on reading what is appended, also after rotation, until Ctrl-C.")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Read large files by so many processes.",
)
@click.option(
    "--print-sql",
    type=click.Choice(["clickhouse", "duckdb", "elasticsearch"]),
    help="Print the query that groups a log where it lies; its result is a FILE for this command.",
)
@json_option
@click.option("--html", metavar="FILE", type=_FILE, help="Write the report as one HTML file, to send; - is stdout.")
@click.option("--markdown", metavar="FILE", type=_FILE, help="Write it as Markdown, for a ticket.")
@click.option("--junit", metavar="FILE", type=_FILE, help="Write it as JUnit XML, for CI.")
@click.option("--write-site", metavar="FILE", type=_FILE, help="Write a site that behaves as the log says.")
def audit_command(  # noqa: PLR0913 - one for each option
    *,
    files: tuple[str, ...],
    format: str | None,  # noqa: A002 - as the option is called
    logformat: str | None,
    site: str | None,
    policies: tuple[Path, ...],
    dialect: str | None,
    vendors: tuple[str, ...],
    tiers: tuple[str, ...],
    since: str | None,
    until: str | None,
    client: str | None,
    show_clients: bool,
    follow: bool,
    jobs: int,
    print_sql: str | None,
    as_json: bool,
    html: Path | None,
    markdown: Path | None,
    junit: Path | None,
    write_site: Path | None,
) -> int:
    """Read the logs that a customer's proxy or firewall wrote, and say what of the vendors' products that network
    denies, what works, what nobody tried, and what would open it."""
    if print_sql is not None:
        from tierwall.audit.grouping import Store, query  # noqa: PLC0415

        click.echo(query(Store(print_sql)), nl=False)
        return 0
    if not files:
        raise click.MissingParameter(param_type="argument", param_hint="'FILE...'")
    from tierwall.cli.audit.audit import Wanted, audit  # noqa: PLC0415

    return audit(
        Wanted(
            files=files,
            format=format,
            logformat=logformat,
            site=site,
            policies=policies,
            dialect=dialect,
            vendors=vendors,
            tiers=tiers,
            since=since,
            until=until,
            client=client,
            show_clients=show_clients,
            as_json=as_json,
            follow=follow,
            jobs=jobs,
            html=html,
            markdown=markdown,
            junit=junit,
            write_site=write_site,
        )
    )
