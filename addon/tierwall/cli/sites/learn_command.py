"""`tierwall learn`, as it can be typed.

Knows words only; the work is in learn.py.
"""

from pathlib import Path

import click

from tierwall.cli.export.command import complete_products
from tierwall.cli.options import output_option, policy_option


@click.command(
    "learn",
    short_help="Make a site or an export from what was used.",
    epilog="""\b
Examples:
  tierwall learn journal.jsonl -o learned.yaml
  tierwall learn access.log --fold 5 --to pan-edl
  tierwall learn customer/ --to fortigate -o change-request/

FILE is the journal of an observing run (`enforce: false`, `--events all`), or a log in any format that `tierwall audit`
reads. What was let through becomes the fewest entries: the vendor's rule where one covers it; other names by their
registered domain where at least N were seen, and never above a public suffix. What never came is named: this list
would cut it.""",
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--format", metavar="FORMAT", help="The format of all files; found out from each otherwise.")
@click.option(
    "--fold",
    metavar="N",
    type=click.IntRange(2, 1000),
    default=3,
    show_default=True,
    help="How many names below one registered domain become one entry.",
)
@policy_option
@click.option(
    "--to", "product", metavar="PRODUCT", shell_complete=complete_products, help="An export instead of a site."
)
@output_option(
    "Write the site to this file, or the export to this folder.  [default: stdout]",
    metavar="FILE|FOLDER",
    kind=click.Path(path_type=Path),
)
def learn_command(  # noqa: PLR0913 - one for each option
    *,
    files: tuple[str, ...],
    format: str | None,  # noqa: A002 - as the option is called
    fold: int,
    policies: tuple[Path, ...],
    product: str | None,
    output: Path | None,
) -> int:
    """Fold what a journal or a log says was used into a site file, or into lines for a product."""
    from tierwall.cli.sites.learn import Wanted, learn  # noqa: PLC0415

    return learn(Wanted(files=files, format=format, fold=fold, policies=policies, product=product, output=output))
