"""What middleboxes do to traffic that is admitted: frozen specifications, and the order in which they act.

Knows values only. Whether one acts on an attempt, and what that breaks, is effects.py's; proxy/middlebox alone acts.
All kinds are named here, so that who matches on several moments has one place to import them from.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Final, get_args

from tierwall.policy.behaviour.access import (
    AtAccess,
    CaptivePortal,
    ConnectionLimit,
    ConnectPorts,
    NoIpConnect,
    ProxyAuth,
)
from tierwall.policy.behaviour.datagrams import AtDatagrams, NoQuic, NoUdp, UdpTimeout
from tierwall.policy.behaviour.inspection import (
    Buffering,
    DpiHttpsOnly,
    Headers,
    Inspecting,
    NoHttp2,
    NoWebsocket,
    TlsInspection,
    TlsMaxVersion,
)
from tierwall.policy.behaviour.opening import (
    AtOpening,
    DialBlackhole,
    HostForgeryCheck,
    OneSegmentHello,
    SniRequired,
)
from tierwall.policy.behaviour.parameters import (
    AuthScheme,
    Basis,
    Cut,
    DnsAnswer,
    Stop,
    TlsVersion,
    UdpStop,
    UpgradeStop,
    Way,
)
from tierwall.policy.behaviour.resolution import DnsFilter, FqdnCacheExpiry, OfNames, SplitDns, StaleAddresses
from tierwall.policy.behaviour.spec import EVERYTHING, Scope, Sees, Spec
from tierwall.policy.behaviour.tunnel import (
    Bandwidth,
    HalfCloseBreaks,
    IdleTimeout,
    Jitter,
    Latency,
    MaxLifetime,
    OfTunnels,
    Reset,
    Slicer,
    SlowClose,
    Stall,
)

Behaviour = AtAccess | OfNames | DialBlackhole | AtOpening | Inspecting | OfTunnels | AtDatagrams
"""Any of them, in the order in which they act: at the door, at names, at the dial, at the opening, inside TLS, on the
octets of what then stands, on datagrams."""

KINDS: Final[tuple[type[Behaviour], ...]] = get_args(Behaviour)
"""The same as classes. Several that act on one connection act in this order; of one kind, in the site's."""

BY_NAME: Final = {kind.NAME: kind for kind in KINDS}


def place_of(behaviour: Behaviour) -> int:
    """Where it stands in the order in which behaviours act."""
    return KINDS.index(type(behaviour))


def does(behaviour: Behaviour) -> str:
    """What it does, in one sentence, with the parameters that this one has."""
    said = (type(behaviour).__doc__ or "").partition("\n")[0]
    given = ", ".join(f"{name} {text}" for name, text in _parameters(behaviour))
    return f"{said} ({given})" if given else said


def at_work(behaviour: Behaviour) -> str:
    """The same with its scope: what people are told of a site's."""
    scope = behaviour.scope
    keys = [(each.name, getattr(scope, each.name)) for each in fields(scope)]
    said = ", ".join(f"{name} {_listed(value)}" for name, value in keys if value is not None)
    return f"{does(behaviour)}; only {said}" if said else does(behaviour)


def _listed(value: object) -> str:
    if isinstance(value, frozenset):
        return " ".join(sorted(map(spelled, value)))
    return spelled(value)


def _parameters(behaviour: Behaviour) -> Iterator[tuple[str, str]]:
    for each in fields(behaviour):
        value = getattr(behaviour, each.name)
        if each.name not in {"scope", "users"} and value not in (None, ()):
            yield each.name, spelled(value)


def spelled(value: object) -> str:
    """A parameter's value as people write it."""
    match value:
        case float():
            return f"{value:g}s"
        case bool():
            return "true" if value else "false"
        case tuple():
            return " ".join(map(spelled, value))
        case _:
            return str(value)


__all__ = [
    "BY_NAME",
    "EVERYTHING",
    "KINDS",
    "AtAccess",
    "AtDatagrams",
    "AtOpening",
    "AuthScheme",
    "Bandwidth",
    "Basis",
    "Behaviour",
    "Buffering",
    "CaptivePortal",
    "ConnectPorts",
    "ConnectionLimit",
    "Cut",
    "DialBlackhole",
    "DnsAnswer",
    "DnsFilter",
    "DpiHttpsOnly",
    "FqdnCacheExpiry",
    "HalfCloseBreaks",
    "Headers",
    "HostForgeryCheck",
    "IdleTimeout",
    "Inspecting",
    "Jitter",
    "Latency",
    "MaxLifetime",
    "NoHttp2",
    "NoIpConnect",
    "NoQuic",
    "NoUdp",
    "NoWebsocket",
    "OfNames",
    "OfTunnels",
    "OneSegmentHello",
    "ProxyAuth",
    "Reset",
    "Scope",
    "Sees",
    "Slicer",
    "SlowClose",
    "SniRequired",
    "Spec",
    "SplitDns",
    "StaleAddresses",
    "Stall",
    "Stop",
    "TlsInspection",
    "TlsMaxVersion",
    "TlsVersion",
    "UdpStop",
    "UdpTimeout",
    "UpgradeStop",
    "Way",
    "at_work",
    "does",
    "place_of",
    "spelled",
]
