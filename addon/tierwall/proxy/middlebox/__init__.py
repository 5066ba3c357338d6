"""The behaviours of a site at work, one module for each moment at which they act; policy/behaviour specifies them.

Knows connections and octets. Refuses to decide which behaviours act, and what they break: the verdict says so.
"""
