"""`tierwall explain` and `tierwall lint`, as they can be typed.

Knows words only; the work is in explain.py and lint.py.
"""

from pathlib import Path

import click

from tierwall.cli.options import json_option, policy_option, site_option


@click.command(
    "explain",
    short_help="Say what is let through, and what a denial breaks.",
    epilog="""\b
Examples:
  tierwall explain https://8x8.vc wss://vevox.app
  tierwall explain https://api.amplitude.com --site 8x8-core-only
  tierwall explain udp://168.138.110.244:50000 --json
  tierwall explain https://203.0.113.7 --sni meet.8x8.vc

TARGET is a URL (https, wss, http, ws, tls, tcp, udp, quic) or host:port, which is TCP. --sni and --host are names
that the client gives besides; with an address as TARGET they are what a transparent gateway sees. Exit status 1 says
that something is denied.""",
)
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@site_option
@policy_option
@click.option("--sni", metavar="NAME", help="The server name in the client's TLS handshake, where it is another.")
@click.option("--host", metavar="NAME", help="The name in the client's Host header, where it is another.")
@json_option
def explain_command(  # noqa: PLR0913 - one for each option
    *,
    targets: tuple[str, ...],
    site: str,
    policies: tuple[Path, ...],
    sni: str | None,
    host: str | None,
    as_json: bool,
) -> int:
    """Say whether a destination is let through, why not, and what that breaks. Resolves no name and connects to
    nothing."""
    from tierwall.cli.sites.explain import Question, explain, print_json, print_text  # noqa: PLC0415

    explanations = explain(Question(targets=targets, site=site, policies=policies, sni=sni, host=host))
    return print_json(explanations) if as_json else print_text(explanations)


@click.command(
    "lint",
    short_help="Say what is odd about vendor and site files.",
    epilog="""\b
Examples:
  tierwall lint
  tierwall lint customer.yaml
  tierwall lint policies/ --json

Exit status 1 says that there is an error or a warning; notes alone are none. Files that do not load are bad input:
every fault of them is named, with its line, and the status is 2.""",
)
@click.argument("files", metavar="[FILE|DIR]...", nargs=-1, type=click.Path(path_type=Path))
@json_option
def lint_command(files: tuple[Path, ...], as_json: bool) -> int:
    """Say what is odd about vendor and site files, and what would mend it. Without FILE, about the bundled ones."""
    from tierwall.cli.sites.lint import lint, print_json, print_text  # noqa: PLC0415

    findings = lint(files)
    return print_json(findings) if as_json else print_text(findings)
