"""Stand-ins for the vendors' servers, on loopback; each keeps a record of what reached it.

A test proves by that record that something arrived, or that nothing did.
"""

from tierwall.demo.origins.any_name import AnyNameOrigin
from tierwall.demo.origins.base import Reached, TcpOrigin
from tierwall.demo.origins.https import HttpsOrigin, RedirectOrigin
from tierwall.demo.origins.native import NativeOrigin
from tierwall.demo.origins.tcp import SpeaksFirstOrigin, TcpEchoOrigin
from tierwall.demo.origins.thread import serve_in_thread
from tierwall.demo.origins.udp import StunOrigin, UdpEchoOrigin

__all__ = [
    "AnyNameOrigin",
    "HttpsOrigin",
    "NativeOrigin",
    "Reached",
    "RedirectOrigin",
    "SpeaksFirstOrigin",
    "StunOrigin",
    "TcpEchoOrigin",
    "TcpOrigin",
    "UdpEchoOrigin",
    "serve_in_thread",
]
