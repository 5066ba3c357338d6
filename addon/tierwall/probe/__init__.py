"""What is measured behind a customer's network: one file that runs anywhere, and one file that it sends back.

Knows Python 3.10's standard library and nothing else, of tierwall neither, so that it runs by itself as an archive.
Decides nothing: what the measurements mean is diagnosis's.
"""
