"""One client connection: what it asks for, and how the server that it asks for is dialled.

Knows openings, attempts and dials. Refuses to know mitmproxy, and what middleboxes do to what passes.
"""
