"""What each behaviour stands on: the standard, or the documentation of a product that does it.

Knows titles only, for the page about behaviours. None was found where the tuple is empty: such a behaviour stands on
what was seen of networks.
"""

from collections.abc import Mapping
from typing import Final

DOCUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "connection-limit": (
        "Squid configuration, acl maxconn",
        "nftables wiki, Meters: `ct count over`",
    ),
    "proxy-auth": (
        "RFC 9110 section 11.7 (407, Proxy-Authenticate)",
        "RFC 7617 (Basic)",
        "RFC 1929 (SOCKS5's name and password)",
    ),
    "captive-portal": (
        "RFC 8952 (architecture of captive portals)",
        "RFC 8908 (their API)",
        "RFC 6585 section 6 (511, which few of them use)",
    ),
    "connect-ports": ("Squid configuration, http_access: the default `deny CONNECT !SSL_ports`",),
    "no-ip-connect": ("Squid wiki, ConfigExamples/Chat/Skype: CONNECT to numeric addresses is denied",),
    "dns-filter": ("RFC 8914 sections 4.16 to 4.18 (Blocked, Censored, Filtered)",),
    "split-dns": ("RFC 9499, the terms `split DNS` and `view`",),
    "stale-addresses": (
        "Microsoft Learn, Microsoft 365 URLs and IP address ranges: change management of addresses",
        "AWS General Reference, IP address ranges: addresses change",
    ),
    "fqdn-cache-expiry": (
        "FortiOS Administration Guide, Using wildcard FQDN addresses in firewall policies: they go with the TTL",
    ),
    "dial-blackhole": ("RFC 9293 section 3.8.3 (a SYN that is not answered)", "nftables wiki, the verdict `drop`"),
    "sni-required": (
        "RFC 6066 section 3 (server_name)",
        "Squid wiki, Features/SslPeekAndSplice: what is known at step 2",
    ),
    "one-segment-hello": (
        "tldr.fail: the ClientHello that is larger than one segment",
        "RFC 8446 section 5.1 (a handshake message may be in several records)",
    ),
    "host-forgery-check": (
        "Squid configuration, host_verify_strict",
        "Squid wiki, KnowledgeBase/HostHeaderForgery",
    ),
    "tls-inspection": (
        "Squid configuration, ssl_bump",
        "RFC 8446 section 9.3 (a middlebox that terminates TLS)",
    ),
    "dpi-https-only": (
        "Squid configuration, on_unsupported_protocol",
        "Palo Alto Networks, App-ID: traffic that is dropped once it is known",
    ),
    "tls-max-version": ("RFC 8446 section 4.1.3 (protection against downgrades)", "RFC 8996 (TLS 1.0 and 1.1)"),
    "no-http2": ("RFC 7301 (ALPN)", "RFC 9113 section 3.2"),
    "no-websocket": (
        "RFC 9110 section 7.6.1 (Connection is for one hop) and 7.8 (Upgrade)",
        "Squid configuration, http_upgrade_request_protocols: nothing is upgraded by default",
    ),
    "buffering": ("RFC 3507 section 4.5 (ICAP reads a body before it is passed on)",),
    "headers": (
        "RFC 9110 section 7.6.3 (Via)",
        "RFC 7239 (Forwarded), which X-Forwarded-For is older than",
        "Squid configuration, request_header_access and forwarded_for",
    ),
    "idle-timeout": (
        "RFC 5382 section 5 (REQ-5: idle TCP connections of a NAT)",
        "FortiOS CLI Reference, config system session-ttl",
    ),
    "max-lifetime": ("Squid configuration, client_lifetime",),
    "latency": ("tc-netem(8), delay",),
    "jitter": ("tc-netem(8), delay with jitter",),
    "bandwidth": ("tc-tbf(8), rate", "Squid configuration, delay_pools"),
    "slicer": ("RFC 9293 section 3.7 (segments have no boundaries of their own)",),
    "stall": (),
    "reset": ("RFC 9293 section 3.5.2 (reset generation)", "RFC 3360 (inappropriate resets)"),
    "slow-close": (),
    "half-close-breaks": ("RFC 9293 section 3.6.1 (half-closed connections)",),
    "no-udp": ("RFC 7478, the use case of a NAT or firewall that blocks UDP",),
    "no-quic": (
        "RFC 9308 section 2 (falling back where UDP is blocked)",
        "Palo Alto Networks, Block QUIC so that traffic can be decrypted",
    ),
    "udp-timeout": ("RFC 4787 section 4.3 (REQ-5: mappings of UDP)",),
}
"""By the behaviour's name."""
