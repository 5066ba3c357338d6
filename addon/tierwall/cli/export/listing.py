"""`tierwall export --list`: what each product can carry, and its limits.

Knows how the table is printed; the table is export/products.py's.
"""

import json
from dataclasses import asdict
from typing import Final

from rich.text import Text

from tierwall.cli.output import report, write
from tierwall.export import PRODUCTS, Product
from tierwall.export.product import Carries
from tierwall.report.indented import Indented

ENVOY: Final[dict[str, object]] = {
    "product": "envoy",
    "title": "a whole site as Envoy's configuration, with a kernel guard; TCP",
    "carries": asdict(Carries(networks=True, ipv6=True, ports=True, denials=True)),
    "bypass": False,
    "limits": [],
    "documents": ["https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/api"],
    "checked": "a real Envoy, attempt by attempt (make fleet)",
    "unverified": [],
}


def print_text() -> int:
    """For people."""
    console = report()
    width = max(map(len, PRODUCTS)) + 2
    for product_id, product in PRODUCTS.items():
        can = [name.replace("_", " ") for name, value in asdict(product.carries).items() if value]
        words = ", ".join([*can, *(["bypass"] if product.bypass else [])])
        console.print(Indented(Text(words), width, Text(product_id, "bold")))
    console.print(Indented(Text(f"{ENVOY['title']}: docs/fleet.md"), width, Text("envoy", "bold")))
    for product_id, product in PRODUCTS.items():
        for limit in product.limits:
            console.print(f"{product_id}: at most {limit.most:,} {limit.what}")
    return 0


def print_json() -> int:
    """For programs: an object a product."""
    write(json.dumps([*(_object(product_id, product) for product_id, product in PRODUCTS.items()), ENVOY], indent=2))
    return 0


def _object(product_id: str, product: Product) -> dict[str, object]:
    found: dict[str, object] = {"product": product_id, "title": product.title, "carries": asdict(product.carries)}
    found["bypass"] = product.bypass is not None
    if product.dialect is not None:
        found["dialect"] = product.dialect
    found["limits"] = [{"most": limit.most, "what": limit.what, "source": limit.source} for limit in product.limits]
    found["documents"] = list(product.documents)
    found["checked"] = product.checked
    found["unverified"] = list(product.unverified)
    return found
