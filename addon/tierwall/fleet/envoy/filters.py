"""Envoy's filters, each as the listeners use it.

Knows extensions and their fields; in which order a connection meets them is listeners.py's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tierwall.fleet.envoy.access_log import Seam, lines
from tierwall.fleet.envoy.expressions import AUTHORITY, HOST
from tierwall.fleet.envoy.routes import CLUSTER_FIELD, PORT_FIELD
from tierwall.fleet.envoy.settings import Place
from tierwall.fleet.envoy.values import NETWORK_RBAC, Object, typed
from tierwall.policy import limits
from tierwall.policy.attempt import Reason
from tierwall.policy.model import Tier

OPENING_S: Final = int(limits.FIRST_BYTES_S)
"""Seconds in which a client has to say what it speaks."""
DNS: Final[Object] = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Statics:
    """What the static part is made of."""

    site: str
    log: str | None
    """The file of the access log; None: it is sent to LOG_CLUSTER."""
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


SPLIT: Final = "tierwall"
ASKED_HOST: Final = f"%DYNAMIC_METADATA({SPLIT}:host)%"
ASKED_PORT: Final = f"%DYNAMIC_METADATA({SPLIT}:port)%"


def by_list(statics: Statics, name: str, of: str = NETWORK_RBAC) -> Object:
    """A filter whose rules come by ECDS; without them every connection is closed."""
    if statics.inline is not None:
        return {"name": name, "typed_config": statics.inline[name]}
    return {"name": name, "config_discovery": {"config_source": statics.lists(name), "type_urls": [of]}}


def connection_manager(statics: Statics, seam: Seam, filters: list[Object], upgrades: list[str]) -> Object:
    """HTTP, with routes by RDS; nothing of a client's is rewritten that need not be."""
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


def relay(cluster: str) -> Object:
    """Dials when the client's first octets came, which is after the rules looked at them."""
    return typed(
        "envoy.filters.network.tcp_proxy",
        "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        stat_prefix=f"relay_{cluster}",
        cluster=cluster,
        idle_timeout="0s",
        upstream_connect_mode="ON_DOWNSTREAM_DATA",
        max_early_data_bytes=limits.CLIENT_HELLO_OCTETS,
    )


def led_by_name() -> Object:
    """Looks up where filter state, or the server name, leads."""
    return typed(
        "envoy.filters.network.sni_dynamic_forward_proxy",
        "envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig",
        port_value=443,
        dns_cache_config=DNS,
        save_upstream_address=True,
    )


def by_name(*, from_state: bool = False) -> Object:
    """The same for requests: by their Host, or by what filter state says."""
    return typed(
        "by-name",
        "envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
        dns_cache_config=DNS,
        save_upstream_address=True,
        allow_dynamic_host_from_filter_state=from_state,
    )


def name_or_address() -> Object:
    """Where a redirected connection leads: the server name, or the address where there is none."""
    states = [
        state("envoy.upstream.dynamic_host", "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%"),
        state("envoy.upstream.dynamic_host", "%REQUESTED_SERVER_NAME%"),
        state("envoy.upstream.dynamic_port", "%DOWNSTREAM_LOCAL_PORT%"),
    ]
    return typed(
        "name-or-address", "envoy.extensions.filters.network.set_filter_state.v3.Config", on_new_connection=states
    )


def split_authority() -> Object:
    """The host without brackets and the port, as metadata; what is empty is not set."""
    patterns = {
        "host": (r"^(?:\[([^\]]*)\]|([^:\[]*))(?::[0-9]*)?$", r"\1\2"),
        "port": (r"^(?:\[[^\]]*\]|[^:\[]*)(?::([0-9]*))?$", r"\1"),
    }
    rules: list[Object] = [
        {
            "header": ":authority",
            "on_header_present": {
                "metadata_namespace": SPLIT,
                "key": key,
                "type": "STRING",
                "regex_value_rewrite": {"pattern": {"regex": pattern}, "substitution": substitution},
            },
        }
        for key, (pattern, substitution) in patterns.items()
    ]
    return typed("split", "envoy.extensions.filters.http.header_to_metadata.v3.Config", request_rules=rules)


def fields(port: str, cluster: str) -> Object:
    """What routes look at, written over whatever a client sent."""
    values = {PORT_FIELD: f":{port}", CLUSTER_FIELD: cluster}  # a field without a value would not be written
    mutations: list[Object] = [
        {"append": {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
        for key, value in values.items()
    ]
    of = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation"
    return typed("fields", of, mutations={"request_mutations": mutations})


def states(*states: Object) -> Object:
    """Sets them, and has the route looked up again, with the fields as they are now."""
    of = "envoy.extensions.filters.http.set_filter_state.v3.Config"
    return typed("states", of, on_request_headers=list(states), clear_route_cache=True)


def state(key: str, text: str, factory: str | None = None, *, shared: bool = False) -> Object:
    """One value of filter state; shared ones go on into the tunnel's listener."""
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


def well_formed_request() -> Object:
    """A host that judge would read otherwise than Envoy does is refused before anything looks at it."""
    header = {
        "header": {"name": ":authority", "string_match": {"safe_regex": {"regex": AUTHORITY}}, "invert_match": True}
    }
    return typed("well-formed", "envoy.extensions.filters.http.rbac.v3.RBAC", rules=_denied_as_malformed(header))


def well_formed_name() -> Object:
    """The same of server names; none is well-formed."""
    of = "envoy.extensions.filters.network.rbac.v3.RBAC"
    name = {"not_rule": {"requested_server_name": {"safe_regex": {"regex": f"({HOST})?"}}}}
    return typed("well-formed", of, stat_prefix="well_formed.", rules=_denied_as_malformed(name))


def _denied_as_malformed(permission: object) -> Object:
    policy = {"permissions": [permission], "principals": [{"any": True}]}
    return {"action": "DENY", "policies": {f"{Reason.MALFORMED}/{Tier.NONE}": policy}}
