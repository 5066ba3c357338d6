"""Every name of a request is judged, and it leaves with one."""

import pytest
from mitmproxy.connection import Server
from mitmproxy.http import Headers, Request

from tierwall.proxy.mitmproxy.http.names import Unsound, judge_by, send_by


def request(
    *, path: str = "/", authority: str = "", hosts: tuple[str, ...] = (), method: str = "GET", version: str = "HTTP/1.1"
) -> Request:
    made = Request.make(method, "http://unset.example/")
    made.data.path, made.data.authority = path.encode(), authority.encode()
    made.headers = Headers([(b"Host", host.encode()) for host in hosts])
    made.http_version = version
    return made


def test_all_names_are_found_in_their_spelling() -> None:
    asked = request(authority="A.example:80", hosts=("b.example", "[::1]:443", ""))

    assert judge_by(asked) == ("A.example", "b.example", "::1")


@pytest.mark.parametrize(
    "unsound",
    [
        request(path="http://evil.example/"),
        request(path=""),
        request(path="/ HTTP/1.1"),
        request(path="/\t"),
        request(method="GET /"),
        request(authority="a@evil.example"),
        request(hosts=("a.example, evil.example",)),
        request(authority="a.example", hosts=("a b",)),
    ],
    ids=["url", "empty", "space", "tab", "method", "user", "list", "space in a host"],
)
def test_what_could_be_read_in_two_ways_goes_nowhere(unsound: Request) -> None:
    with pytest.raises(Unsound):
        judge_by(unsound)


@pytest.mark.parametrize("field", [(b"X Y", b"1"), (b"X", b"1\r\nHost: evil.example"), (b"X", b"\x00"), (b"", b"1")])
def test_a_field_that_would_end_its_line_goes_nowhere(field: tuple[bytes, bytes]) -> None:
    asked = request(hosts=("a.example",))
    asked.headers = Headers([*asked.headers.fields, field])

    with pytest.raises(Unsound):
        judge_by(asked)


def test_options_may_ask_for_all() -> None:
    assert judge_by(request(path="*", method="OPTIONS", hosts=("a.example",))) == ("a.example",)


def known(port: int, *, tls: bool) -> Server:
    server = Server(address=("192.0.2.1", port))
    server.tls = tls
    return server


def test_in_http_1_it_leaves_with_one_host_that_its_target_overrode() -> None:
    asked = request(authority="b.example", hosts=("a.example", "a.example"))

    send_by(asked, known(443, tls=True), by_parent=False)

    assert asked.headers.fields == ((b"Host", b"b.example"),)
    assert (asked.authority, asked.scheme, asked.host, asked.port) == ("", "https", "192.0.2.1", 443)


def test_in_http_2_with_an_authority_and_no_host() -> None:
    asked = request(authority="b.example", hosts=("b.example",), version="HTTP/2.0")

    send_by(asked, known(443, tls=True), by_parent=False)

    assert (asked.authority, asked.headers.get("host")) == ("b.example", None)


@pytest.mark.parametrize(("port", "tls", "host"), [(80, False, "192.0.2.1"), (8080, False, "192.0.2.1:8080")])
def test_without_a_name_by_its_address(port: int, tls: bool, host: str) -> None:
    asked = request()

    send_by(asked, known(port, tls=tls), by_parent=False)

    assert asked.headers["Host"] == host


def test_a_parent_is_asked_with_a_url() -> None:
    asked = request(authority="b.example")

    send_by(asked, None, by_parent=True)

    assert (asked.authority, asked.headers["Host"]) == ("b.example", "b.example")
