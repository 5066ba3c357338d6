"""The gateway on a Linux host or in a network namespace: rules, routes and a tun device, made and unmade.

Knows nftables and iproute2 as text. Refuses to know mitmproxy: the proxy process that judges what is led to it is
another, and the only thing both share are the names in topology.py.
"""
