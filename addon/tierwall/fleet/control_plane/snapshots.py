"""Sites as what is sent: each site's lists of one version, packed once, checked whole, then swapped.

Knows Envoy's API as Google publishes it for Python (xds-protos). A site that does not load, or that Envoy cannot
express, leaves the last good in place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from google.protobuf import any_pb2, json_format

from tierwall.fleet.envoy import Lists
from tierwall.fleet.envoy.bundle import wrapped
from tierwall.fleet.envoy.values import EXTENSION, ROUTES

KINDS: Final = (EXTENSION, ROUTES)
"""The types of lists, in the order in which they are sent: rules first, then the routes that lead past them."""

for _name in (
    "envoy.config.core.v3.extension_pb2",
    "envoy.config.rbac.v3.rbac_pb2",
    "envoy.config.route.v3.route_pb2",
    "envoy.extensions.filters.http.rbac.v3.rbac_pb2",
    "envoy.extensions.filters.network.rbac.v3.rbac_pb2",
    "envoy.extensions.matching.common_inputs.network.v3.network_inputs_pb2",
    "envoy.extensions.rbac.matchers.upstream_ip_port.v3.upstream_ip_port_matcher_pb2",
    "xds.type.matcher.v3.domain_pb2",
    "xds.type.matcher.v3.ip_pb2",
    "xds.type.matcher.v3.matcher_pb2",
):
    import_module(_name)  # so that protobuf knows the types that are named inside of Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One version of one site."""

    site: str
    version: str
    bootstrap: str
    lists: Mapping[str, Mapping[str, any_pb2.Any]]
    """By type, then by name."""


def snapshot_of(lists: Lists) -> Snapshot:
    """Packed. Raises json_format.ParseError, which would be a mistake of ours: nothing of it is sent then."""
    packed: dict[str, dict[str, any_pb2.Any]] = {kind: {} for kind in KINDS}
    for name, resource in lists.resources.items():
        whole = wrapped(name, resource)
        packed[str(whole["@type"])][name] = json_format.ParseDict(whole, any_pb2.Any())
    return Snapshot(site=lists.site, version=lists.version, bootstrap=lists.bootstrap, lists=packed)
