"""What can be typed after `tierwall ca`: its commands, options, and help that teaches with an example.

Knows words only. The work is in ca.py, imported when a command is called.
"""

from pathlib import Path

import click

from tierwall.cli.options import json_option


@click.group(
    "ca",
    short_help="Show, export or install the lab CA.",
    epilog="""\b
Examples:
  tierwall ca show
  tierwall ca export --format der lab-ca.cer
  tierwall ca install --dry-run""",
)
def ca() -> None:
    """The lab CA: the certificate that signs what inspecting sites and block pages inside TLS show. Nothing else needs
    it. It is made on first use."""


@ca.command(
    "show",
    short_help="Fingerprint, validity, place, and who trusts it.",
    epilog="""\b
Examples:
  tierwall ca show
  tierwall ca show --json | jq -r .sha256""",
)
@json_option
def show_command(*, as_json: bool) -> int:
    """Say what the lab CA is, where it lies, and which of this machine's trust stores have it."""
    from tierwall.cli.lab.ca import lab_ca, print_json, print_text  # noqa: PLC0415 - cryptography takes 0.2 s

    return print_json(lab_ca()) if as_json else print_text(lab_ca())


@ca.command(
    "export",
    short_help="Write the certificate for another device, never the key.",
    epilog="""\b
Examples:
  tierwall ca export > lab-ca.pem
  tierwall ca export --format der lab-ca.cer
  tierwall ca export --format p12 lab-ca.p12

pem is for Linux, macOS, Firefox, Java, Node and Python, der for Windows and Android. p12 has an empty password.""",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["pem", "der", "p12"]),
    default="pem",
    show_default=True,
    help="How the certificate is written down.",
)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(dir_okay=False, path_type=Path))
def export_command(*, form: str, file: Path | None) -> int:
    """Write the lab CA's certificate to FILE, or to stdout. The key is in none of the formats."""
    from tierwall.cli.lab.ca import export, lab_ca  # noqa: PLC0415

    return export(lab_ca(), form, file)


@ca.command(
    "install",
    short_help="Make this machine's programs trust it, or stop that.",
    epilog="""\b
Examples:
  tierwall ca install --dry-run
  tierwall ca install
  tierwall ca install --remove

Run it as yourself: the browsers' stores are yours, and for the system's store it asks sudo. Whoever has the key can
then read what this user sends, so remove it when the lab is done. Exit status 1 says that a command failed.""",
)
@click.option("--dry-run", is_flag=True, help="Print the commands, and those that undo them; change nothing.")
@click.option("--remove", is_flag=True, help="Take the lab CA out of every store again.")
def install_command(*, dry_run: bool, remove: bool) -> int:
    """Put the lab CA into the trust stores of this machine: the system's, those of Firefox, Chromium and Chrome, and
    Java's."""
    from tierwall.cli.lab.ca import install, lab_ca, print_plan  # noqa: PLC0415

    if dry_run:
        return print_plan(lab_ca(), remove=remove)
    return install(lab_ca(), remove=remove)
