"""What can be typed after `tierwall ship`.

Knows words only; see commands.py.
"""

from pathlib import Path
from typing import Any

import click

from tierwall.cli.ship.sink_options import sink_options, typed


@click.command(
    "ship",
    short_help="Send a journal's events to a search engine or a SIEM.",
    epilog="""\b
Examples:
  tierwall ship --elasticsearch https://search:9200
  tierwall ship ticket-4711.jsonl --otlp http://127.0.0.1:4318
  tierwall ship --follow --syslog tls://siem.example:6514 --sink-trust siem-ca.pem
  tierwall ship --kafka @/run/secrets/kafka
  tierwall ship --schema clickhouse | clickhouse-client

`tierwall run` and its gateway take the same options. @FILE stands for a URL in a file, so that its password is in no
list of processes; HTTP headers may follow it there, a line each. What was sent is remembered beside the journal: the
next call goes on from there. Exit status 1 says that an engine does not have all of it.""",
)
@click.argument("journal", metavar="[JOURNAL]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@sink_options
@click.option("--follow", "-f", is_flag=True, help="Go on as the journal grows, until Ctrl-C.")
@click.option("--again", is_flag=True, help="Begin at the journal's start, whatever was sent before.")
@click.option(
    "--schema",
    type=click.Choice(["elasticsearch", "opensearch", "clickhouse"]),
    help="Print the index template or the table that events go into, and do nothing else.",
)
def ship_command(
    journal: Path | None, *, follow: bool, again: bool, schema: str | None, sink_trust: Path | None, **sinks: Any
) -> int:
    """Send what a journal and its rotated files hold to engines that search, draw and alert. JOURNAL is that of
    `tierwall run` where none is named."""
    if schema is not None:
        from tierwall.cli.ship.schemas import print_schema  # noqa: PLC0415

        return print_schema(schema)
    from tierwall.cli.ship.ship import Wanted, ship  # noqa: PLC0415

    return ship(Wanted(journal=journal, sinks=typed(sinks), trust=sink_trust, follow=follow, again=again))
