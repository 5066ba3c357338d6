"""`tierwall export --list`: what each product can carry, and its limits.

Knows how the table is printed; the table is export/products.py's.
"""

import json
from dataclasses import asdict, fields

from rich.table import Table

from tierwall.cli.output import report, write
from tierwall.export import PRODUCTS, Product
from tierwall.export.product import Carries


def print_text() -> int:
    """For people."""
    table = Table(box=None, pad_edge=False)
    table.add_column("product", style="bold")
    for field in fields(Carries):
        table.add_column(field.name)
    for product_id, product in PRODUCTS.items():
        table.add_row(product_id, *("yes" if can else "-" for can in asdict(product.carries).values()))
    console = report()
    console.print(table)
    for product_id, product in PRODUCTS.items():
        for limit in product.limits:
            console.print(f"{product_id}: at most {limit.most:,} {limit.what}")
    return 0


def print_json() -> int:
    """For programs: an object a product."""
    write(json.dumps([_object(product_id, product) for product_id, product in PRODUCTS.items()], indent=2))
    return 0


def _object(product_id: str, product: Product) -> dict[str, object]:
    found: dict[str, object] = {"product": product_id, "title": product.title, "carries": asdict(product.carries)}
    if product.dialect is not None:
        found["dialect"] = product.dialect
    found["limits"] = [{"most": limit.most, "what": limit.what, "source": limit.source} for limit in product.limits]
    found["documents"] = list(product.documents)
    found["checked"] = product.checked
    found["unverified"] = list(product.unverified)
    return found
