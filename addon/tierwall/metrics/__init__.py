"""Numbers for Prometheus: what a run's processes count, added up, as a page that it scrapes.

Few labels, and none with a host or a client: those are the journal's.
"""
