"""The live page: what gets through a proxy, what is refused and what that breaks, while it happens or from its journal.

Knows events and pages. What they mean is decided elsewhere; picture/ adds them up, the rest shows and listens.
"""
