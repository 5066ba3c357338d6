"""Header fields that a site's proxy adds and takes away."""

from mitmproxy.http import Headers, HTTPFlow
from mitmproxy.test.tflow import tflow

from tierwall.policy import behaviour
from tierwall.proxy.middlebox.inspection.headers import (
    asks_for_websocket,
    change_request,
    change_response,
    strip_upgrade,
)


def test_a_proxy_that_hides_takes_back_its_own_via_alone() -> None:
    flow: HTTPFlow = tflow()
    flow.request.headers = Headers([(b"Via", b"1.1 inner, 1.1 tierwall")])

    change_request(flow, behaviour.Headers(via=False, forwarded=False))

    assert flow.request.headers.fields == ((b"Via", b"1.1 inner"),)


def test_lists_grow_at_their_end() -> None:
    flow: HTTPFlow = tflow()
    flow.request.headers = Headers([(b"X-Forwarded-For", b"192.0.2.1")])
    flow.client_conn.peername = ("192.0.2.2", 1)

    change_request(flow, behaviour.Headers())

    assert flow.request.headers.fields == ((b"X-Forwarded-For", b"192.0.2.1, 192.0.2.2"),)


def test_what_changes_to_websocket_keeps_its_connection() -> None:
    flow: HTTPFlow = tflow(resp=True)
    assert flow.response is not None
    upgrade = [(b"Connection", b"keep-alive, Upgrade"), (b"Upgrade", b"WebSocket")]
    flow.request.headers, flow.response.headers = Headers(upgrade), Headers(upgrade)
    flow.response.status_code = 101
    wanted = behaviour.Headers(via=False, forwarded=False)

    change_request(flow, wanted)
    change_response(flow, wanted)

    assert asks_for_websocket(flow.request.headers)
    assert list(flow.request.headers.fields) == list(flow.response.headers.fields) == upgrade


def test_what_was_done_is_said_in_one_clause() -> None:
    flow: HTTPFlow = tflow()
    flow.request.headers = Headers([(b"X-Secret", b"1"), (b"Via", b"1.1 tierwall")])

    said = change_request(flow, behaviour.Headers(add=(("X-Site", "lab"),), strip=("X-Secret", "X-Other")))

    assert said == "request: added x-forwarded-for, X-Site; taken away: X-Secret"
    assert "X-Secret" not in flow.request.headers
    assert flow.request.headers["X-Site"] == "lab"


def test_an_upgrade_that_is_stripped_is_a_plain_request() -> None:
    headers = Headers([(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"), (b"X", b"1")])

    strip_upgrade(headers)

    assert headers.fields == ((b"X", b"1"),)
