"""`tierwall watch`, and the page of `tierwall run --ui`.

Knows options; the page is dashboard's.
"""
