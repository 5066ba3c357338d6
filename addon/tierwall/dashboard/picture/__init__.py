"""Everything that the page shows, added up from lines of a journal: pure, no clock, no sockets, no files.

Knows events as lines. Refuses to judge anything: what a destination serves is asked of whoever makes the picture.
"""
