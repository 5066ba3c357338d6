"""A site as the files that Envoy is started with, and as the lists that change while it runs.

Knows which resource is in which file. A list's version is the hash of what it says: the same site is the same version.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from tierwall.fleet.envoy import guard, matchers, pages
from tierwall.fleet.envoy.access_log import LOG_CLUSTER
from tierwall.fleet.envoy.cells import Cells, cells_of
from tierwall.fleet.envoy.filters import Statics
from tierwall.fleet.envoy.listeners import clusters, listeners
from tierwall.fleet.envoy.refusing import differences, refuse_what_envoy_cannot
from tierwall.fleet.envoy.routes import requests
from tierwall.fleet.envoy.settings import Place, Settings
from tierwall.fleet.envoy.values import EXTENSION, ROUTES, Object, typed
from tierwall.policy.model import Catalogue
from tierwall.policy.site import LOOPBACK_CLIENTS, PRIVATE_CLIENTS, Names, Site

_VERSION_DIGITS: Final = 16
_RUNTIME: Final[Object] = {"re2.max_program_size.error_level": 100_000, "re2.max_program_size.warn_level": 100_000}
"""Ports are expressions here, and Envoy takes 100 instructions where nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What of a site changes while Envoys run."""

    site: str
    version: str
    """Of all together."""
    bootstrap: str
    """The version of the static part that they are written for."""
    resources: dict[str, Object]
    """By name: `requests`, `tunnel-tls`, …"""


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file of an export."""

    name: str
    text: str
    says: str
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """All files, and what is closed or looks different in Envoy."""

    files: tuple[BundleFile, ...]
    notes: tuple[str, ...]


def bundle_of(site: Site, catalogue: Catalogue, settings: Settings) -> Bundle:
    """Everything to start an Envoy with. Raises CannotExpress."""
    refuse_what_envoy_cannot(site, catalogue)
    cells = cells_of(site, catalogue)
    lists = _lists(site, cells)
    notes = tuple(differences(site, catalogue))
    files = [BundleFile("envoy.json", _text(_bootstrap(site, settings, lists)), "the bootstrap: listeners, no lists")]
    if not settings.control_plane:
        check = _compact(_bootstrap(site, settings, lists, inline=True))
        files.append(
            BundleFile("check.json", check, "the same with the lists in it, to ask Envoy whether it takes them")
        )
        files += [
            BundleFile(
                f"lists/{name}.json", _compact(_discovered(resource, lists)), "a list, replaced while Envoy runs"
            )
            for name, resource in lists.resources.items()
        ]
    files += [
        BundleFile(
            "guard.nft",
            guard.nftables(site.id, cells.regions, settings),
            "the kernel's rule for Envoy's user: not optional",
        ),
        BundleFile(
            "network-policy.yaml", guard.network_policy(site.id, cells.regions, settings), "the same for Kubernetes"
        ),
        BundleFile(
            "start.sh", pages.start(settings.uid), "looks at the three guards, and starts Envoy", executable=True
        ),
        BundleFile("README.md", pages.readme(site, settings, notes), "how to start it, and what is different"),
    ]
    return Bundle(files=tuple(files), notes=notes)


def lists_of(site: Site, catalogue: Catalogue) -> Lists:
    """The lists alone. Raises CannotExpress."""
    refuse_what_envoy_cannot(site, catalogue)
    return _lists(site, cells_of(site, catalogue))


def _lists(site: Site, cells: Cells) -> Lists:
    direct_clients = LOOPBACK_CLIENTS + PRIVATE_CLIENTS if site.clients is None else cells.clients
    resources = {
        "requests": requests(cells, site),
        "tunnel-tls": matchers.tunnel_tls(cells),
        "direct-tls": matchers.direct_tls(cells),
        "direct-raw": matchers.direct_raw(cells),
        "reach": matchers.reach(cells),
        "reach-http": matchers.reach_http(cells),
        "gone-to": matchers.gone_to(cells),
        "gone-to-http": matchers.gone_to_http(cells),
        "clients": matchers.clients(direct_clients),
        "clients-http": matchers.clients_http(cells.clients),
    }
    return Lists(
        site=site.id,
        version=_hash(resources),
        bootstrap="resolve" if site.names is Names.RESOLVE else "trust",
        resources=resources,
    )


