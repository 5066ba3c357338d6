"""A site or vendor policy in a product's own syntax: selection -> values -> text.

Knows values and text, no files and no clock. selection.py says what is asked for, spelling.py how a product's wildcards
say it, writing.py puts a product's lists together, products.py is the table; each product has a module of its own.
"""

from tierwall.export.about import Wanted
from tierwall.export.grant import Grant, List, Selection, Stamp
from tierwall.export.product import Product, ProductId
from tierwall.export.products import PRODUCTS
from tierwall.export.selection import NothingSelected, select
from tierwall.export.writing import CannotExport, Export, write

__all__ = [
    "PRODUCTS",
    "CannotExport",
    "Export",
    "Grant",
    "List",
    "NothingSelected",
    "Product",
    "ProductId",
    "Selection",
    "Stamp",
    "Wanted",
    "select",
    "write",
]
