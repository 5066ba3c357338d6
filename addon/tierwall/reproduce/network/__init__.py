"""Checks that need a network: client, gateway and vendors in network namespaces of their own, gone with their process.

Knows Linux: unshare, ip, nft. Touches no namespace, interface, rule or route of this machine's own.
"""
