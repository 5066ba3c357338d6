"""What clients measure -> the behaviours that are named, and with which parameters: the sentences of the table."""

from typing import Any, Final

from tests.diagnosis.measured import EXTRA, MEET, RELAY, SEEN, broken, changed, works
from tierwall.probe.values import Check

type Case = tuple[tuple[Check, ...], str, list[tuple[str, dict[str, Any]]]]
"""The checks, the proxy that was used, and what is named."""

PROXY = "http://proxy.corp.example:8080"
APPEX, HELP, BRIDGE = "vevox.app:443", "help.vevox.com:443", "8x8.vc:443"
FINE = (
    works("tls", APPEX, "public", version="TLSv1.3", alpn="h2", issuer="Public CA"),
    works("tls", HELP, "public", version="TLSv1.3", alpn="h2", issuer="Public CA"),
    works("tls", BRIDGE, "public", MEET, version="TLSv1.3", alpn="h2", issuer="Public CA"),
    works("http", APPEX, "200"),
)


def opened(version: str = "TLSv1.3", alpn: str = "h2") -> tuple[Check, ...]:
    """TLS that was opened on the way, at two hosts; requests inside work."""
    return (
        changed("tls", APPEX, "untrusted", issuer="Corporate CA", version=version, alpn=alpn),
        changed("tls", BRIDGE, "untrusted", MEET, issuer="Corporate CA", version=version, alpn=alpn),
        works("http", APPEX, "200"),
        works("http", BRIDGE, "200", MEET),
    )


AT_THE_DOOR: Final[dict[str, Case]] = {
    "nothing is named where everything works": (FINE, "none", []),
    "407 is a password": (
        (broken("connect", APPEX, "407", realm="Corp", scheme="Basic"), broken("connect", BRIDGE, "407", MEET)),
        PROXY,
        [("proxy-auth", {"realm": "Corp"})],
    ),
    "HTTP that is sent to one other host, and no TLS, is a portal": (
        (
            broken("http", "vevox.app:80", "302", location="http://login.hotel.example/?to=1"),
            broken("http", "help.vevox.com:80", "302", location="http://login.hotel.example/?to=2"),
            broken("tls", APPEX, "reset"),
            broken("tls", BRIDGE, "reset", MEET),
        ),
        "none",
        [("captive-portal", {"portal": "login.hotel.example"})],
    ),
    "a redirect to HTTPS of the same host is none": (
        (*FINE, works("http", "vevox.app:80", "301", location="https://vevox.app/")),
        "none",
        [],
    ),
    "names of a tier that do not exist here are filtered": (
        (
            works("dns", "vevox.app", "answer"),
            broken("dns", "www.google-analytics.com", "nxdomain", SEEN),
            broken("dns", "api.amplitude.com", "nxdomain", SEEN),
            *FINE,
        ),
        "none",
        [("dns-filter", {"answer": "nxdomain", "tiers": ("analytics",)})],
    ),
    "where no name resolves, and a proxy does it, no resolver is to blame": (
        (broken("dns", "vevox.app", "nxdomain"), works("connect", APPEX, "200"), *FINE),
        PROXY,
        [],
    ),
    "CONNECT to 443 alone": (
        (
            works("connect", APPEX, "200"),
            broken("connect", "vevox.app:80", "403"),
            works("http", "vevox.app:80", "301", location="https://vevox.app/"),
            *FINE,
        ),
        PROXY,
        [("connect-ports", {"ports": ("443",)})],
    ),
    "a proxy that speaks TLS 1.2 at the most refuses who speaks TLS 1.3 alone": (
        (*opened("TLSv1.2"), changed("tls-hello-1.3", APPEX, "alert 70"), works("tls-hello-1.2", APPEX, "answered")),
        PROXY,
        [("tls-max-version", {"version": "1.2"})],
    ),
    "a server that speaks one version of TLS alone is its own affair": (
        (*FINE, changed("tls-hello-1.3", APPEX, "alert 70"), works("tls-hello-1.2", APPEX, "answered")),
        "none",
        [],
    ),
    "SOCKS5 that is not let through without a password": (
        (broken("connect", APPEX, "socks auth"),),
        "socks5://proxy.corp.example:1080",
        [("proxy-auth", {})],
    ),
    "CONNECT to names alone": (
        (
            works("connect", BRIDGE, "200", MEET),
            broken("connect", "168.138.110.244:443", "403", RELAY),
            works("tls", BRIDGE, "public", MEET),
        ),
        PROXY,
        [("no-ip-connect", {})],
    ),
    "a ClientHello in several segments is swallowed": (
        (*FINE, works("tls-hello-one", APPEX, "answered"), broken("tls-hello-segments", APPEX, "silence")),
        "none",
        [("one-segment-hello", {"how": "drop"})],
    ),
    "a ClientHello without a name is reset": (
        (*FINE, works("tls-hello-one", APPEX, "answered"), broken("tls-no-name", APPEX, "reset")),
        "none",
        [("sni-required", {"how": "reset"})],
    ),
    "a server that wants a name says so by an alert, which is no middlebox": (
        (*FINE, works("tls-hello-one", APPEX, "answered"), works("tls-no-name", APPEX, "alert 112")),
        "none",
        [],
    ),
    "only where a name was before is let through": (
        (
            *FINE,
            broken("moved", APPEX, "old-only"),
            broken("hold", APPEX, "reset", lived_s=21.0, after_s=21.0, silent_s=60.0),
            broken("tls-other-address", APPEX, "reset"),
        ),
        "none",
        [("stale-addresses", {})],
    ),
    "only where a name is now is let through": (
        (*FINE, broken("moved", APPEX, "new-only"), broken("tls-other-address", APPEX, "reset")),
        "none",
        [("host-forgery-check", {"strict": True})],
    ),
    "a name at another host's address is cut, though that host is let through under its own": (
        (
            *FINE,
            works("dns", "8x8.vc", "answer", MEET, addresses=["203.0.113.9"]),
            broken("tls-other-address", APPEX, "reset", address="203.0.113.9"),
        ),
        "none",
        [("host-forgery-check", {"strict": True})],
    ),
    "a name at an address where nobody is says nothing": (
        (*FINE, broken("tls-other-address", APPEX, "silence", address="203.0.113.10")),
        "none",
        [],
    ),
}

