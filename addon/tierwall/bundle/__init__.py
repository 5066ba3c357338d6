"""Sites, policies and lists as one signed archive, for many gateways that take it up by themselves.

An archive is used whole or not at all: signed by a key that the gateway was given, newer than what is in force, and
loadable.
"""
