"""A site seen from one side only: what a PAC file, the kernel, a DNS answer or a table of impacts needs of it.

Knows whole sites. Refuses to judge single attempts otherwise than judge.py does.
"""
