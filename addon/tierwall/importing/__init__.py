"""Vendors' machine-readable documents and tables -> drafts of vendor policies, and old policies brought up to date.

Knows texts and values, one module a form of document; forms.py has the table of them. Refuses to know where a text
comes from: files and the network are the command line's. Nothing is invented: what a document does not say is listed
for a person to decide.
"""
