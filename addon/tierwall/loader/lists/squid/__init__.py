"""Squid's configuration -> the access rules that it stands for, and what of it cannot be followed.

Knows the language as Squid's own parser has it: lines.py joins lines and follows `if` and `include`, acls.py and
types.py read access lists, rules.py what is allowed with them.
"""

from tierwall.loader.lists.squid.rules import Configuration, named, read_configuration

__all__ = ["Configuration", "named", "read_configuration"]
