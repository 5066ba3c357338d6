"""Envoy's static part: listeners, filters and clusters, the same for every site but for where they listen.

Knows how a connection goes through Envoy. Lists are never in here: a change of a listener's chains resets its tunnels
(envoy issues 26079, 35109), so that they come by RDS and ECDS, and rules are only named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tierwall.fleet.envoy.access_log import Seam, lines
from tierwall.fleet.envoy.expressions import AUTHORITY, HOST
from tierwall.fleet.envoy.matchers import PORT_KEY
from tierwall.fleet.envoy.routes import CLUSTER_FIELD, LITERAL_KEY, PORT_FIELD, TUNNEL, WEB_TUNNEL
from tierwall.fleet.envoy.settings import Place
from tierwall.fleet.envoy.values import HTTP_RBAC, NETWORK_RBAC, Object, typed
from tierwall.policy.attempt import Reason
from tierwall.policy.model import Tier

OPENING_S: Final = 10
"""Seconds in which a client has to say what it speaks; limits.py has the same."""
DIAL_S: Final = 20

_DNS: Final[Object] = {
    "name": "names",
    "dns_lookup_family": "V4_PREFERRED",
    "max_hosts": 65536,
    "dns_min_refresh_rate": "5s",
    "typed_dns_resolver_config": typed(
        "envoy.network.dns_resolver.getaddrinfo",
        "envoy.extensions.network.dns_resolver.getaddrinfo.v3.GetAddrInfoDnsResolverConfig",
        num_resolver_threads=4,
    ),
}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Statics:
    """What the static part is made of."""

    site: str
    log: str
    source: str | None
    """The folder of the lists; None: the control plane."""
    inline: Mapping[str, Object] | None = None
    """The lists themselves, so that Envoy can be asked whether it takes them before it starts."""
    explicit: Place
    transparent: Place | None
    resolves: bool
    """Whether a client that goes to an address is led to where its server name leads (`names: resolve`)."""

    def lists(self, name: str) -> Object:
        """The source of a list, for RDS and ECDS."""
        if self.source is None:
            return {"ads": {}, "resource_api_version": "V3"}
        path = {"path": f"{self.source}/{name}.json", "watched_directory": {"path": self.source}}
        return {"path_config_source": path, "resource_api_version": "V3"}


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
    by_name = typed(
        "envoy.clusters.dynamic_forward_proxy",
        "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
        dns_cache_config=_DNS,
    )
    return [
        _cluster("named", lb_policy="CLUSTER_PROVIDED", cluster_type=by_name),
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
        _listed(statics, "clients-http", HTTP_RBAC),
        _well_formed_request(),
        _split_authority(),
        _fields(f"%DYNAMIC_METADATA({_SPLIT}:port)%", "named"),
        _states(
            _state(LITERAL_KEY, _ASKED_HOST, "envoy.network.ip"),
            _state("envoy.upstream.dynamic_host", _ASKED_HOST, shared=True),
            _state("envoy.upstream.dynamic_port", _ASKED_PORT, shared=True),
            _state(PORT_KEY, _ASKED_PORT, "envoy.string", shared=True),
            _state("tierwall.authority", "%REQ(:AUTHORITY)%", "envoy.string", shared=True),
            _state("tierwall.client", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%", "envoy.string", shared=True),
            _state("tierwall.agent", "%REQ(USER-AGENT)%", "envoy.string", shared=True),
            # The guard against tunnels that swap hosts: what is shared belongs to the pooled connection, and one that
            # is hashed keeps pools apart. An Envoy without this factory refuses the configuration (envoy issue 35711).
            _state(
                "tierwall.tunnel",
                "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS% %REQ(:AUTHORITY)%",
                "envoy.hashable_string",
                shared=True,
            ),
        ),
        _by_name(),
        _listed(statics, "reach-http", HTTP_RBAC),
    ]
    manager = _manager(statics, Seam.REQUEST, filters, upgrades=["CONNECT", "websocket"])
    return {
        "name": "explicit",
        "address": place.resource,
        "filter_chains": [{"name": "http", "filters": [manager]}],
    }


def _tunnel(statics: Statics, name: str) -> Object:
    inside = [
        _well_formed_request(),
        _split_authority(),
        _fields(f"%FILTER_STATE({PORT_KEY}:PLAIN)%", "named"),
        _states(_state(LITERAL_KEY, _ASKED_HOST, "envoy.network.ip")),
        _by_name(from_state=True),
        _listed(statics, "reach-http", HTTP_RBAC),
    ]
    by_name = [_led_by_name(), _listed(statics, "reach"), _relay("named")]
    anything = {"name": "raw", "filter_chain_match": _IS_RAW, "filters": by_name}
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
                "filters": [_well_formed_name(), _listed(statics, "tunnel-tls"), *by_name],
            },
            {
                "name": "http",
                "filter_chain_match": _IS_HTTP,
                "filters": [_manager(statics, Seam.INSIDE, inside, upgrades=["websocket"])],
            },
            *([anything] if name == TUNNEL else []),
        ],
    }


def _transparent(statics: Statics, place: Place) -> Object:
    if statics.resolves:
        first = [_name_or_address(), _listed(statics, "clients")]
        last = [_listed(statics, "gone-to"), _led_by_name(), _listed(statics, "reach"), _relay("named")]
    else:
        first = [_listed(statics, "clients")]
        last = [_listed(statics, "gone-to"), _relay("chosen")]
    manager = _manager(statics, Seam.DIRECT_REQUEST, _direct_requests(statics), upgrades=["websocket"])
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
                "filters": [*first, _well_formed_name(), _listed(statics, "direct-tls"), *last],
            },
            {"name": "http", "filter_chain_match": _IS_HTTP, "filters": [_listed(statics, "clients"), manager]},
            {"name": "raw", "filter_chain_match": _IS_RAW, "filters": [*first, _listed(statics, "direct-raw"), *last]},
        ],
    }


def _direct_requests(statics: Statics) -> list[Object]:
    """A literal in Host is refused here: judge asks for the address that was gone to as well, which no route can."""
    cluster = "named" if statics.resolves else "chosen"
    host = _state("envoy.upstream.dynamic_host", _ASKED_HOST)
    port = _state("envoy.upstream.dynamic_port", "%DOWNSTREAM_LOCAL_PORT%")
    by_name = [_by_name(from_state=True), _listed(statics, "reach-http", HTTP_RBAC)]
    return [
        _well_formed_request(),
        _split_authority(),
        _fields("%DOWNSTREAM_LOCAL_PORT%", cluster),
        _states(host, port),
        _listed(statics, "gone-to-http", HTTP_RBAC),
        *(by_name if statics.resolves else []),
    ]


# Filters

_SPLIT: Final = "tierwall"
_ASKED_HOST: Final = f"%DYNAMIC_METADATA({_SPLIT}:host)%"
_ASKED_PORT: Final = f"%DYNAMIC_METADATA({_SPLIT}:port)%"


def _listed(statics: Statics, name: str, of: str = NETWORK_RBAC) -> Object:
    """A filter whose rules come by ECDS; without them every connection is closed."""
    if statics.inline is not None:
        return {"name": name, "typed_config": statics.inline[name]}
    return {"name": name, "config_discovery": {"config_source": statics.lists(name), "type_urls": [of]}}


def _manager(statics: Statics, seam: Seam, filters: list[Object], upgrades: list[str]) -> Object:
    if statics.inline is not None:
        told = statics.inline["requests"].items()
        routes: Object = {"route_config": {key: value for key, value in told if key != "@type"}}
    else:
        routes = {"rds": {"route_config_name": "requests", "config_source": statics.lists("requests")}}
    router = typed(
        "envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router", suppress_envoy_headers=True
    )
    return typed(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=seam.value,
        **routes,
        http_filters=[*filters, router],
        upgrade_configs=[{"upgrade_type": upgrade} for upgrade in upgrades],
        strip_trailing_host_dot=True,
        stream_idle_timeout="0s",
        request_headers_timeout=f"{OPENING_S}s",
        generate_request_id=False,
        use_remote_address=True,
        skip_xff_append=True,
        normalize_path=False,
        server_header_transformation="PASS_THROUGH",
        http_protocol_options={"allow_absolute_url": True, "accept_http_10": True},
        access_log=lines(seam, statics.log, statics.site),
    )


def _relay(cluster: str) -> Object:
    """Dials when the client's first octets came, which is after the rules looked at them."""
    return typed(
        "envoy.filters.network.tcp_proxy",
        "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        stat_prefix=f"relay_{cluster}",
        cluster=cluster,
        idle_timeout="0s",
        upstream_connect_mode="ON_DOWNSTREAM_DATA",
        max_early_data_bytes=65536,
    )


