"""What can be typed after `tierwall doctor`.

Knows words only; see commands.py.
"""

from pathlib import Path

import click

from tierwall.cli.options import json_option, policy_option, site_option


@click.command(
    "doctor",
    short_help="Look for what goes wrong in labs, with the mend.",
    epilog="""\b
Examples:
  tierwall doctor
  tierwall doctor --listen 0.0.0.0:3128 --site customer.yaml
  sudo tierwall doctor --gateway --json

Needs no root, and says what it could not see without. Changes nothing, and asks no network. Exit status 1 says that
something was found; notes alone are none.""",
)
@site_option
@policy_option
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:8080",
    show_default=True,
    help="Where the proxy listens, or is to.",
)
@click.option("--gateway", is_flag=True, help="Check this machine as a gateway, also where none is up yet.")
@json_option
def doctor(*, site: str, policies: tuple[Path, ...], listen: str, gateway: bool, as_json: bool) -> int:
    """Look for what goes wrong in such labs: another process on the port, redirects into the wrong network namespace,
    routes and kernel settings of a gateway, IPv6 that goes past it, mitmproxy's configuration, untrusted certificates,
    a clock that is off, proxy variables, versions that crash. One line each, with the mend."""
    from tierwall.cli.lab.doctor import Wanted, examine, print_json, print_text  # noqa: PLC0415

    facts, found = examine(Wanted(site=site, policies=policies, listen=listen, gateway=gateway))
    return print_json(facts, found) if as_json else print_text(facts, found)
