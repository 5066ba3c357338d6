"""The modes of `tierwall run`, for people.

Knows words; what a mode does is proxy's.
"""

from typing import Final, NamedTuple


class Mode(NamedTuple):
    """One row."""

    spec: str
    clients: str
    """How clients come here."""
    tcp: str
    udp: str
    """UDP, and QUIC with it."""
    example: str


MODES: Final = (
    Mode("regular", "their proxy settings", "yes", "no", "regular@127.0.0.1:8080"),
    Mode("socks5", "their SOCKS5 settings", "yes", "no", "socks5@127.0.0.1:1080"),
    Mode(
        "upstream:http://PROXY:PORT",
        "their proxy settings; on through a parent proxy, whose refusals are shown",
        "yes",
        "no",
        "upstream:http://192.0.2.1:3128",
    ),
    Mode("transparent", "nftables redirect", "yes", "no", "transparent@10.77.1.1:8080"),
    Mode("tun:NAME", "routing (Linux, root)", "yes", "yes", "tun:tierwall0"),
    Mode(
        "wireguard",
        "a WireGuard client; its `tierwall.conf` is beside the lab CA",
        "yes",
        "yes",
        "wireguard@0.0.0.0:51820",
    ),
    Mode("dns", "their DNS settings", "no", "DNS", "dns@127.0.0.1:5353"),
)

NOTE: Final = (
    "An address after `@` wins over `--listen`. The proxy serves loopback alone, gateway modes the private ranges as "
    "well; `--clients` adds networks, and `clients` in the site file says otherwise."
)
