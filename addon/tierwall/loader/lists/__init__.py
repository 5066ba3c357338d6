"""Customers' lists of hosts: from the format in which a product exports one to the spellings in it.

Knows formats and spellings. Refuses to know what a spelling covers: that is its dialect's to say.
"""
