"""`tierwall watch`, as it can be typed.

Knows words only; the work is in watch.py.
"""

from pathlib import Path

import click

from tierwall.cli.options import policy_option


@click.command(
    "watch",
    short_help="Show a run, live or from its journal, on a page.",
    epilog="""\b
Examples:
  tierwall watch
  tierwall watch --proxy 4242
  tierwall watch customer.jsonl
  tierwall watch --tui

The page is for browsers of this machine, at an address that is printed. What is behind the # of it is needed to
switch something; without it the page only shows, and at an address that others reach, nothing.""",
)
@click.argument("journal", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--proxy", metavar="PID", type=int, help="Which proxy, by its process id, where several run.")
@policy_option
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="Where the page is served.  [default: 127.0.0.1:8081, or any port that is free]",
)
@click.option("--no-open", is_flag=True, help="Print the address alone, and open no browser.")
@click.option("--attached", metavar="FD", type=int, hidden=True, help="What `tierwall run --ui` starts it with.")
@click.option("--tui", is_flag=True, help="Show it in this terminal instead.")
def watch_command(  # noqa: PLR0913 - one for each option
    *,
    journal: Path | None,
    proxy: int | None,
    policies: tuple[Path, ...],
    listen: str | None,
    no_open: bool,
    attached: int | None,
    tui: bool,
) -> int:
    """Show which vendors' services work, are refused or broken, while somebody clicks through an app: of a proxy of
    yours that runs, or of a journal, which may still grow."""
    from tierwall.cli.live.watch import Wanted, watch  # noqa: PLC0415

    return watch(
        Wanted(
            journal=journal,
            proxy=proxy,
            policies=policies,
            listen=listen,
            opens=not no_open,
            attached=attached,
            tui=tui,
        )
    )
