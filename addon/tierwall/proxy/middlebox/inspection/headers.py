"""Header fields as proxies change them: `headers`, and what goes where an upgrade to WebSocket is stripped.

Knows mitmproxy's messages. Refuses to know connections and events. What every proxy changes is proxy/mitmproxy/http/'s.
"""

from typing import Final

from mitmproxy.http import Headers, HTTPFlow, Message

from tierwall.policy import behaviour
from tierwall.proxy.mitmproxy.http.fields import take_via, tokens

SWITCHING: Final = 101
"""The status of a response that changes the protocol (RFC 9110 section 15.2.2)."""


def asks_for_websocket(headers: Headers) -> bool:
    """Whether the request would become a WebSocket (RFC 6455 section 4.1)."""
    return "websocket" in tokens(headers, "upgrade")


def strip_upgrade(headers: Headers) -> None:
    """Take away what belongs to the hop from the client."""
    for name in ("upgrade", "connection"):
        headers.pop(name, None)


def change_request(flow: HTTPFlow, wanted: behaviour.Headers) -> str:
    """Pass a request on as proxies do; what was done, in one clause."""
    request = flow.request
    stripped = _strip(request, wanted)
    if not wanted.via:
        take_via(request.headers)
    if wanted.forwarded:
        _append(request.headers, "X-Forwarded-For", flow.client_conn.peername[0])
    for name, value in wanted.add:
        request.headers.add(name, value)
    added = ["x-forwarded-for"] * wanted.forwarded + [name for name, _ in wanted.add]
    return f"request: added {_names(added)}; taken away: {_names(stripped)}"


def change_response(flow: HTTPFlow, wanted: behaviour.Headers) -> None:
    """Pass a response on as proxies do."""
    response = flow.response
    if response is None:
        return
    _strip(response, wanted)
    if not wanted.via:
        take_via(response.headers)


def _strip(message: Message, wanted: behaviour.Headers) -> list[str]:
    return [name for name in wanted.strip if message.headers.pop(name, None) is not None]


def _append(headers: Headers, name: str, value: str) -> None:
    """One field more at the end of its list (RFC 9110 section 5.3)."""
    before = headers.get(name)
    headers[name] = f"{before}, {value}" if before else value


def _names(names: list[str]) -> str:
    return ", ".join(names) or "nothing"
