"""A running proxy's control socket: what may be asked and changed through it, and the stream of what happens.

Knows the same user's requests. What is in force changes elsewhere; nothing here decides about traffic.
"""
