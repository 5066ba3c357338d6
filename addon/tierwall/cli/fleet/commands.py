"""`tierwall fleet`, as it can be typed.

Knows words only; the work is in the modules beside this one.
"""

from pathlib import Path

import click

from tierwall.cli.options import json_option, output_option, policy_option, site_option


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
  tierwall fleet ingest --listen 0.0.0.0:18001 --tls tls/ --site customer.yaml -o events.jsonl

With --listen Envoys send their logs over gRPC (`export --to envoy --log-to HOST:PORT`) until Ctrl-C, and the site is
loaded anew when its files change. Needs gRPC then: pip install 'tierwall[fleet]'. Every line
is judged again, so that a denial has its tier, service and symptom; one line is always the same event id.
Exit status 1 says that Envoy and judge differ somewhere: each is an event `drift`. 2: no line could be read.""",
)
@click.argument("files", metavar="[FILE...]", nargs=-1)
@click.option("--listen", metavar="HOST:PORT", help="Envoys send their logs here (ALS, gRPC), in the place of files.")
@click.option(
    "--tls",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With --listen: as `tierwall fleet certificates` makes it. Who has no certificate of it is turned away.",
)
@site_option
@policy_option
@click.option(
    "--events",
    type=click.Choice(["denied", "all"]),
    default="denied",
    show_default=True,
    help="denied: denials, failures and drift. all: every connection that was let through too.",
)
@output_option("Append events here, for `tierwall report` and the like.  [default: standard output]")
@json_option
def ingest_command(  # noqa: PLR0913 - one for each option
    *,
    files: tuple[str, ...],
    listen: str | None,
    tls: Path | None,
    site: str,
    policies: tuple[Path, ...],
    events: str,
    output: Path | None,
    as_json: bool,
) -> int:
    """Read Envoy's access log (`-` is standard input), and write what happened as tierwall's own events."""
    from tierwall.cli.fleet.ingest import Asked, ingest  # noqa: PLC0415

    return ingest(
        Asked(
            files=files,
            listen=listen,
            tls=tls,
            site=site,
            policies=policies,
            events=events,
            output=output,
            as_json=as_json,
        )
    )


_state_option = click.option(
    "--state",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the control plane writes down what every Envoy runs.  [default: fleet.json beside the journal]",
)


@fleet.command(
    "certificates",
    short_help="Make the certificates of a control plane and of its Envoys.",
    epilog="""\b
Example:
  tierwall fleet certificates tls/ lab-1 lab-2

FOLDER gets ca, control-plane, and a folder for each node, which is `tls` beside that node's envoy.json. A node's
certificate is good for its own id alone. What is there already stays, but for the nodes that you name.""",
)
@click.argument("folder", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path))
@click.argument("nodes", metavar="NODE...", nargs=-1)
def certificates_command(*, folder: Path, nodes: tuple[str, ...]) -> int:
    """Make an authority, the control plane's certificate, and one for each node."""
    from tierwall.cli.fleet.certificates import certificates  # noqa: PLC0415

    return certificates(folder, nodes)


@fleet.command(
    "serve",
    short_help="The control plane: sites' lists to Envoys, and what each took.",
    epilog="""\b
Examples:
  tierwall fleet certificates tls/ lab-1 lab-2
  tierwall export --to envoy customer.yaml --control-plane cp.example:18000 --node lab-1 -o lab-1/
  tierwall fleet serve customer.yaml --listen 0.0.0.0:18000 --tls tls/
  tierwall fleet serve customer.yaml lab-2=next.yaml --tls tls/

SITE goes to every Envoy whose envoy.json was written for it; NODE=SITE to that node, whatever it was written for. What
changes in a file goes out at once; a file that does not load, and a list that an Envoy does not take, change nothing.
Needs gRPC: pip install 'tierwall[fleet]'.""",
)
@click.argument("sites", metavar="SITE|NODE=SITE...", nargs=-1, required=True)
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:18000", show_default=True, help="Where Envoys come.")
@click.option(
    "--tls",
    metavar="FOLDER",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="As `tierwall fleet certificates` makes it. Envoys without a certificate of its authority are turned away.",
)
@policy_option
@click.option(
    "--journal",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where what Envoys took and refused is written.  [default: fleet.jsonl beside the journal]",
)
@_state_option
def serve_command(  # noqa: PLR0913 - one for each option
    *,
    sites: tuple[str, ...],
    listen: str,
    tls: Path,
    policies: tuple[Path, ...],
    journal: Path | None,
    state: Path | None,
) -> int:
    """Serve sites to Envoys until Ctrl-C. Gone or restarted, it leaves every Envoy as it is."""
    from tierwall.cli.fleet.serve import Asked, serve  # noqa: PLC0415
    from tierwall.cli.folders import state_folder  # noqa: PLC0415
    from tierwall.cli.places import place_of  # noqa: PLC0415

    return serve(
        Asked(
            sites=sites,
            listen=place_of("--listen", listen),
            tls=tls,
            policies=policies,
            journal=journal or state_folder() / "fleet.jsonl",
            state=state or state_folder() / "fleet.json",
        )
    )


@fleet.command(
    "status",
    short_help="Which Envoy runs which version of which site.",
    epilog="""\b
Example:
  tierwall fleet status

Exit status 1 says that an Envoy does not run what it should, that none has come, or that the control plane is gone.""",
)
@_state_option
@json_option
def status_command(*, state: Path | None, as_json: bool) -> int:
    """Say which Envoy runs what, and which took none of it."""
    from tierwall.cli.fleet.status import status  # noqa: PLC0415
    from tierwall.cli.folders import state_folder  # noqa: PLC0415

    return status(state or state_folder() / "fleet.json", as_json=as_json)
