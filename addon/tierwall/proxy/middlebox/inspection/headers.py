"""Header fields as proxies change them: `headers`, and what goes where an upgrade to WebSocket is stripped.

Knows mitmproxy's messages. Refuses to know connections and events.
"""

from typing import Final

from mitmproxy.http import Headers, HTTPFlow, Message

from tierwall.policy import behaviour

PSEUDONYM: Final = "tierwall"
"""RFC 9110 section 7.6.3: what a proxy calls itself in `Via`."""

SWITCHING: Final = 101
"""The status of a response that changes the protocol (RFC 9110 section 15.2.2)."""

_HOP_BY_HOP: Final = ("connection", "proxy-connection", "keep-alive", "te", "proxy-authorization", "proxy-authenticate")
"""RFC 9110 section 7.6.1, without those that frame a message: mitmproxy makes these anew."""


def asks_for_websocket(headers: Headers) -> bool:
    """Whether the request would become a WebSocket (RFC 6455 section 4.1)."""
    return "websocket" in _tokens(headers, "upgrade")


def strip_upgrade(headers: Headers) -> None:
    """Take away what belongs to the hop from the client."""
    for name in ("upgrade", "connection"):
        headers.pop(name, None)


def change_request(flow: HTTPFlow, wanted: behaviour.Headers) -> str:
    """Pass a request on as proxies do; what was done, in one clause."""
    request = flow.request
    _take_hop_by_hop(request, keeps_upgrade=asks_for_websocket(request.headers))
    stripped = _strip(request, wanted)
    if wanted.via:
        _append(request.headers, "Via", f"{_version(request)} {PSEUDONYM}")
    if wanted.forwarded:
        _append(request.headers, "X-Forwarded-For", flow.client_conn.peername[0])
    for name, value in wanted.add:
        request.headers.add(name, value)
    added = ["via"] * wanted.via + ["x-forwarded-for"] * wanted.forwarded + [name for name, _ in wanted.add]
    return f"request: added {_names(added)}; taken away, beside what is hop-by-hop: {_names(stripped)}"


def change_response(flow: HTTPFlow, wanted: behaviour.Headers) -> None:
    """Pass a response on as proxies do."""
    response = flow.response
    if response is None:
        return
    _take_hop_by_hop(response, keeps_upgrade=response.status_code == SWITCHING)
    _strip(response, wanted)
    if wanted.via:
        _append(response.headers, "Via", f"{_version(response)} {PSEUDONYM}")


def _take_hop_by_hop(message: Message, *, keeps_upgrade: bool) -> None:
    if keeps_upgrade:
        return
    for name in (*_tokens(message.headers, "connection"), *_HOP_BY_HOP):
        message.headers.pop(name, None)


def _strip(message: Message, wanted: behaviour.Headers) -> list[str]:
    return [name for name in wanted.strip if message.headers.pop(name, None) is not None]


def _append(headers: Headers, name: str, value: str) -> None:
    """One field more at the end of its list (RFC 9110 section 5.3)."""
    before = headers.get(name)
    headers[name] = f"{before}, {value}" if before else value


def _version(message: Message) -> str:
    return message.http_version.removeprefix("HTTP/").removesuffix(".0") if message.is_http2 else "1.1"


def _tokens(headers: Headers, name: str) -> list[str]:
    return [token.strip().lower() for value in headers.get_all(name) for token in value.split(",") if token.strip()]


def _names(names: list[str]) -> str:
    return ", ".join(names) or "nothing"
