"""`tierwall fleet`, as it can be typed.

Knows words only; the work is in the modules beside this one.
"""

from pathlib import Path

import click

from tierwall.cli.options import json_option, policy_option, site_option


@click.group("fleet", short_help="Envoys that enforce a site: their logs judged again, their lists served.")
def fleet() -> None:
    """Envoys that enforce a site (`tierwall export --to envoy` makes them): docs/fleet.md."""


@fleet.command(
    "ingest",
    short_help="Envoy's access log as events, judged again; what differs is drift.",
    epilog="""\b
Examples:
  tierwall fleet ingest envoy/access.log --site customer.yaml > events.jsonl
  tail -F envoy/access.log | tierwall fleet ingest - --site customer.yaml --events all
  tierwall fleet ingest envoy/access.log --site customer.yaml --json -o events.jsonl

Every line is judged again, so that a denial has its tier, service and symptom; one line is always the same event id.
Exit status 1 says that Envoy and judge differ somewhere: each is an event `drift`. 2: no line could be read.""",
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@site_option
@policy_option
@click.option(
    "--events",
    type=click.Choice(["denied", "all"]),
    default="denied",
    show_default=True,
    help="denied: denials, failures and drift. all: every connection that was let through too.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append events here, for `tierwall report` and the like.  [default: standard output]",
)
@json_option
def ingest_command(  # noqa: PLR0913 - one for each option
    *, files: tuple[str, ...], site: str, policies: tuple[Path, ...], events: str, output: Path | None, as_json: bool
) -> int:
    """Read Envoy's access log (`-` is standard input), and write what happened as tierwall's own events."""
    from tierwall.cli.fleet.ingest import Asked, ingest  # noqa: PLC0415

    return ingest(Asked(files=files, site=site, policies=policies, events=events, output=output, as_json=as_json))
