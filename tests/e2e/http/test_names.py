"""Every name of a message is judged, and it goes out with one: what routes it was judged, whatever else it says."""

from typing import Any

import pytest

from tests.e2e.http.conftest import Way, until
from tests.e2e.http.http2_client import Http2Client, fields
from tests.support.journal_lines import about
from tests.support.played_origins import Played, answers
from tests.support.programs import connected
from tests.support.running import Proxy

DENIED = "denied.evil.example"


def seen(way: Way) -> list[str]:
    """The head that reached the stand-in."""
    return bytes(way.talk.heard).partition(b"\r\n\r\n")[0].decode().split("\r\n")


def test_without_a_proxy_such_a_server_would_route_by_the_target(way: Way) -> None:
    way.ask(way.request("/", "Connection: close"))

    assert seen(way)[:2] == ["GET / HTTP/1.1", f"Host: {way.host}"]


def test_an_absolute_target_inside_tls_is_judged_and_a_denied_one_goes_nowhere(way: Way) -> None:
    before = len(way.origin.talks)
    heard = way.ask(f"GET https://{DENIED}/ HTTP/1.1\r\nHost: {way.host}\r\nConnection: close\r\n\r\n".encode())

    assert heard.startswith(b"HTTP/1.1 403 ")
    assert way.reached(before) == b""
    event = way.proxy.wait_for(lambda event: about(way.host)(event) and event.event.reason == "name-mismatch")
    assert f"Host {DENIED} is not admitted" in str(event.tierwall.detail)


def test_a_host_that_the_target_overrides_is_judged_too(way: Way) -> None:
    before = len(way.origin.talks)
    scheme = "https" if way.tls else "http"
    heard = way.ask(f"GET {scheme}://{way.host}/ HTTP/1.1\r\nHost: {DENIED}\r\nConnection: close\r\n\r\n".encode())

    assert heard.startswith(b"HTTP/1.1 403 ")
    assert way.reached(before) == b""


def test_a_target_and_a_host_that_are_both_admitted_go_out_as_one_name(way: Way) -> None:
    scheme = "https" if way.tls else "http"
    target = f"{scheme}://u:p@{way.host}?x=1"
    way.ask(f"GET {target} HTTP/1.1\r\nHost: other.corp.example\r\nConnection: close\r\n\r\n".encode())

    assert seen(way)[:2] == ["GET /?x=1 HTTP/1.1", f"Host: {way.host}"]
    assert "Authorization: Basic dTpw" in seen(way)


@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
def test_several_hosts_are_refused_and_told(way: Way, second: bool) -> None:
    before = len(way.proxy.lines())
    with way.open() as client:
        if second:
            client.sendall(way.request())
            until(client, b"hello")
        client.sendall(way.request("/", f"Host: {DENIED}"))
        heard = until(client, b"\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 400 ")
    assert b"evil" not in b"".join(talk.heard for talk in way.origin.talks)
    way.proxy.wait_until(lambda: any('"malformed"' in line for line in way.proxy.lines()[before:]))


