"""`tierwall diff`, as it can be typed.

Knows words only; the work is in diff.py.
"""

from pathlib import Path

import click

from tierwall.cli.options import complete_sites, json_option, policy_option


@click.command(
    "diff",
    short_help="Say what opens and what closes between two policies or sites.",
    epilog="""\b
Examples:
  tierwall diff vevox-2025.yaml vevox.yaml
  tierwall diff customer-before.yaml customer.yaml --json
  tierwall diff core-only reference

OLD and NEW are two vendors' files, or two sites (files, or names of bundled ones). `+` opens and `-` closes, each with
its ports and the services that it serves; of vendors' files, what else changed follows. Exit status 1 says that
anything did.""",
)
@click.argument("old", metavar="OLD", shell_complete=complete_sites)
@click.argument("new", metavar="NEW", shell_complete=complete_sites)
@policy_option
@json_option
def diff_command(*, old: str, new: str, policies: tuple[Path, ...], as_json: bool) -> int:
    """Say what a network has to open, and may close, to follow from one version of a policy or site to another."""
    from tierwall.cli.sites.diff import compared, print_json, print_text  # noqa: PLC0415

    found = compared(old, new, policies)
    return print_json(found) if as_json else print_text(found)
