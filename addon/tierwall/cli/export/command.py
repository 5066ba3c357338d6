"""`tierwall export`, as it can be typed.

Knows words only; the work is in export.py.
"""

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from tierwall.cli.options import (
    complete_sites,
    complete_vendors,
    json_option,
    output_option,
    policy_option,
    site_option,
)
from tierwall.cli.topics.words import PRODUCTS


def complete_products(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """For the shell: the products' ids."""
    return [CompletionItem(product) for product in PRODUCTS if product.startswith(typed)]


@click.command(
    "export",
    short_help="Write what a network has to open, in a product's own syntax.",
    epilog="""\b
Examples:
  tierwall export --to pan-edl --vendor vevox --tier core
  tierwall export --to squid --site customer.yaml -o change-request/
  tierwall export --to fortigate --vendor 8x8 --what allow,bypass,inbound -o change-request/
  tierwall export --to umbrella --vendor 8x8 --diff last-month.txt
  tierwall export --to envoy customer.yaml --listen 0.0.0.0:3128 -o envoy/
  tierwall export --list

Without -o the list itself goes to stdout, and everything else is said. Three lists are never mixed: what is let through
(allow), what must not be decrypted (bypass), and who calls the customer's own servers (inbound). Where a product cannot
say a pattern exactly, the narrowest wider spelling is written, with what it admits besides. Exit status 1 says that
--strict refused, or that --diff found a difference.

`--to envoy` writes what an Envoy is started from, for a whole site: it lets through what judge does, and what it cannot
express is refused by name (docs/fleet.md). The options marked (envoy) are for it alone.""",
)
@click.argument("site_argument", metavar="[SITE]", required=False, shell_complete=complete_sites)
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
@output_option(
    "Write every file here, also what the product cannot carry.",
    metavar="FOLDER",
    kind=click.Path(file_okay=False, path_type=Path),
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
@click.option("--listen", metavar="HOST:PORT", help="(envoy) The proxy's port.  [default: 127.0.0.1:8080]")
@click.option(
    "--transparent", metavar="HOST:PORT", help="(envoy) Where redirected connections come in.  [default: none]"
)
@click.option(
    "--clients",
    metavar="NETWORK",
    multiple=True,
    help="(envoy) Serve these besides those of the site. May be repeated.",
)
@click.option(
    "--uid", type=click.IntRange(1), help="(envoy) The user that Envoy runs as, for the guard.  [default: 101]"
)
@click.option(
    "--control-plane",
    metavar="HOST:PORT",
    multiple=True,
    help="(envoy) Take lists from `tierwall fleet serve` there. May be repeated: from another where one is gone.",
)
@click.option(
    "--log-to",
    metavar="HOST:PORT",
    help="(envoy) Send the access log to `tierwall fleet ingest --listen` there.  [default: to the file access.log]",
)
@click.option("--node", metavar="ID", help="(envoy) What the control plane calls this Envoy.  [default: envoy]")
@click.option("--admin", metavar="HOST:PORT", help="(envoy) Envoy's own page.  [default: 127.0.0.1:9901]")
@json_option
def export_command(  # noqa: PLR0913 - one for each option
    *,
    site_argument: str | None,
    product: str | None,
    vendors: tuple[str, ...],
    tiers: str | None,
    site: str,
    policies: tuple[Path, ...],
    what: str | None,
    output: Path | None,
    strict: bool,
    old: Path | None,
    listing: bool,
    as_json: bool,
    listen: str | None,
    transparent: str | None,
    clients: tuple[str, ...],
    uid: int | None,
    control_plane: tuple[str, ...],
    log_to: str | None,
    node: str | None,
    admin: str | None,
) -> int:
    """Write what a vendor or a site asks a network to open, for a firewall, proxy or browser to take in."""
    if listing:
        from tierwall.cli.export.listing import print_json, print_text  # noqa: PLC0415

        return print_json() if as_json else print_text()
    from tierwall.cli.export.export import EnvoyOptions, Question, export  # noqa: PLC0415

    question = Question(
        product=product,
        vendors=vendors,
        tiers=tiers,
        site=site_argument or site,
        policies=policies,
        what=what,
        folder=output,
        strict=strict,
        old=old,
    )
    envoy = EnvoyOptions(
        listen=listen,
        transparent=transparent,
        clients=clients,
        uid=uid,
        control_plane=control_plane,
        log_to=log_to,
        node=node,
        admin=admin,
    )
    if product == "envoy":
        from tierwall.cli.export.envoy import export_envoy  # noqa: PLC0415

        return export_envoy(question, envoy)
    return export(question, envoy)
