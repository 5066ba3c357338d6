"""`tierwall sites`, `vendors`, `new-site` and `reproduce`, as they can be typed.

Knows words only; the work is in sites.py, vendors.py, new_site.py and reproduce.py.
"""

from pathlib import Path

import click

from tierwall.cli.options import complete_sites, complete_vendors, json_option, output_option, policy_option
from tierwall.policy.dialect import Dialect


@click.command(
    "sites",
    short_help="List the networks to reproduce, and what each breaks.",
    epilog="""\b
Examples:
  tierwall sites
  tierwall sites dpi-https-only idle-60s
  tierwall sites customer.yaml --json
  tierwall sites --vendor vevox --breaks native-attendee

For each vendor: services that are closed, and why; services that get through and are hit by a behaviour. What is not
named works. All of it is computed from the site and the vendors' policies.""",
)
@click.argument("names", metavar="[NAME|FILE]...", nargs=-1, shell_complete=complete_sites)
@click.option("--vendor", metavar="ID", shell_complete=complete_vendors, help="Only what each does to this vendor.")
@click.option("--breaks", metavar="SERVICE", help="Only sites that break this service, of --vendor or of any.")
@policy_option
@json_option
def sites_command(
    names: tuple[str, ...], vendor: str | None, breaks: str | None, policies: tuple[Path, ...], as_json: bool
) -> int:
    """List the bundled sites, or those named, with what each breaks of every vendor's services."""
    from tierwall.cli.sites.sites import print_json, print_text, sites  # noqa: PLC0415

    found = sites(names, policies, vendor=vendor, breaks=breaks)
    return print_json(found) if as_json else print_text(found)


@click.command(
    "vendors",
    short_help="List what vendors' documents ask a network to open.",
    epilog="""\b
Examples:
  tierwall vendors
  tierwall vendors teams
  tierwall vendors zoom webex --json

For each vendor: its documents and when they were read, its services with the tier and what users see without them, and
the rules of each: destinations, ports, and how well that is founded.""",
)
@click.argument("names", metavar="[ID]...", nargs=-1, shell_complete=complete_vendors)
@policy_option
@json_option
def vendors_command(names: tuple[str, ...], policies: tuple[Path, ...], as_json: bool) -> int:
    """List the vendors of the catalogue, or show all that is known of those named."""
    from tierwall.cli.sites.vendors import print_json, print_text, vendors  # noqa: PLC0415

    found = vendors(names, policies)
    return print_json(found) if as_json else print_text(found, whole=bool(names))


@click.command(
    "reproduce",
    short_help="Show what a network breaks of a vendor, with real clients.",
    epilog="""\b
Examples:
  tierwall reproduce --site dpi-https-only --vendor vevox
  sudo tierwall reproduce --site udp-blocked --vendor 8x8 --only turn-relay
  tierwall reproduce --site customer.yaml --vendor 8x8 --report ticket.html
  sudo tierwall reproduce --matrix --longest 6m --report matrix.html --report matrix.xml

Stand-ins for the vendor's servers and clients that behave as its own do, once behind the reference site and once
behind yours: through an explicit proxy on loopback, and, for UDP, TURN, QUIC, DNS and what needs a network, through a
gateway in network namespaces that are gone afterwards. Those need root, or a kernel that lets users make them; what
was not run says why. Exit status: 0 nothing broken, 1 something, 2 bad input, 3 nothing broken, and a behaviour of
the site could not be shown.""",
)
@click.option(
    "--site",
    "sites",
    metavar="NAME|FILE",
    multiple=True,
    shell_complete=complete_sites,
    help="The corporate network to reproduce: a bundled site, or a file of your own.  [default: reference; with "
    "--matrix every bundled site]",
)
@click.option(
    "--vendor",
    "vendors",
    metavar="ID",
    multiple=True,
    shell_complete=complete_vendors,
    help="One that `tierwall vendors` lists, or yours.  [with --matrix: 8x8, vevox, google-meet where none is named]",
)
@policy_option
@click.option(
    "--matrix", is_flag=True, help="Every site against every vendor, as one table. --site and --vendor may be repeated."
)
@click.option("--only", metavar="SERVICE", multiple=True, help="Only this service of the vendor. May be repeated.")
@click.option(
    "--longest",
    metavar="DURATION",
    default="2m",
    show_default=True,
    help="How long a connection may be held to see whether it lasts; what takes longer is not run.",
)
@click.option(
    "--report",
    "reports",
    metavar="FILE",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report to send, too: FILE ends in .html, .md, .xml (JUnit) or .pdf. May be repeated.",
)
@json_option
def reproduce_command(  # noqa: PLR0913 - one for each option
    *,
    sites: tuple[str, ...],
    vendors: tuple[str, ...],
    matrix: bool,
    policies: tuple[Path, ...],
    only: tuple[str, ...],
    longest: str,
    reports: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Run a vendor's client patterns once without and once with a site, and say service by service what worked, what
    works, and what broke it. Needs no network."""
    if not matrix and len(vendors) != 1:
        raise click.UsageError("--vendor: name one; several go with --matrix")
    if not matrix and len(sites) > 1:
        raise click.UsageError("--site: name one; several go with --matrix")
    from tierwall.cli.lab import reproduce  # noqa: PLC0415

    work = reproduce.matrix if matrix else reproduce.reproduce
    return work(
        reproduce.Wanted(
            sites=sites or (() if matrix else ("reference",)),
            vendors=vendors,
            policies=policies,
            only=only,
            longest=longest,
            reports=reports,
        ),
        as_json=as_json,
    )


@click.command(
    "new-site",
    short_help="Write the site file for the lists that a customer sent.",
    epilog="""\b
Examples:
  tierwall new-site acme-allowlist.txt --dialect pan-os -o acme.yaml
  tierwall new-site squid.conf fortigate.conf -o acme.yaml
  tierwall new-site export.csv --column Destination

One entry a list; addresses stand apart, and what could not be placed is a comment with its line. Without -o the file
goes to stdout, and what lint says of it to stderr. Exit status 1 says that lint warns.""",
)
@click.argument("lists", metavar="LIST...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--dialect",
    metavar="DIALECT",
    type=click.Choice([str(each) for each in Dialect]),
    help="The product that reads them.  [default: that of the format, else literal]",
)
@click.option("--column", metavar="HEADING", help="Of CSV files: the column with the host patterns.")
@output_option("Where it is written.")
@click.option("--title", metavar="TEXT", help="What the site is called, for people.")
def new_site_command(
    *, lists: tuple[Path, ...], dialect: str | None, column: str | None, output: Path | None, title: str | None
) -> int:
    """Write a site file that admits what the lists of a customer admit, and lint it."""
    from tierwall.cli.sites.new_site import Wanted, new_site  # noqa: PLC0415

    its = None if dialect is None else Dialect(dialect)
    return new_site(Wanted(lists=lists, dialect=its, column=column, output=output, title=title))
