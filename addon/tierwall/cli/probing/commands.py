"""`tierwall probe` and `tierwall diagnose`, as they can be typed.

Knows words only; the work is in probe.py and diagnose.py.
"""

from pathlib import Path

import click

from tierwall.cli.options import complete_vendors, json_option, output_option, policy_option


@click.command(
    "probe",
    short_help="Measure from here whether vendors' products work.",
    epilog="""\b
Examples:
  tierwall probe --vendor vevox
  tierwall probe --vendor 8x8 --proxy http://proxy.corp.example:8080 --hold 2m -o result.json
  python3 tierwall-probe.pyz --vendor vevox          # the same as one file, for a machine that has only Python

Run it behind the network in question. How long it takes at the most is said before it begins; Ctrl-C keeps what was
measured. `tierwall diagnose result.json` says what it means. Exit status 1: something does not work as it should.""",
)
@click.option(
    "--vendor",
    "vendors",
    metavar="ID",
    multiple=True,
    shell_complete=complete_vendors,
    help="Whose product. May be repeated.  [default: all]",
)
@policy_option
@click.option(
    "--proxy",
    metavar="auto|none|URL|PAC-URL",
    default="auto",
    show_default=True,
    help="http://, https:// or socks5://[USER:PASSWORD@]HOST:PORT, or a PAC file's address; auto takes the system's.",
)
@click.option(
    "--hold",
    metavar="TIME",
    default="10m",
    show_default=True,
    help="How long connections are held, to find what ends them; 0 for not at all.",
)
@click.option(
    "--ca",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Authorities (PEM) that count as the vendor's own: of a server of the customer's, say.",
)
@click.option("--with-addresses", is_flag=True, help="Write this machine's own address into the result.")
@output_option(
    "Where the result goes; - is stdout.",
    kind=click.Path(dir_okay=False, allow_dash=True),
    default="result.json",
    show_default=True,
)
def probe_command(  # noqa: PLR0913 - one for each option
    *,
    vendors: tuple[str, ...],
    policies: tuple[Path, ...],
    proxy: str,
    hold: str,
    ca: str | None,
    with_addresses: bool,
    output: str,
) -> int:
    """Measure from this machine what becomes of a vendor's services: names, connections, the proxy's own answers,
    TLS and who signed it, WebSocket, TURN, QUIC, and how long connections last. Writes one file, with no secret and no
    payload in it."""
    from tierwall.cli.probing.probe import probe_here  # noqa: PLC0415

    return probe_here(
        vendors=vendors,
        policies=policies,
        proxy=proxy,
        hold=hold,
        ca=ca,
        with_addresses=with_addresses,
        output=output,
    )


@click.command(
    "diagnose",
    short_help="Say which behaviours explain a probe's result, or a log.",
    epilog="""\b
Examples:
  tierwall diagnose result.json
  tierwall diagnose result.json --site customer.yaml
  tierwall diagnose access.log.gz --json

FILE is what `tierwall probe` wrote or `tierwall audit --json` printed, or anything that audit reads: a proxy's log, a
HAR, a pcap; several are taken together. --site writes the site that has what was found: `tierwall reproduce --site
customer.yaml` shows it. Exit status 1: something was found.""",
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@policy_option
@click.option(
    "--site",
    "site",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the site that reproduces it to this file.",
)
@json_option
def diagnose_command(files: tuple[str, ...], policies: tuple[Path, ...], site: Path | None, as_json: bool) -> int:
    """Name what the network does: behaviours that explain what was seen, the best first, with what speaks for and
    against each; and the check that would tell apart what looks alike."""
    from tierwall.cli.probing.diagnose import diagnose_files  # noqa: PLC0415

    return diagnose_files(files, policies, site, as_json=as_json)