def wrapped(name: str, resource: Object) -> Object:
    """A list as discovery gives it: routes as they are, rules as an extension's configuration."""
    if resource["@type"] == ROUTES:
        return resource
    return {"@type": EXTENSION, "name": name, "typed_config": resource}


def _discovered(resource: Object, lists: Lists) -> Object:
    name = next(name for name, each in lists.resources.items() if each is resource)
    return {"version_info": lists.version, "resources": [wrapped(name, resource)]}


def _bootstrap(site: Site, settings: Settings, lists: Lists, *, inline: bool = False) -> Object:
    found = clusters()
    dynamic: Object = {}
    if settings.log_to is not None:
        found.append(_ours(LOG_CLUSTER, [settings.log_to]))
    if settings.control_plane:
        found.append(_ours("control-plane", settings.control_plane))
        service = {"envoy_grpc": {"cluster_name": "control-plane"}}
        ads = {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [service]}
        dynamic = {"dynamic_resources": {"ads_config": ads}}
    statics = Statics(
        site=site.id,
        log=None if settings.log_to is not None else "access.log",
        source=None if settings.control_plane else "lists",
        explicit=settings.explicit,
        transparent=settings.transparent,
        resolves=site.names is Names.RESOLVE,
        inline=lists.resources if inline else None,
    )
    inward = typed(
        "envoy.bootstrap.internal_listener", "envoy.extensions.bootstrap.internal_listener.v3.InternalListener"
    )
    return {
        "node": {
            "id": settings.node,
            "cluster": "tierwall",
            "metadata": {"tierwall": {"site": site.id, "bootstrap": lists.bootstrap}},
        },
        "admin": {"address": settings.admin.resource},
        "bootstrap_extensions": [inward],
        "static_resources": {"listeners": listeners(statics), "clusters": found},
        **dynamic,
        "layered_runtime": {"layers": [{"name": "static", "static_layer": _RUNTIME}]},
        "overload_manager": {
            "resource_monitors": [
                typed(
                    "envoy.resource_monitors.global_downstream_max_connections",
                    "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    max_active_downstream_connections=100_000,
                )
            ]
        },
    }


def _ours(name: str, places: Sequence[Place]) -> Object:
    """Servers of tierwall's, with certificates on both sides; where one is gone, Envoy goes to the next."""
    files = {"certificate_chain": {"filename": "tls/envoy.crt"}, "private_key": {"filename": "tls/envoy.key"}}
    trusted = {
        "trusted_ca": {"filename": "tls/ca.crt"},
        "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "control-plane.tierwall"}}],
    }
    tls = {"tls_certificates": [files], "validation_context": trusted}
    http2 = {
        "explicit_http_config": {
            "http2_protocol_options": {"connection_keepalive": {"interval": "10s", "timeout": "5s"}}
        }
    }
    of = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {
        "name": name,
        "type": "STRICT_DNS",
        "connect_timeout": "5s",
        "typed_extension_protocol_options": {of: typed(of, of, **http2)["typed_config"]},
        "transport_socket": typed(
            "envoy.transport_sockets.tls",
            "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            common_tls_context=tls,
            sni="control-plane.tierwall",
        ),
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": place.resource}} for place in places]}],
        },
    }


def _hash(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:_VERSION_DIGITS]


def _compact(value: object) -> str:
    """For programs: lists may have a hundred thousand names."""
    return json.dumps(value, separators=(",", ":")) + "\n"


def _text(value: object) -> str:
    return json.dumps(value, indent=1) + "\n"
