"""In how many TCP segments a client's octets came, as far as the kernel tells.

Knows Linux's TCP_INFO. Where there is no socket of ours (tun, wireguard), nothing is known.
"""

import socket
import struct
from typing import Final

from tierwall.proxy.transport.endpoints.endpoint import Endpoint

_DATA_SEGMENTS_IN: Final = struct.Struct("152xI")
"""`tcpi_data_segs_in` of `struct tcp_info` (linux/tcp.h): segments with data. Linux 4.6 and later."""


def segments_from(client: Endpoint) -> int | None:
    """Segments with data that came so far, also those whose octets were read at once; None where nobody knows."""
    sock = client.get_extra_info("socket")
    if sock is None or not hasattr(socket, "TCP_INFO"):
        return None
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _DATA_SEGMENTS_IN.size)
    if len(info) < _DATA_SEGMENTS_IN.size:
        return None
    count: int = _DATA_SEGMENTS_IN.unpack(info)[0]
    return count
