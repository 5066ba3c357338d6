"""Where the page's events come from: a journal that may still grow, or a proxy that runs.

Knows files and sockets. Each fills a picture; what the page may ask for besides is what its Feed says.
"""
