"""The table of products, in the order of their ids.

Knows where the rows are; docs/export.md is made from this table, and so is `tierwall export --list`.
"""

from typing import Final

from tierwall.export import rows_firewalls, rows_meshes, rows_proxies, rows_tables, rows_terraform
from tierwall.export.product import Product, ProductId

_ROWS: Final = {
    **rows_firewalls.ROWS,
    **rows_proxies.ROWS,
    **rows_meshes.ROWS,
    **rows_terraform.ROWS,
    **rows_tables.ROWS,
}

PRODUCTS: Final[dict[ProductId, Product]] = {product: _ROWS[product] for product in ProductId}
