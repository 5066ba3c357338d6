"""The table of products, in the order of their ids.

Knows where the rows are; docs/export.md is made from this table, and so is `tierwall export --list`.
"""

from typing import Final

from tierwall.export.product import Product, ProductId
from tierwall.export.rows import firewalls, meshes, proxies, tables, terraform

_ROWS: Final = {
    **firewalls.ROWS,
    **proxies.ROWS,
    **meshes.ROWS,
    **terraform.ROWS,
    **tables.ROWS,
}

PRODUCTS: Final[dict[ProductId, Product]] = {product: _ROWS[product] for product in ProductId}
