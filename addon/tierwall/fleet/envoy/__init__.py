"""A site as Envoy's resources: every cell asked of judge, printed as routes, matchers and a kernel guard.

Knows Envoy's API (v3) as values, and no I/O. What Envoy cannot express is refused by name, never weakened.
"""

from tierwall.fleet.envoy.bundle import Bundle, BundleFile, Lists, bundle_of, lists_of
from tierwall.fleet.envoy.refusing import CannotExpress
from tierwall.fleet.envoy.settings import Place, Settings

__all__ = ["Bundle", "BundleFile", "CannotExpress", "Lists", "Place", "Settings", "bundle_of", "lists_of"]