INSIDE_TLS: Final[dict[str, Case]] = {
    "another authority, and nothing more": (opened(), "none", [("tls-inspection", {})]),
    "another authority, but for some names": (
        (*opened(), works("tls", HELP, "public", version="TLSv1.3", alpn="h2")),
        "none",
        [("tls-inspection", {"except": ("help.vevox.com",)})],
    ),
    "an old version, no h2 and no WebSocket, all from whoever opens TLS": (
        (*opened("TLSv1.2", "http/1.1"), broken("websocket", APPEX, "501")),
        PROXY,
        [("tls-max-version", {"version": "1.2"}), ("no-websocket", {"how": "501"}), ("no-http2", {})],
    ),
    "a request for WebSocket is answered as a page inside opened TLS, as a server might that has none there": (
        (*opened(), broken("websocket", APPEX, "200"), broken("websocket", HELP, "200")),
        "none",
        [("tls-inspection", {}), ("no-websocket", {"how": "strip"})],
    ),
    "a request for WebSocket is answered 501 inside opened TLS": (
        (*opened(), broken("websocket", APPEX, "501")),
        "none",
        [("no-websocket", {"how": "501"})],
    ),
    "a server that answers no WebSocket, where nobody opens TLS, is no middlebox": (
        (*FINE, broken("websocket", APPEX, "200")),
        "none",
        [],
    ),
    "octets that are no HTTP are cut inside opened TLS": (
        (*opened(), broken("opaque", APPEX, "reset"), broken("turn-tcp", "168.138.110.244:443", "reset", RELAY)),
        "none",
        [("dpi-https-only", {"basis": "inspect"})],
    ),
    "octets that are no HTTP are cut, and nothing else is, as a server might": (
        (*opened(), broken("opaque", APPEX, "reset")),
        "none",
        [("tls-inspection", {}), ("dpi-https-only", {"basis": "inspect"})],
    ),
    "a large response is kept back until it is whole": (
        (
            *opened()[:2],
            works("http", APPEX, "200", octets=262144, head_ms=9.0, first_ms=1040.0, last_ms=1049.0),
            works("http", BRIDGE, "200", MEET, octets=262144, head_ms=9.0, first_ms=1040.0, last_ms=1049.0),
        ),
        PROXY,
        [("buffering", {})],
    ),
}

