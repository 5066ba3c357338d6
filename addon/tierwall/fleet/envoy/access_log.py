"""The line that Envoy writes for each tunnel, connection and request: one JSON object, which `fleet ingest` reads.

Knows Envoy's command operators. `client`, `authority` and `agent` reach the tunnel's listener by shared filter state.
"""

from enum import StrEnum
from typing import Final

from tierwall.fleet.envoy.values import Object, typed

LOG_CLUSTER: Final = "log"
"""Where Envoy sends its log, if not to a file."""


class Seam(StrEnum):
    """Where a line was written."""

    REQUEST = "request"
    """The proxy's port: a CONNECT, or a plain request."""
    TUNNEL = "tunnel"
    """Inside a CONNECT that was answered 200."""
    INSIDE = "inside"
    """A plain request inside a tunnel."""
    DIRECT = "direct"
    """A connection that was redirected here."""
    DIRECT_REQUEST = "direct-request"
    """A plain request in one."""


_ALWAYS: Final = {
    "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
    "ms": "%DURATION%",
    "sent": "%BYTES_RECEIVED%",
    "received": "%BYTES_SENT%",
    "flags": "%RESPONSE_FLAGS%",
    "upstream": "%UPSTREAM_HOST%",
    "failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "termination": "%CONNECTION_TERMINATION_DETAILS%",
}
_CONNECTION: Final = {
    "client": "%FILTER_STATE(tierwall.client:PLAIN)%",
    "authority": "%FILTER_STATE(tierwall.authority:PLAIN)%",
    "agent": "%FILTER_STATE(tierwall.agent:PLAIN)%",
    "sni": "%REQUESTED_SERVER_NAME%",
    "protocol": "%FILTER_CHAIN_NAME%",
}
_REQUEST: Final = {
    "authority": "%REQ(:AUTHORITY)%",
    "method": "%REQ(:METHOD)%",
    "code": "%RESPONSE_CODE%",
    "detail": "%RESPONSE_CODE_DETAILS%",
    "reason": "%RESP(X-TIERWALL-REASON)%",
    "tier": "%RESP(X-TIERWALL-TIER)%",
    "agent": "%REQ(USER-AGENT)%",
}
_FIELDS: Final[dict[Seam, dict[str, str]]] = {
    Seam.REQUEST: {"client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%", **_REQUEST},
    Seam.TUNNEL: _CONNECTION,
    Seam.INSIDE: {
        **_REQUEST,
        "client": "%FILTER_STATE(tierwall.client:PLAIN)%",
        "asked": "%FILTER_STATE(tierwall.authority:PLAIN)%",
    },
    Seam.DIRECT: {
        "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
        "address": "%DOWNSTREAM_LOCAL_ADDRESS%",
        "sni": "%REQUESTED_SERVER_NAME%",
        "protocol": "%FILTER_CHAIN_NAME%",
    },
    Seam.DIRECT_REQUEST: {
        **_REQUEST,
        "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
        "address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    },
}


def lines(seam: Seam, path: str | None, site: str) -> list[Object]:
    """The access log of a listener or a connection manager, to a file, or to LOG_CLUSTER where `path` is None.

    A CONNECT that was let through is the tunnel's to write.
    """
    said = {"tierwall": seam.value, "site": site, **_ALWAYS, **_FIELDS[seam]}
    log = _to_service(seam, said) if path is None else _to_file(path, said)
    return [log | {"filter": _NOT_A_TUNNEL} if seam is Seam.REQUEST else log]


def _to_file(path: str, said: dict[str, str]) -> Object:
    return typed(
        "envoy.access_loggers.file",
        "envoy.extensions.access_loggers.file.v3.FileAccessLog",
        path=path,
        log_format={"json_format": said, "omit_empty_values": True},
    )


def _to_service(seam: Seam, said: dict[str, str]) -> Object:
    """The same fields as tags; the entry's own are left to themselves."""
    kind = "Http" if "method" in _FIELDS[seam] else "Tcp"
    common = {
        "log_name": "tierwall",
        "grpc_service": {"envoy_grpc": {"cluster_name": LOG_CLUSTER}},
        "transport_api_version": "V3",
        "buffer_flush_interval": "1s",
        "custom_tags": [{"tag": name, "value": form} for name, form in said.items()],
    }
    of = f"envoy.extensions.access_loggers.grpc.v3.{kind}GrpcAccessLogConfig"
    return typed(f"envoy.access_loggers.{kind.lower()}_grpc", of, common_config=common)


_NOT_A_TUNNEL: Final[Object] = {
    "or_filter": {
        "filters": [
            {
                "status_code_filter": {
                    "comparison": {"op": "GE", "value": {"default_value": 300, "runtime_key": "tierwall.logged_from"}}
                }
            },
            {
                "header_filter": {
                    "header": {"name": ":method", "string_match": {"exact": "CONNECT"}, "invert_match": True}
                }
            },
        ]
    }
}
