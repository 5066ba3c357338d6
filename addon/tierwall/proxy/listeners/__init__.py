"""Puts the front door before mitmproxy's servers: every TCP connection of theirs is ours first.

Knows which seams of mitmproxy hold (docs/mitmproxy-seams.md). What is installed here outlives the script that
installed it: without a live tierwall it refuses everything.
"""

from mitmproxy.proxy import mode_servers
from mitmproxy.proxy.mode_servers import AsyncioServerInstance

from tierwall.proxy.listeners import sockets, streams
from tierwall.proxy.listeners.fronted_handler import FrontedHandler
from tierwall.proxy.mitmproxy import dns, wireguard_keys
from tierwall.proxy.mitmproxy.http import layer as http_layer


def install() -> None:
    """Take the place of mitmproxy's connection handler, and of its way to listen for TCP."""
    mode_servers.ProxyConnectionHandler = FrontedHandler  # type: ignore[misc]
    AsyncioServerInstance.listen = sockets.listen  # type: ignore[method-assign,assignment]
    wireguard_keys.keep_private()
    http_layer.install()
    dns.install()
    streams.install()
