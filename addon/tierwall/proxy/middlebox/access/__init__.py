"""Behaviours before anything is dialled: who may connect, how often, and whom a portal or a password stops.

Knows what the client asked for. Refuses to decide which behaviours act: the verdict says so.
"""
