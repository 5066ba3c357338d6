"""Both ends of the wire without a network: stand-in origins for the vendors, and clients that behave as their apps.

Knows loopback sockets and wire formats; knows neither mitmproxy nor the proxy under test, which stands in between.
"""
