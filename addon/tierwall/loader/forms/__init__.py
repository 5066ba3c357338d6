"""The keys of policy and site files, as pydantic checks them and the JSON Schemas tell editors.

Knows the shape of one file. Refuses to know what its values refer to: vendors.py and sites.py check that.
"""
