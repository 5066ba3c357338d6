"""The page's own web server, on loopback: its files, a stream of frames for each page, and actions with a token.

Knows HTTP, and who may ask. What is shown is picture/'s, what is done the Feed's.
"""
