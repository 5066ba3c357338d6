"""What a run of the proxy says: at its start, of each denial, on its status page, and at its end.

Knows words, terminals and pages. Refuses to decide anything.
"""
