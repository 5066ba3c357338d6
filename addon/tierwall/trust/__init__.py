"""The lab CA's certificate, and where this machine's programs look for certificates that they trust.

Knows files, formats and the programs that keep such stores. Refuses to touch the key: making the CA is mitmproxy's.
"""
