"""What can be typed after `tierwall bundle`.

Knows words only; see commands.py.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from tierwall.cli.options import json_option, output_option

_OPTIONS: Final = (
    click.option(
        "--bundle",
        metavar="URL|FILE",
        help="Take sites and policies from the signed archive there, and look for a newer one; --site is one of its "
        "sites, or a bundled one. See `tierwall bundle`.",
    ),
    click.option(
        "--bundle-key",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The public key (PEM, Ed25519) that bundles are signed by.",
    ),
    click.option(
        "--bundle-every",
        metavar="SECONDS",
        type=click.IntRange(1, 86_400),
        default=60,
        show_default=True,
        help="How often it looks for a newer one, more or less.",
    ),
)


def bundle_options[F: Callable[..., Any]](command: F) -> F:
    """Add them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group(
    "bundle",
    short_help="Sites and policies as one signed archive, for many gateways.",
    epilog="""\b
Examples:
  openssl genpkey -algorithm ed25519 -out key.pem
  openssl pkey -in key.pem -pubout -out key.pub
  tierwall bundle build lab/ --key key.pem -o lab.tar.gz
  tierwall bundle verify lab.tar.gz --key key.pub
  tierwall run --bundle https://config.example/lab.tar.gz --bundle-key key.pub --site acme""",
)
def bundle() -> None:
    """Put sites, vendor policies and lists into one archive with a signature, which gateways look for by themselves:
    `tierwall run --bundle URL`."""


@bundle.command(
    "build",
    short_help="Check a folder, and make its archive.",
    epilog="""\b
Examples:
  tierwall bundle build lab/ --key key.pem -o lab.tar.gz
  tierwall bundle build lab/ --key key.pem -o lab.tar.gz --revision "$(git -C lab rev-list --count HEAD)"

In FOLDER, sites/NAME.yaml are the sites and policies/ the vendors beside the bundled; lists lie where sites name them.
Everything has to load. Hidden files are left out.""",
)
@click.argument("folder", metavar="FOLDER", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--key", metavar="FILE", required=True, type=click.Path(path_type=Path), help="The private key, in PEM.")
@output_option("The archive.", required=True)
@click.option(
    "--revision",
    metavar="N",
    type=click.IntRange(1, 2**53),
    help="Higher than the one before; gateways refuse an older one.  [default: seconds since 1970]",
)
def build_command(folder: Path, key: Path, output: Path, revision: int | None) -> int:
    """Check all sites and policies in a folder, and make the signed archive of it."""
    from tierwall.cli.bundle.bundle import Wanted, build_bundle  # noqa: PLC0415

    return build_bundle(Wanted(folder=folder, key=key, output=output, revision=revision))


@bundle.command(
    "verify",
    short_help="Say what is in an archive, and whether it is signed.",
    epilog="""\b
Examples:
  tierwall bundle verify lab.tar.gz --key key.pub
  tierwall bundle verify https://config.example/lab.tar.gz --key key.pub --json""",
)
@click.argument("address", metavar="FILE|URL")
@click.option("--key", metavar="FILE", required=True, type=click.Path(path_type=Path), help="The public key, in PEM.")
@json_option
def verify_command(address: str, key: Path, *, as_json: bool) -> int:
    """Say what is in an archive. One that is not whole, or not signed by that key, is bad input: exit status 2."""
    from tierwall.cli.bundle.bundle import verify_bundle  # noqa: PLC0415

    return verify_bundle(address, key, as_json=as_json)
