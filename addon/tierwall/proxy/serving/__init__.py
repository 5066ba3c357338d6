"""The order of things: what a connection, a request, a datagram or a question to DNS goes through, from first to last.

Knows which room does what next. Refuses to decide anything: every answer is the active policy's.
"""