def _led_by_name() -> Object:
    return typed(
        "envoy.filters.network.sni_dynamic_forward_proxy",
        "envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig",
        port_value=443,
        dns_cache_config=_DNS,
        save_upstream_address=True,
    )


def _by_name(*, from_state: bool = False) -> Object:
    return typed(
        "by-name",
        "envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
        dns_cache_config=_DNS,
        save_upstream_address=True,
        allow_dynamic_host_from_filter_state=from_state,
    )


def _name_or_address() -> Object:
    """Where a redirected connection leads: the server name, or the address where there is none."""
    states = [
        _state("envoy.upstream.dynamic_host", "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%"),
        _state("envoy.upstream.dynamic_host", "%REQUESTED_SERVER_NAME%"),
        _state("envoy.upstream.dynamic_port", "%DOWNSTREAM_LOCAL_PORT%"),
    ]
    return typed(
        "name-or-address", "envoy.extensions.filters.network.set_filter_state.v3.Config", on_new_connection=states
    )


def _split_authority() -> Object:
    """The host without brackets and the port, as metadata; what is empty is not set."""
    patterns = {
        "host": (r"^(?:\[([^\]]*)\]|([^:\[]*))(?::[0-9]*)?$", r"\1\2"),
        "port": (r"^(?:\[[^\]]*\]|[^:\[]*)(?::([0-9]*))?$", r"\1"),
    }
    rules: list[Object] = [
        {
            "header": ":authority",
            "on_header_present": {
                "metadata_namespace": _SPLIT,
                "key": key,
                "type": "STRING",
                "regex_value_rewrite": {"pattern": {"regex": pattern}, "substitution": substitution},
            },
        }
        for key, (pattern, substitution) in patterns.items()
    ]
    return typed("split", "envoy.extensions.filters.http.header_to_metadata.v3.Config", request_rules=rules)


