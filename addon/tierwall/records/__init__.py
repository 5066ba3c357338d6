"""Readers of foreign logs: lines or octets -> records. Pure: no file is opened here, and nothing is judged.

One module a format, in a folder for the kind of product that wrote it; formats.py is the table of them all.
docs/logs.md says of each which document it was read from, which field is the verdict, and what its traps are.
"""
