"""Clients that behave as the vendors' apps do, straight or through a proxy, and say how far they got."""

from tierwall.standins.clients.http import fetch_https, plain_http
from tierwall.standins.clients.native import native_session
from tierwall.standins.clients.outcome import Cause, Outcome, Reply, Stage
from tierwall.standins.clients.tcp import banner_session, half_close_session
from tierwall.standins.clients.udp import stun_binding, udp_echo
from tierwall.standins.clients.via import Direct, HttpProxy, Socks5Proxy, Via
from tierwall.standins.clients.websocket import websocket_session

__all__ = [
    "Cause",
    "Direct",
    "HttpProxy",
    "Outcome",
    "Reply",
    "Socks5Proxy",
    "Stage",
    "Via",
    "banner_session",
    "fetch_https",
    "half_close_session",
    "native_session",
    "plain_http",
    "stun_binding",
    "udp_echo",
    "websocket_session",
]