def _fields(port: str, cluster: str) -> Object:
    """What routes look at, written over whatever a client sent."""
    values = {PORT_FIELD: f":{port}", CLUSTER_FIELD: cluster}  # a field without a value would not be written
    mutations: list[Object] = [
        {"append": {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
        for key, value in values.items()
    ]
    of = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation"
    return typed("fields", of, mutations={"request_mutations": mutations})


def _states(*states: Object) -> Object:
    """Sets them, and has the route looked up again, with the fields as they are now."""
    of = "envoy.extensions.filters.http.set_filter_state.v3.Config"
    return typed("states", of, on_request_headers=list(states), clear_route_cache=True)


def _state(key: str, text: str, factory: str | None = None, *, shared: bool = False) -> Object:
    state: Object = {
        "object_key": key,
        "format_string": {"text_format_source": {"inline_string": text}, "omit_empty_values": True},
        "skip_if_empty": True,
    }
    if factory is not None:
        state["factory_key"] = factory
    if shared:
        state["shared_with_upstream"] = "ONCE"
    return state


def _well_formed_request() -> Object:
    """A host that judge would read otherwise than Envoy does is refused before anything looks at it."""
    header = {
        "header": {"name": ":authority", "string_match": {"safe_regex": {"regex": AUTHORITY}}, "invert_match": True}
    }
    return typed("well-formed", "envoy.extensions.filters.http.rbac.v3.RBAC", rules=_denied_as_malformed(header))


def _well_formed_name() -> Object:
    of = "envoy.extensions.filters.network.rbac.v3.RBAC"
    name = {"not_rule": {"requested_server_name": {"safe_regex": {"regex": f"({HOST})?"}}}}
    return typed("well-formed", of, stat_prefix="well_formed.", rules=_denied_as_malformed(name))


def _denied_as_malformed(permission: object) -> Object:
    policy = {"permissions": [permission], "principals": [{"any": True}]}
    return {"action": "DENY", "policies": {f"{Reason.MALFORMED}/{Tier.NONE}": policy}}
