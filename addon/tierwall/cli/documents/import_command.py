"""`tierwall import`, as it can be typed.

Knows words only; the work is in importing.py and checking.py.
"""

from pathlib import Path

import click

from tierwall.cli.options import complete_vendors, json_option, output_option, policy_option

_FORMS = ["m365", "cidrs", "google", "aws", "cloudflare", "table"]


@click.command(
    "import",
    short_help="Make a vendor policy from a vendor's document, or bring one up to date.",
    epilog="""\b
Examples:
  tierwall import https://endpoints.office.com/endpoints/worldwide?clientrequestid={uuid} -o m365.yaml
  tierwall import endpoints.json --only serviceArea=Skype --only id=56 --vendor teams -o teams.yaml
  tierwall import https://assets.zoom.us/docs/ipranges/Zoom.txt --vendor zoom
  tierwall import page.html --map columns.yaml --vendor acme -o acme.yaml
  tierwall import --check
  tierwall import --check endpoints.json --vendor teams

SOURCE is a file or a web address, which is fetched through the proxy of the environment (HTTPS_PROXY). Without -o the
policy goes to stdout. What a person has to decide is said on stderr. Where FILE stands already, tiers, symptoms, notes
and everything else that people wrote in it stays, and what changed is printed.

Exit status of --check: 0 all is as it was, 1 something changed, 3 a document could not be read; 2 is bad input.""",
)
@click.argument("source", metavar="[SOURCE]", required=False)
@output_option("Where the policy is written.")
@click.option("--form", type=click.Choice(_FORMS), help="What the document is.  [default: as it looks]")
@click.option(
    "--only",
    metavar="KEY=VALUE[,KEY=VALUE]",
    multiple=True,
    help="Only rows for which all of these hold: serviceArea, id, category, required; service, region, scope; heading, "
    "need. May be repeated: any of them is enough.",
)
@click.option(
    "--map",
    "mapping",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What the columns and words of a table mean.  [default: by their headings]",
)
@click.option(
    "--vendor", metavar="ID", shell_complete=complete_vendors, help="The policy's id; with --check, the vendor meant."
)
@click.option("--title", metavar="TEXT", help="The vendor's name, for people.")
@click.option("--retrieved", metavar="DATE", help="The day on which the document was read.  [default: today]")
@click.option("--check", is_flag=True, help="Say what changed since the policies' documents were read; write nothing.")
@policy_option
@json_option
def import_command(  # noqa: PLR0913 - one for each option
    *,
    source: str | None,
    output: Path | None,
    form: str | None,
    only: tuple[str, ...],
    mapping: Path | None,
    vendor: str | None,
    title: str | None,
    retrieved: str | None,
    check: bool,
    policies: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Read a vendor's machine-readable document, or the tables of its page, as a draft of a vendor policy. What the
    document does not say is left for a person to decide."""
    if check:
        from tierwall.cli.documents.checking import Asked, check_documents  # noqa: PLC0415

        if output is not None:
            raise click.UsageError("--check writes nothing: leave out -o")
        return check_documents(Asked(source=source, vendor=vendor, policies=policies), as_object=as_json)
    from tierwall.cli.documents.importing import Wanted, import_document  # noqa: PLC0415

    if source is None:
        raise click.UsageError("SOURCE is missing: a file or a web address; or --check")
    return import_document(
        Wanted(
            source=source,
            output=output,
            form=form,
            only=only,
            mapping=mapping,
            vendor=vendor,
            title=title,
            retrieved=retrieved,
        ),
        as_object=as_json,
    )