@pytest.mark.parametrize(
    ("url", "line", "host"),
    [
        ("http://{host}?x=1", "GET /?x=1 HTTP/1.1", "{host}"),
        ("http://{host}:/p", "GET /p HTTP/1.1", "{host}"),
        ("http://u:p@{host}/p#f", "GET /p HTTP/1.1", "{host}"),
        ("HTTP://{host}:80/", "GET / HTTP/1.1", "{host}:80"),
    ],
)
@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
def test_urls_in_every_spelling_are_sent_on(
    proxy: Proxy, clear: Played, *, url: str, line: str, host: str, second: bool
) -> None:
    clear.play = answers
    name = "spelled.corp.example"
    with connected(proxy.via) as client:
        if second:
            client.sendall(f"GET http://{name}/ HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            until(client, b"hello")
        client.sendall(f"GET {url.format(host=name)} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        until(client, b"hello")
    head = bytes(clear.talks[-1].heard).decode().split("\r\n\r\n")[-2].split("\r\n")

    assert head[:2] == [line, f"Host: {host.format(host=name)}"]


@pytest.mark.parametrize("scheme", ["ws", "ftp"])
def test_a_url_that_no_proxy_serves_is_a_400_that_is_told(proxy: Proxy, scheme: str) -> None:
    before = len(proxy.lines())
    with connected(proxy.via) as client:
        client.sendall(f"GET {scheme}://url.corp.example:80/ HTTP/1.1\r\nHost: url.corp.example\r\n\r\n".encode())
        head = until(client, b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    proxy.wait_until(lambda: any('"malformed"' in line for line in proxy.lines()[before:]))


# -- HTTP/2


def test_in_http_2_an_ordinary_request_passes(h2_client: Http2Client, encrypted: Any) -> None:
    encrypted.play = answers
    answer = h2_client.ask(*fields("/two"), ("x-a", "1"))

    assert answer is not None
    assert answer[":status"] == "200"
    assert bytes(encrypted.talks[-1].heard).startswith(b"GET /two HTTP/1.1\r\nHost: two.corp.example\r\n")


@pytest.mark.parametrize(
    "request_fields",
    [
        fields(f"https://{DENIED}/"),
        fields(authority=DENIED),
        [*fields(), ("host", DENIED)],
        [*fields(), ("host", "two.corp.example"), ("host", DENIED)],
        [*fields()[:2], fields()[3], ("host", DENIED)],
        fields(f"/ HTTP/1.1\r\nHost: {DENIED}\r\nX: "),
        fields(f"/\thttps://{DENIED}/"),
        fields(method=f"GET https://{DENIED}/"),
        [*fields(), ("x", f"1\r\nHost: {DENIED}")],
        fields(authority=f"two.corp.example@{DENIED}"),
        fields(authority=f"two.corp.example, {DENIED}"),
        [(":method", "CONNECT"), (":authority", DENIED)],
        fields(authority=DENIED, method="CONNECT"),
        [*fields(method="CONNECT"), (":protocol", "websocket")],
        [*fields(), ("upgrade", "websocket"), ("connection", "upgrade")],
    ],
    ids=[
        "path-is-url",
        "authority",
        "host-beside",
        "two-hosts",
        "host-alone",
        "path-ends-line",
        "path-has-tab",
        "method",
        "value-ends-line",
        "user-information",
        "list",
        "connect",
        "connect-with-path",
        "extended-connect",
        "upgrade",
    ],
)
def test_in_http_2_no_field_names_another_host(
    h2_client: Http2Client, proxy: Proxy, encrypted: Any, request_fields: list[tuple[str, str]]
) -> None:
    encrypted.play = answers
    before, reached = len(proxy.lines()), len(encrypted.talks)
    answer = h2_client.ask(*request_fields)

    assert answer is None or answer[":status"] in ("400", "403")
    assert len(encrypted.talks) == reached
    proxy.wait_until(lambda: any('"denied"' in line for line in proxy.lines()[before:]))


def test_in_http_2_a_host_that_is_the_authority_is_sent_once(h2_client: Http2Client, encrypted: Any) -> None:
    encrypted.play = answers
    h2_client.ask(*fields(), ("host", "two.corp.example"))

    assert bytes(encrypted.talks[-1].heard).count(b"two.corp.example") == 1


def test_in_http_2_a_body_without_length_is_no_second_request(h2_client: Http2Client, encrypted: Any) -> None:
    encrypted.play = answers
    smuggled = f"GET / HTTP/1.1\r\nHost: {DENIED}\r\n\r\n".encode()
    h2_client.ask(*fields(method="POST"), body=smuggled)

    heard = bytes(encrypted.talks[-1].heard)
    assert b"Transfer-Encoding: chunked\r\n" in heard
    assert b"\r\n\r\n%x\r\n%s\r\n" % (len(smuggled), smuggled) in heard
