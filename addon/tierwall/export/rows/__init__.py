"""The table of products in its parts, one module a kind of product."""
