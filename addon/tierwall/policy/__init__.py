"""The pure core: what vendors ask for, what a site admits, and the one function that decides.

Nothing below this package does I/O, reads a clock, logs, or knows mitmproxy or YAML.
"""
