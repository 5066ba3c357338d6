"""What can be typed after `tierwall gateway`.

Knows words only; see commands.py.
"""

from typing import Any

import click

from tierwall.cli.options import policy_option, site_option

_dry_run = click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")


@click.group(
    "gateway",
    short_help="Make this machine the gateway of clients behind it.",
    epilog="""\b
Examples:
  tierwall gateway up --inside eth1 --dry-run
  tierwall gateway up --inside eth1
  tierwall run --gateway --site 8x8-core-only
  tierwall gateway status
  tierwall gateway down""",
)
def gateway() -> None:
    """Make this machine, or the network namespace it is typed in, the default gateway of the clients behind an
    interface: their TCP, UDP and DNS go through the proxy, and nothing does without one. Linux; needs CAP_NET_ADMIN."""


@gateway.command(
    "up",
    short_help="Set it up: nftables rules, routes, a tun device.",
    epilog="""\b
Examples:
  tierwall gateway up --inside eth1 --dry-run
  tierwall gateway up --inside lan0 --inside wlan0 --outside ppp0 --port 8443

What is addressed to this machine itself, SSH among it, is never touched. --site and --policy say which UDP goes
straight through the kernel, as `run` does with its own once it serves the gateway; without a proxy none does.""",
)
@click.option(
    "--inside",
    metavar="IFACE",
    multiple=True,
    required=True,
    help="The interface that clients come in by. May be repeated.",
)
@click.option("--outside", metavar="IFACE", help="The interface to the internet.  [default: that of the default route]")
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    help="Where the proxy's mode transparent listens on this machine.",
)
@click.option(
    "--tun", metavar="NAME", default="twtun", show_default=True, help="The tun device that is made for the proxy."
)
@site_option
@policy_option
@click.option("-v", "--verbose", is_flag=True, help="Print every rule, route and setting, as a shell takes them.")
@_dry_run
def up_command(*, dry_run: bool, verbose: bool, **wanted: Any) -> int:
    """Apply the rules and routes that make this machine a gateway, and sum up which. Where anything stands in the way,
    say all of it and leave the machine as it is."""
    from tierwall.cli.lab.gateway import Wanted, up  # noqa: PLC0415

    return up(Wanted(**wanted), dry_run=dry_run, verbose=verbose)


@gateway.command("down", short_help="Remove exactly what `up` made.")
@_dry_run
def down_command(*, dry_run: bool) -> int:
    """Remove exactly what `up` made, and print it."""
    from tierwall.cli.lab.gateway import down  # noqa: PLC0415

    return down(dry_run=dry_run)


@gateway.command("status", short_help="Say what stands, and what went which way.")
def status_command() -> int:
    """Say what of the gateway stands: rules, routes, the tun device, whether a proxy serves it, how many packets went
    which way. Exit status 1 says that something of it is missing, or that there is none."""
    from tierwall.cli.lab.gateway import status  # noqa: PLC0415

    return status()
