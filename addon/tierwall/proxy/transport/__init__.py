"""Octets between two ends: endpoints, the relay between them, and what lies beneath both.

Knows sockets, transports and back-pressure. Refuses to know sites, verdicts and what the octets mean.
"""
