"""Logs of web proxies: a client asked, a product decided."""
