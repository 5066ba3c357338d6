"""HTTP on connections that mitmproxy drives: what is read, what is sent, and what is held, are ours (ADR 16).

Knows mitmproxy's HTTP layers, and RFCs 9110, 9112 and 9113. Refuses to decide: hooks are judged elsewhere.
"""
