"""`tierwall export`, as it can be typed.

Knows words only; the work is in export.py.
"""

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from tierwall.cli.options import complete_vendors, json_option, policy_option, site_option


def complete_products(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """For the shell: the products' ids."""
    from tierwall.export import ProductId  # noqa: PLC0415 - only completion of this option needs it

    return [CompletionItem(product) for product in ProductId if product.startswith(typed)]


@click.command(
    "export",
    short_help="Write what a network has to open, in a product's own syntax.",
    epilog="""\b
Examples:
  tierwall export --to pan-edl --vendor vevox --tier core
  tierwall export --to squid --site customer.yaml -o change-request/
  tierwall export --to fortigate --vendor 8x8 --what allow,bypass,inbound -o change-request/
  tierwall export --to umbrella --vendor 8x8 --diff last-month.txt
  tierwall export --list

Without -o the list itself goes to stdout, and everything else is said. Three lists are never mixed: what is let through
(allow), what must not be decrypted (bypass), and who calls the customer's own servers (inbound). Where a product cannot
say a pattern exactly, the narrowest wider spelling is written, with what it admits besides. Exit status 1 says that
--strict refused, or that --diff found a difference.""",
)
@click.option("--to", "product", metavar="PRODUCT", shell_complete=complete_products, help="See --list.")
@click.option(
    "--vendor",
    "vendors",
    metavar="ID",
    multiple=True,
    shell_complete=complete_vendors,
    help="Only this vendor's rules. May be repeated.",
)
@click.option("--tier", "tiers", metavar="TIER[,TIER]", help="Only these: core, auxiliary, analytics.")
@site_option
@policy_option
@click.option(
    "--what",
    metavar="LIST[,LIST]",
    help="Which lists: allow, bypass, inbound.  [default: allow; with -o, all three]",
)
@click.option(
    "-o",
    "--output",
    "folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write every file here, also what the product cannot carry.",
)
@click.option("--strict", is_flag=True, help="Write nothing that admits more, or less, than was asked.")
@click.option(
    "--diff",
    "old",
    metavar="OLD",
    type=click.Path(exists=True, path_type=Path),
    help="Print what changed since OLD instead: an earlier export to the same product, a vendor's file or a site's.",
)
@click.option("--list", "listing", is_flag=True, help="Say what each product can carry, and its limits.")
@json_option
def export_command(  # noqa: PLR0913 - one for each option
    *,
    product: str | None,
    vendors: tuple[str, ...],
    tiers: str | None,
    site: str,
    policies: tuple[Path, ...],
    what: str | None,
    folder: Path | None,
    strict: bool,
    old: Path | None,
    listing: bool,
    as_json: bool,
) -> int:
    """Write what a vendor or a site asks a network to open, for a firewall, proxy or browser to take in."""
    if listing:
        from tierwall.cli.export.listing import print_json, print_text  # noqa: PLC0415

        return print_json() if as_json else print_text()
    from tierwall.cli.export.export import Question, export  # noqa: PLC0415

    return export(
        Question(
            product=product,
            vendors=vendors,
            tiers=tiers,
            site=site,
            policies=policies,
            what=what,
            folder=folder,
            strict=strict,
            old=old,
        )
    )
