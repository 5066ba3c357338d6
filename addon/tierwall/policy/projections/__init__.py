"""A whole site or vendor policy seen from one side: what a PAC file, the kernel, a DNS answer, a table of impacts or of
changes needs of it.

Refuses to judge single attempts otherwise than judge.py does.
"""
