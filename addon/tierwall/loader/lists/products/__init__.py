"""What single products export or are told: one module a product, each from text to what it lists.

Knows the products' syntax. Refuses to know files, and how a host pattern is read: that is its dialect's to say.
"""
