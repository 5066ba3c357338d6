"""Envoy's static part: listeners, filters and clusters, the same for every site but for where they listen.

Knows how a connection goes through Envoy. Lists are never in here: a change of a listener's chains resets its tunnels
(envoy issues 26079, 35109), so that they come by RDS and ECDS, and rules are only named.
"""

from typing import Final

from tierwall.fleet.envoy.access_log import Seam, lines
from tierwall.fleet.envoy.filters import (
    ASKED_HOST,
    ASKED_PORT,
    DNS,
    OPENING_S,
    SPLIT,
    Statics,
    by_list,
    by_name,
    connection_manager,
    fields,
    led_by_name,
    name_or_address,
    relay,
    split_authority,
    state,
    states,
    well_formed_name,
    well_formed_request,
)
from tierwall.fleet.envoy.matchers import PORT_KEY
from tierwall.fleet.envoy.routes import LITERAL_KEY, TUNNEL, WEB_TUNNEL
from tierwall.fleet.envoy.settings import Place
from tierwall.fleet.envoy.values import HTTP_RBAC, Object, typed
from tierwall.policy import limits

DIAL_S: Final = int(limits.DIAL_S)

_MANY: Final[Object] = {
    "thresholds": [{"max_connections": 1_000_000, "max_pending_requests": 1_000_000, "max_requests": 1_000_000}]
}
_TLS_INSPECTOR: Final = typed(
    "envoy.filters.listener.tls_inspector", "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
)
_HTTP_INSPECTOR: Final = typed(
    "envoy.filters.listener.http_inspector", "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"
)
_ORIGINAL_DST: Final = typed(
    "envoy.filters.listener.original_dst", "envoy.extensions.filters.listener.original_dst.v3.OriginalDst"
)
_IS_TLS: Final[Object] = {"transport_protocol": "tls"}
_IS_RAW: Final[Object] = {"transport_protocol": "raw_buffer"}
"""Not left out: Envoy does not come back from the chains of a transport to those of any."""
_IS_HTTP: Final[Object] = {
    "transport_protocol": "raw_buffer",
    "application_protocols": ["http/1.0", "http/1.1", "h2c"],
}


def listeners(statics: Statics) -> list[Object]:
    """The proxy's port, where there is one the redirected connections', and the two that look into tunnels."""
    found = [_explicit(statics, statics.explicit), _tunnel(statics, TUNNEL), _tunnel(statics, WEB_TUNNEL)]
    return found if statics.transparent is None else [*found, _transparent(statics, statics.transparent)]


def clusters() -> list[Object]:
    """By name, by the address that a client chose, and into the tunnel's listener."""
    raw = typed("envoy.transport_sockets.raw_buffer", "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer")
    inward = typed(
        "envoy.transport_sockets.internal_upstream",
        "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
        transport_socket=raw,
    )
    cluster = typed(
        "envoy.clusters.dynamic_forward_proxy",
        "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
        dns_cache_config=DNS,
    )
    return [
        _cluster("named", lb_policy="CLUSTER_PROVIDED", cluster_type=cluster),
        _cluster("chosen", lb_policy="CLUSTER_PROVIDED", type="ORIGINAL_DST", cleanup_interval="5s"),
        *(
            _cluster(name, type="STATIC", transport_socket=inward, load_assignment=_at_listener(name))
            for name in (TUNNEL, WEB_TUNNEL)
        ),
    ]


def _at_listener(name: str) -> Object:
    endpoint = {"endpoint": {"address": {"envoy_internal_address": {"server_listener_name": name}}}}
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}


def _cluster(name: str, **more: object) -> Object:
    keepalive: Object = {} if name in {TUNNEL, WEB_TUNNEL} else {"upstream_connection_options": {"tcp_keepalive": {}}}
    return {"name": name, "connect_timeout": f"{DIAL_S}s", "circuit_breakers": _MANY, **keepalive, **more}


# Listeners


