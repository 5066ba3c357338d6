"""JSON values as Envoy's API has them, and the three forms that stand everywhere.

Knows spellings of the API only.
"""

from typing import Final

from tierwall.policy.model import Network

type Object = dict[str, object]
"""A JSON object; what is in it is Envoy's to check."""

TYPES: Final = "type.googleapis.com/"

ROUTES: Final = f"{TYPES}envoy.config.route.v3.RouteConfiguration"
EXTENSION: Final = f"{TYPES}envoy.config.core.v3.TypedExtensionConfig"
NETWORK_RBAC: Final = f"{TYPES}envoy.extensions.filters.network.rbac.v3.RBAC"
HTTP_RBAC: Final = f"{TYPES}envoy.extensions.filters.http.rbac.v3.RBAC"


def typed(name: str, of: str, **fields: object) -> Object:
    """An extension: its name and its typed configuration."""
    return {"name": name, "typed_config": {"@type": TYPES + of, **fields}}


def cidr(network: Network) -> Object:
    """A network as CidrRange."""
    return {"address_prefix": str(network.network_address), "prefix_len": network.prefixlen}
