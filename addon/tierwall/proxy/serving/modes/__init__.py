"""How a client says what it wants, one module a mode: HTTP, SOCKS5, the address it chose, a question to DNS.

Knows what each mode's client says first. Refuses to know how a tunnel goes on: that is serving/tunnels.py's.
"""