def _explicit(statics: Statics, place: Place) -> Object:
    filters = [
        by_list(statics, "clients-http", HTTP_RBAC),
        well_formed_request(),
        split_authority(),
        fields(f"%DYNAMIC_METADATA({SPLIT}:port)%", "named"),
        states(
            state(LITERAL_KEY, ASKED_HOST, "envoy.network.ip"),
            state("envoy.upstream.dynamic_host", ASKED_HOST, shared=True),
            state("envoy.upstream.dynamic_port", ASKED_PORT, shared=True),
            state(PORT_KEY, ASKED_PORT, "envoy.string", shared=True),
            state("tierwall.authority", "%REQ(:AUTHORITY)%", "envoy.string", shared=True),
            state("tierwall.client", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%", "envoy.string", shared=True),
            state("tierwall.agent", "%REQ(USER-AGENT)%", "envoy.string", shared=True),
            # The guard against tunnels that swap hosts: what is shared belongs to the pooled connection, and one that
            # is hashed keeps pools apart. An Envoy without this factory refuses the configuration (envoy issue 35711).
            state(
                "tierwall.tunnel",
                "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS% %REQ(:AUTHORITY)%",
                "envoy.hashable_string",
                shared=True,
            ),
        ),
        by_name(),
        by_list(statics, "reach-http", HTTP_RBAC),
    ]
    manager = connection_manager(statics, Seam.REQUEST, filters, upgrades=["CONNECT", "websocket"])
    return {
        "name": "explicit",
        "address": place.resource,
        "filter_chains": [{"name": "http", "filters": [manager]}],
    }


def _tunnel(statics: Statics, name: str) -> Object:
    inside = [
        well_formed_request(),
        split_authority(),
        fields(f"%FILTER_STATE({PORT_KEY}:PLAIN)%", "named"),
        states(state(LITERAL_KEY, ASKED_HOST, "envoy.network.ip")),
        by_name(from_state=True),
        by_list(statics, "reach-http", HTTP_RBAC),
    ]
    onward = [led_by_name(), by_list(statics, "reach"), relay("named")]
    anything = {"name": "raw", "filter_chain_match": _IS_RAW, "filters": onward}
    return {
        "name": name,
        "internal_listener": {},
        "listener_filters": [_TLS_INSPECTOR, _HTTP_INSPECTOR],
        "listener_filters_timeout": f"{OPENING_S}s",
        "access_log": lines(Seam.TUNNEL, statics.log, statics.site),
        "filter_chains": [
            {
                "name": "tls",
                "filter_chain_match": _IS_TLS,
                "filters": [well_formed_name(), by_list(statics, "tunnel-tls"), *onward],
            },
            {
                "name": "http",
                "filter_chain_match": _IS_HTTP,
                "filters": [connection_manager(statics, Seam.INSIDE, inside, upgrades=["websocket"])],
            },
            *([anything] if name == TUNNEL else []),
        ],
    }


def _transparent(statics: Statics, place: Place) -> Object:
    if statics.resolves:
        first = [name_or_address(), by_list(statics, "clients")]
        last = [by_list(statics, "gone-to"), led_by_name(), by_list(statics, "reach"), relay("named")]
    else:
        first = [by_list(statics, "clients")]
        last = [by_list(statics, "gone-to"), relay("chosen")]
    manager = connection_manager(statics, Seam.DIRECT_REQUEST, _direct_requests(statics), upgrades=["websocket"])
    return {
        "name": "transparent",
        "address": place.resource,
        "listener_filters": [_ORIGINAL_DST, _TLS_INSPECTOR, _HTTP_INSPECTOR],
        "listener_filters_timeout": f"{OPENING_S}s",
        "access_log": lines(Seam.DIRECT, statics.log, statics.site),
        "filter_chains": [
            {
                "name": "tls",
                "filter_chain_match": _IS_TLS,
                "filters": [*first, well_formed_name(), by_list(statics, "direct-tls"), *last],
            },
            {"name": "http", "filter_chain_match": _IS_HTTP, "filters": [by_list(statics, "clients"), manager]},
            {"name": "raw", "filter_chain_match": _IS_RAW, "filters": [*first, by_list(statics, "direct-raw"), *last]},
        ],
    }


def _direct_requests(statics: Statics) -> list[Object]:
    """A literal in Host is refused here: judge asks for the address that was gone to as well, which no route can."""
    cluster = "named" if statics.resolves else "chosen"
    host = state("envoy.upstream.dynamic_host", ASKED_HOST)
    port = state("envoy.upstream.dynamic_port", "%DOWNSTREAM_LOCAL_PORT%")
    named = [by_name(from_state=True), by_list(statics, "reach-http", HTTP_RBAC)]
    return [
        well_formed_request(),
        split_authority(),
        fields("%DOWNSTREAM_LOCAL_PORT%", cluster),
        states(host, port),
        by_list(statics, "gone-to-http", HTTP_RBAC),
        *(named if statics.resolves else []),
    ]
