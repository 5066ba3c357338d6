"""One end of a TCP connection, over a socket of ours or over one of asyncio's transports.

Knows half-close, back-pressure and how an end ends. Refuses to know what the octets mean.
"""
