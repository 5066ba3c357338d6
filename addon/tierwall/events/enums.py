"""The closed lists of words in events: what ECS and we call actions, stages and kinds."""

from enum import StrEnum


class Action(StrEnum):
    """What happened. All but `allowed` and `closed` are always journalled."""

    DENIED = "denied"
    WOULD_DENY = "would-deny"
    BROKEN = "broken"
    FAILED = "failed"
    FAULT = "fault"
    ALLOWED = "allowed"
    CLOSED = "closed"
    MARKED = "marked"
    """Somebody noted what happened at this moment: "clicked Join"."""
    APPLIED = "applied"
    """An engine of a fleet (Envoy) runs a version of a site."""
    DRIFT = "drift"
    """Another engine (Envoy) decided otherwise than judge does."""


ALL = frozenset(Action)
"""What `--events all` journals."""

ALWAYS = ALL - {Action.ALLOWED, Action.CLOSED}
"""What `--events denied` journals."""


class Stage(StrEnum):
    """How far the connection had come."""

    ACCEPT = "accept"
    CONNECT = "connect"
    SOCKS = "socks"
    CLIENTHELLO = "clienthello"
    REQUEST = "request"
    DNS = "dns"
    UDP = "udp"
    DIAL = "dial"
    TUNNEL = "tunnel"
    CONFIG = "config"
    JOURNAL = "journal"
    MARK = "mark"


class ClosedBy(StrEnum):
    """Who ended a tunnel."""

    CLIENT = "client"
    SERVER = "server"
    BEHAVIOUR = "behaviour"
    SHUTDOWN = "shutdown"


class Kind(StrEnum):
    """ECS event.kind; ours are all plain events."""

    EVENT = "event"


class Category(StrEnum):
    """ECS event.category, as far as we use it."""

    NETWORK = "network"
    CONFIGURATION = "configuration"


class Type(StrEnum):
    """ECS event.type, as far as we use it.

    ECS knows no `error` among the types of `configuration` and `network`: those are `info` or `connection` with an
    `error.message`.
    """

    ALLOWED = "allowed"
    CONNECTION = "connection"
    DENIED = "denied"
    END = "end"
    INFO = "info"
    START = "start"


class NetworkProtocol(StrEnum):
    """ECS network.protocol: what the client was seen to speak."""

    TLS = "tls"
    HTTP = "http"
    QUIC = "quic"
    DNS = "dns"