OF_THE_TUNNEL: Final[dict[str, Case]] = {
    "a tier is closed": (
        (*FINE, broken("tls", "www.google-analytics.com:443", "alert 49", SEEN)),
        "none",
        [("tier-closed", {"closed": ("8x8/analytics",)})],
    ),
    "all is closed, and UDP with it": (
        (
            broken("connect", APPEX, "403"),
            broken("connect", BRIDGE, "403", MEET),
            broken("stun", "168.138.110.244:443/udp", "silence", RELAY),
        ),
        PROXY,
        [("tier-closed", {"closed": ("8x8/core", "vevox/core")})],
    ),
    "apexes beside a wildcard are closed": (
        (works("tls", HELP, "public"), broken("tls", APPEX, "alert 49"), works("tls", BRIDGE, "public", MEET)),
        "none",
        [("wildcard-gap", {"hosts": ("vevox.app",), "evidence": "stated"})],
    ),
    "no UDP, though another TCP port gets through": (
        (
            *FINE,
            works("open", "eu-channel.spotme.com:10000", "answered", EXTRA),
            broken("stun", "168.138.110.244:443/udp", "silence", RELAY),
        ),
        "none",
        [("no-udp", {"how": "drop"})],
    ),
    "neither UDP nor another TCP port": (
        (
            *FINE,
            broken("tcp", "vevox.app:5222", "silence"),
            broken("stun", "168.138.110.244:443/udp", "silence", RELAY),
        ),
        "none",
        [("port-closed", {"open": ("tcp/443",)})],
    ),
    "no QUIC, though other UDP is answered": (
        (
            *FINE,
            works("stun", "168.138.110.244:443/udp", "answered", RELAY),
            broken("http3", "8x8.vc:443/udp", "silence", MEET),
        ),
        "none",
        [("no-quic", {"how": "drop"})],
    ),
    "UDP of one vendor's alone comes to nothing: its list has TCP only": (
        (
            *FINE,
            works("stun", "168.138.110.244:443/udp", "answered", RELAY),
            broken("http3", "vevox.app:443/udp", "silence"),
        ),
        "none",
        [("port-closed", {"udp": ("vevox",)})],
    ),
    "silence ends a connection by a reset": (
        (
            *FINE,
            broken("hold", APPEX, "reset", silent_s=90.0, after_s=60.4, lived_s=60.4),
            works("hold", HELP, "alive", silent_s=55.0, lived_s=55.0),
            works("busy", BRIDGE, "alive", MEET, lived_s=90.0, samples=5),
        ),
        "none",
        [("idle-timeout", {"after": "60s", "how": "rst"})],
    ),
    "silence ends a connection without a word, between two that were tried": (
        (
            *FINE,
            broken("hold", APPEX, "silence", silent_s=360.0),
            works("hold", HELP, "alive", silent_s=327.0),
            works("busy", BRIDGE, "alive", MEET, lived_s=360.0, samples=5),
        ),
        "none",
        [("idle-timeout", {"after": "350s", "how": "drop"})],
    ),
    "time ends a connection, however busy": (
        (
            *FINE,
            broken("hold", APPEX, "reset", silent_s=90.0, after_s=30.1, lived_s=30.1),
            broken("busy", BRIDGE, "reset", MEET, lived_s=30.2, samples=9),
        ),
        "none",
        [("max-lifetime", {"after": "30s", "how": "rst"})],
    ),
    "late, uneven, slow": (
        (
            *FINE,
            works(
                "busy",
                BRIDGE,
                "alive",
                MEET,
                samples=500,
                least_ms=408.0,
                q1_ms=506.0,
                q3_ms=594.0,
                deviation_ms=61.2,
            ),
            works("http", HELP, "200", octets=262144, bits_per_s=401_000.0),
        ),
        "none",
        [("latency", {"delay": "200ms"}), ("jitter", {"most": "150ms"}), ("bandwidth", {"rate": "400kbit/s"})],
    ),
}

CASES: Final = AT_THE_DOOR | INSIDE_TLS | OF_THE_TUNNEL
