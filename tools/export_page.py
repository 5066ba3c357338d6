"""docs/export.md, from the table of products: `python -m tools.export_page` writes it.

Knows Markdown and the table; the examples are real exports of the bundled policies. A test says when the page is stale.
"""

from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Final

from tierwall.export import PRODUCTS, List, Product, ProductId, Selection, Stamp, Wanted, select, write
from tierwall.export.product import Carries
from tierwall.loader import load_catalogue, load_site
from tierwall.policy.model import Tier

PAGE: Final = Path(__file__).parents[1] / "docs" / "export.md"

_STAMP: Final = Stamp(on=date(2026, 11, 27), version="0.1.0")
_LINES: Final = 40
"""Of an example's file."""

_HEAD: Final = """\
# Exports: what a network has to open, in its product's own syntax

Written by `make docs` from the table in addon/tierwall/export/products.py, and checked by a test: edit the table.

    tierwall export --to PRODUCT [--vendor ID] [--tier core[,auxiliary]] [--site FILE]
                    [--what allow,bypass,inbound] [-o FOLDER] [--strict] [--diff OLD]

- **Three lists, never mixed.** `allow` is what the network lets through. `bypass` is what must not be decrypted on
  its way, with the reason for each service: persistent WebSockets, and what is inside TLS and is not HTTP.
  `inbound` is who calls the customer's own servers; it goes into no egress rule. Without `-o` only `allow` is
  written, to stdout; with it all three are, in files of their own.
- **Exact or said.** Where a product has no spelling for a pattern, the narrowest wider one goes out, and a warning
  and a line of the header (`!`) name what it admits besides. `--strict` writes nothing then, and ends with status
  1.
- **What a product cannot carry** (ports in a list of URLs, UDP, networks beside names) is named in the header with
  the reason, and stands in a second file (`-rest`) for a product that can, or in a table.
- **Read back.** `make test` reads every product's files back, in the product's dialect where there is one, for
  every vendor, tier and list and for generated sites: what they cover is what was asked for, or is in the warnings.
- **Reviewable.** The header has vendor, document, tiers, evidence, date, version and count; entries are sorted, in
  A-labels, one a line. Formats without comments have it in a file beside (`-about.txt`).
- **What changed.** `--diff OLD` compares with an earlier export to the same product (a file or a folder), or with
  an older vendor's or site's file: `+` opens, `-` closes, with the services; status 1 where anything changed.
- A site's `deny` wins inside what it admits. Products with "denials" below say so themselves; for the others a
  warning names each. Behaviours of a site are no list, and in no export.
- **A whole site, to be enforced** by Envoy, is `--to envoy SITE -o FOLDER`: [past one machine](fleet.md).

What a product reads out of a name is in [dialects.md](dialects.md). No vendor's product ran here but where
"checked" says so: everything else is as documented in what is named.

## What each can carry

"""


def page() -> str:
    """The whole page."""
    return _HEAD + "\n".join([*_table(), "", *(line for product in ProductId for line in _section(product))])


def _table() -> Iterator[str]:
    names = [*(field.name.replace("_", " ") for field in fields(Carries)), "bypass"]
    yield f"| `--to` | {' | '.join(names)} | what it cannot carry goes to |"
    yield "| --- " * (len(names) + 2) + "|"
    for product_id, product in PRODUCTS.items():
        cells = ["yes" if can else "-" for can in (*asdict(product.carries).values(), product.bypass)]
        yield f"| [`{product_id}`](#{product_id}) | {' | '.join(cells)} | `{product.remainder or ProductId.CSV}` |"


def _section(product_id: ProductId) -> Iterator[str]:
    product = PRODUCTS[product_id]
    yield f"## {product_id}"
    yield ""
    yield f"{product.title[0].upper()}{product.title[1:]}. As documented in {'; '.join(product.documents)}."
    yield ""
    yield f"- Checked: {product.checked}."
    yield from (f"- At most {limit.most:,} {limit.what} ({limit.source})." for limit in product.limits)
    yield from (f"- Not verified: {what}." for what in product.unverified)
    yield ""
    yield from _example(product_id, product)


def _example(product_id: ProductId, product: Product) -> Iterator[str]:
    """Names with tiers where the product has names, else networks."""
    vendor, tiers = ("vevox", None) if product.carries.names else ("8x8", frozenset({Tier.CORE}))
    selection = _selection(vendor, tiers)
    export = write(product_id, selection, (List.ALLOW, List.BYPASS), _STAMP)
    command = f"tierwall export --to {product_id} --vendor {vendor}{' --tier core' if tiers else ''}"
    yield f"`{command}`:"
    yield ""
    lines = export.files[0].text.splitlines()
    yield from (f"    {line}".rstrip() for line in lines[:_LINES])
    if len(lines) > _LINES:
        yield f"    … ({len(lines) - _LINES} more lines)"
    yield ""
    others = [f"`{file.name}` ({file.says})" for file in export.files[1:]]
    if others:
        yield f"With `-o` also: {'; '.join(others)}."
        yield ""


def _selection(vendor: str, tiers: frozenset[Tier] | None) -> Selection:
    catalogue = load_catalogue([])
    return select(Wanted(vendors=(vendor,), tiers=tiers), load_site("reference", catalogue), catalogue)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
