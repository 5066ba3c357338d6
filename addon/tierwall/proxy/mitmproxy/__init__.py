"""The side of mitmproxy: what is taken of it, what is put into its place, and how a connection is given to it.

Knows mitmproxy's layers, hooks and seams. Refuses to know what behaviours do there, and to decide anything.
"""
