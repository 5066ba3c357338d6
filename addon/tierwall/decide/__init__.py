"""What another proxy, firewall or database asks judge, a line or a call at a time, and how the answers are written.

Knows the askers' protocols. Carries no traffic, resolves no name, and writes no policy anew: judge decides.
"""
