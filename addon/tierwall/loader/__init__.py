"""Policy and site files -> the frozen values of tierwall.policy, or every fault of them at once.

Knows files, YAML and spellings; decides nothing about traffic. The modules follow a file's way in: places.py finds
it, octets.py and tree.py read it, files.py with values.py and spelling.py check its shape, vendors.py and sites.py what
it refers to.
"""

from tierwall.loader.faults import Fault, InvalidFiles
from tierwall.loader.places import bundled, site_names
from tierwall.loader.sites import load_site
from tierwall.loader.vendors import load_catalogue

__all__ = ["Fault", "InvalidFiles", "bundled", "load_catalogue", "load_site", "site_names"]
