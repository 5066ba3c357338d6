"""Installed, the front door stands in mitmproxy's place, as often as a script is loaded, and nothing of its is lost."""

from mitmproxy.proxy import mode_servers
from mitmproxy.proxy.mode_servers import AsyncioServerInstance

from tierwall.proxy.listeners import install, sockets, streams
from tierwall.proxy.listeners.fronted_handler import FrontedHandler


def test_what_mitmproxy_accepts_and_listens_by_is_ours_however_often_it_is_installed() -> None:
    for _ in range(2):
        install()

        assert mode_servers.ProxyConnectionHandler is FrontedHandler
        assert AsyncioServerInstance.listen is sockets.listen
        assert sockets.mitmproxys_listen is not sockets.listen
        assert all(stop.__module__ == "mitmproxy.proxy.mode_servers" for stop in streams._STOPS.values())
