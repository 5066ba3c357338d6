"""Behaviours inside what mitmproxy opened: handshakes, what TLS holds, requests and their header fields.

Knows mitmproxy's connections and messages. Refuses to decide which behaviours act: the verdict says so.
"""
