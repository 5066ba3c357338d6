"""Stand-ins for the vendors' servers, on loopback; each keeps a record of what reached it.

A test proves by that record that something arrived, or that nothing did.
"""

from tierwall.standins.origins.any_name import AnyNameOrigin
from tierwall.standins.origins.base import Reached, TcpOrigin
from tierwall.standins.origins.https import HttpsOrigin, RedirectOrigin
from tierwall.standins.origins.names import NameServerOrigin
from tierwall.standins.origins.native import NativeOrigin
from tierwall.standins.origins.tcp import SpeaksFirstOrigin, TcpEchoOrigin
from tierwall.standins.origins.thread import serve_in_thread
from tierwall.standins.origins.udp import StunOrigin, UdpEchoOrigin

__all__ = [
    "AnyNameOrigin",
    "HttpsOrigin",
    "NameServerOrigin",
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
