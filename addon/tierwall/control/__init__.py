"""Proxies of this user that run, from outside: where their control sockets are, and what is said through one.

Knows folders and sockets. What a proxy answers is proxy/control's.
"""
