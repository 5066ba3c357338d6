"""Behaviours on the octets of a standing tunnel, whatever they mean: later, slower, in pieces, or not at all.

Knows time and quantities. Refuses to know what the octets mean, and to decide which behaviours act.
"""
