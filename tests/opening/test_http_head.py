"""What reaches a proxy port: CONNECT, plain HTTP, and what is neither."""

import pytest

from tests.opening.material import Reader, connect, head_of
from tierwall.opening import (
    Connect,
    Malformed,
    NeedMore,
    Opaque,
    Opening,
    PlainHttp,
    SimpleRequest,
    read_proxy_request,
    read_tunnel,
)
from tierwall.policy import limits


@pytest.mark.parametrize(
    ("target", "host", "port"),
    [
        pytest.param(b"8x8.vc:443", "8x8.vc", 443, id="name"),
        pytest.param(b"8X8.VC.:65535", "8X8.VC.", 65535, id="as the client wrote it"),
        pytest.param(b"203.0.113.7:80", "203.0.113.7", 80, id="IPv4"),
        pytest.param(b"[2001:db8::1]:443", "2001:db8::1", 443, id="IPv6"),
        pytest.param(b"[fe80::1%25eth0]:443", "fe80::1%25eth0", 443, id="IPv6 with a zone"),
        pytest.param("bücher.example:443".encode(), "bücher.example", 443, id="UTF-8"),
    ],
)
def test_connect_names_host_and_port(target: bytes, host: str, port: int) -> None:
    octets = connect(b"CONNECT " + target + b" HTTP/1.0", b"Host: other.example", b"user-agent:  Teams/1 ")

    assert read_proxy_request(octets) == Connect(
        host=host, port=port, version="HTTP/1.0", user_agent="Teams/1", credentials=None, consumed=len(octets)
    )


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"CONNECT 8x8.vc HTTP/1.1", id="no port"),
        pytest.param(b"CONNECT 8x8.vc: HTTP/1.1", id="empty port"),
        pytest.param(b"CONNECT 8x8.vc:0 HTTP/1.1", id="port 0"),
        pytest.param(b"CONNECT 8x8.vc:65536 HTTP/1.1", id="port over 65535"),
        pytest.param(b"CONNECT 8x8.vc:\xd9\xa1 HTTP/1.1", id="port in Arabic digits"),
        pytest.param(b"CONNECT 8x8.vc:+443 HTTP/1.1", id="signed port"),
        pytest.param(b"CONNECT :443 HTTP/1.1", id="no host"),
        pytest.param(b"CONNECT 2001:db8::1:443 HTTP/1.1", id="IPv6 without brackets"),
        pytest.param(b"CONNECT user@8x8.vc:443 HTTP/1.1", id="user information"),
        pytest.param(b"CONNECT http://8x8.vc:443 HTTP/1.1", id="URL"),
        pytest.param(b"CONNECT 8x8.vc:443 evil HTTP/1.1", id="two targets"),
        pytest.param(b"CONNECT 8x8.vc:443 HTTP/2.0", id="HTTP/2 as text"),
        pytest.param(b"CONNECT 8x8\xff.vc:443 HTTP/1.1", id="not UTF-8"),
        pytest.param(b"CONNECT 8x8\x00.vc:443 HTTP/1.1", id="NUL"),
        pytest.param(b"CONNECT 8x8.vc:443 HTTP/1.1\r", id="two carriage returns"),
        pytest.param(b"CONNECT\t8x8.vc:443 HTTP/1.1", id="tab"),
        pytest.param(b"GET\x00", id="method and NUL"),
        pytest.param(b"GET 8x8.vc HTTP/1.1", id="neither path nor URL"),
        pytest.param(b"GET  / HTTP/1.1", id="two spaces"),
        pytest.param(b" GET / HTTP/1.1", id="space before"),
        pytest.param(b"GET\t/\tHTTP/1.1", id="tabs"),
        pytest.param(b"GET / HTTP/1.1 ", id="space after"),
        pytest.param(b"GET / http/1.1", id="version in lower case"),
        pytest.param(b"GET / HTTP/1.1 x", id="word after the version"),
        pytest.param(b"GET / HTTP/11.1", id="no such version"),
        pytest.param(b"PRI * HTTP/2.0", id="HTTP/2 without TLS"),
        pytest.param(b"GET / HTTP/1.1\rHost: evil.example", id="bare carriage return in the line"),
        pytest.param(b"GET http:// HTTP/1.1", id="URL without host"),
        pytest.param(b"GET http://8x8.vc:x/ HTTP/1.1", id="URL with a bad port"),
        pytest.param(b"GET http://8x8.vc\\@evil.example/ HTTP/1.1", id="URL with a backslash"),
        pytest.param(b"GET http://a@8x8.vc@evil.example/ HTTP/1.1", id="URL with two @"),
        pytest.param(b"GET gopher://8x8.vc/ HTTP/1.1", id="scheme without a known port"),
    ],
)
def test_a_request_line_that_makes_no_sense_is_malformed(head: bytes) -> None:
    assert isinstance(read_proxy_request(connect(head)), Malformed)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        pytest.param([b"Host: a", b"Host: b"], "more than one Host", id="two hosts"),
        pytest.param([b"Host: a", b"X: 1", b"hOST: a"], "more than one Host", id="the same host twice"),
        pytest.param([b"Host: a@b"], "Host header names no host", id="user in Host"),
        pytest.param([b"Host: a, b"], "Host header names no host", id="list in Host"),
        pytest.param([b"X: 1", b" 2"], "not Name: value", id="folded"),
        pytest.param([b"X : 1"], "not Name: value", id="space before the colon"),
        pytest.param([b"X"], "not Name: value", id="no colon"),
        pytest.param([b"X\x01: 1"], "not Name: value", id="control character in the name"),
        pytest.param([b"X: \x00"], "not Name: value", id="NUL in the value"),
        pytest.param([b"X: 1\rHost: b"], "not Name: value", id="bare carriage return"),
    ],
)
@pytest.mark.parametrize("reader", [read_proxy_request, read_tunnel])
def test_headers_that_could_be_read_in_two_ways_are_malformed(reader: Reader, headers: list[bytes], why: str) -> None:
    answer = reader(connect(b"GET / HTTP/1.1", *headers))

    assert isinstance(answer, Malformed)
    assert why in answer.why


def plain(**fields: str | int | None) -> PlainHttp:
    usual = {
        "method": "GET",
        "scheme": "http",
        "host": "8x8.vc",
        "port": 80,
        "path": "/",
        "origin_form": False,
        "host_header": "8x8.vc",
        "user_agent": None,
        "upgrade": None,
        "version": "HTTP/1.1",
        "credentials": None,
        "consumed": 0,
    }
    return PlainHttp(**(usual | fields))


@pytest.mark.parametrize(
    ("line", "host", "expected"),
    [
        pytest.param(b"GET http://8x8.vc/ HTTP/1.1", b"8x8.vc", {}, id="URL"),
        pytest.param(b"GET http://8x8.vc HTTP/1.1", b"8x8.vc", {}, id="URL without path"),
        pytest.param(b"GET http://8x8.vc?a=b HTTP/1.1", b"8x8.vc", {"path": "/?a=b"}, id="URL with only a query"),
        pytest.param(b"GET HTTP://8x8.vc:8080/a HTTP/1.1", b"8x8.vc", {"port": 8080, "path": "/a"}, id="URL with port"),
        pytest.param(b"GET http://8x8.vc/#a HTTP/1.1", b"8x8.vc", {}, id="fragment is dropped"),
        pytest.param(b"GET https://8x8.vc/ HTTP/1.1", b"8x8.vc", {"scheme": "https", "port": 443}, id="https"),
        pytest.param(b"GET ftp://8x8.vc/ HTTP/1.1", b"8x8.vc", {"scheme": "ftp", "port": 21}, id="ftp"),
        pytest.param(
            b"GET http://[2001:db8::1]:81/ HTTP/1.1", b"8x8.vc", {"host": "2001:db8::1", "port": 81}, id="IPv6"
        ),
        pytest.param(b"GET http://8x8.vc/ HTTP/1.1", b"a.example:81", {"host_header": "a.example"}, id="the URL wins"),
        pytest.param(b"GET /a?b HTTP/1.1", b"8x8.vc:81", {"port": 81, "path": "/a?b", "origin_form": True}, id="path"),
        pytest.param(b"OPTIONS * HTTP/1.1", b"8x8.vc", {"method": "OPTIONS", "path": "*", "origin_form": True}, id="*"),
        pytest.param(b"PROPFIND / HTTP/1.1", b"8x8.vc", {"method": "PROPFIND", "origin_form": True}, id="other method"),
        pytest.param(b"get / HTTP/1.1", b"8x8.vc", {"method": "get", "origin_form": True}, id="lower case"),
        pytest.param(
            b"M-SEARCH * HTTP/1.1", b"8x8.vc", {"method": "M-SEARCH", "path": "*", "origin_form": True}, id="-"
        ),
        pytest.param(
            b"SSTP_DUPLEX_POST /sra_{BA195980}/ HTTP/1.1",
            b"8x8.vc",
            {"method": "SSTP_DUPLEX_POST", "path": "/sra_{BA195980}/", "origin_form": True},
            id="_",
        ),
        pytest.param(
            b"GET / HTTP/1.0",
            b"",
            {"host": None, "host_header": None, "origin_form": True, "version": "HTTP/1.0"},
            id="no host",
        ),
    ],
)
@pytest.mark.parametrize("reader", [read_proxy_request, read_tunnel])
def test_a_plain_request_says_whom_it_asks(
    reader: Reader, line: bytes, host: bytes, expected: dict[str, str | int | None]
) -> None:
    octets = connect(line, b"Host: " + host)

    assert reader(octets) == plain(consumed=len(octets), **expected)


def test_a_websocket_upgrade_is_seen() -> None:
    octets = connect(b"GET / HTTP/1.1", b"Host: 8x8.vc", b"Connection: Upgrade", b"Upgrade: websocket")

    assert read_tunnel(octets) == plain(origin_form=True, upgrade="websocket", consumed=len(octets))


def test_credentials_show_in_no_representation() -> None:
    proxy_auth = b"Proxy-Authorization: Basic c2VjcmV0"
    tunnel = read_proxy_request(connect(b"CONNECT 8x8.vc:443 HTTP/1.1", proxy_auth))
    request = read_proxy_request(connect(b"GET http://user:c2VjcmV0@8x8.vc/ HTTP/1.1", proxy_auth))

    assert isinstance(tunnel, Connect)
    assert isinstance(request, PlainHttp)
    assert tunnel.credentials == request.credentials == "Basic c2VjcmV0"
    assert request.host == "8x8.vc"
    assert "c2VjcmV0" not in repr(tunnel) + repr(request)


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        pytest.param(head_of(limits.REQUEST_HEAD_OCTETS), Connect, id="as large as may be"),
        pytest.param(head_of(limits.REQUEST_HEAD_OCTETS + 1), Malformed, id="one octet more"),
        pytest.param(head_of(99_999)[: limits.REQUEST_HEAD_OCTETS - 1], NeedMore, id="still growing"),
        pytest.param(head_of(99_999)[: limits.REQUEST_HEAD_OCTETS], Malformed, id="full without an end"),
        pytest.param(b"\n" * limits.REQUEST_HEAD_OCTETS, Malformed, id="nothing but empty lines"),
        pytest.param(b"GET /" + b"a" * limits.REQUEST_HEAD_OCTETS, Malformed, id="line without an end"),
    ],
)
def test_a_request_head_has_a_limit(octets: bytes, kind: type[Opening]) -> None:
    assert isinstance(read_proxy_request(octets), kind)


@pytest.mark.parametrize("reader", [read_proxy_request, read_tunnel])
@pytest.mark.parametrize(
    ("octets", "decided_after"),
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", 21, id="SSH"),
        pytest.param(b"\x00\x01\x00\x08\x21\x12\xa4\x42", 1, id="STUN"),
        pytest.param(b"\x05\x01\x00", 1, id="SOCKS5"),
        pytest.param(b"\x80\x2e\x01\x00\x02", 4, id="SSL 2.0, without TLS"),
        pytest.param(b"<stream:stream>", 1, id="XMPP"),
        pytest.param(b"EHLO mail.example\r\n", 19, id="SMTP"),
        pytest.param(b"USER anonymous\r\n", 16, id="FTP"),
        pytest.param(b"REGISTER sip:8x8.vc SIP/2.0\r\n", 29, id="SIP"),
        pytest.param(b"OPTIONS sip:8x8.vc SIP/2.0\r\n", 28, id="SIP with a method of HTTP"),
        pytest.param(b"OPTIONS icap://8x8.vc/reqmod ICAP/1.0\r\n", 39, id="ICAP"),
        pytest.param(b"SETUP rtsp://8x8.vc RTSP/1.0\r\n", 30, id="RTSP"),
        pytest.param(b"GET key1 key2\r\n", 15, id="memcached"),
        pytest.param(b"DELETE 17\r\n", 11, id="Beanstalk"),
        pytest.param(b"CONNECT\naccept-version:1.2\n", 8, id="STOMP"),
        pytest.param(b'CONNECT {"verbose":false}\r\n', 27, id="NATS"),
        pytest.param(b"003egit-upload-pack /p.git\0host=8x8.vc\0", 27, id="git"),
        pytest.param(b"*1\r\n$4\r\nPING\r\n", 4, id="Redis"),
        pytest.param(b"\r\n\r\n\x00\r\nQUIT\n", 5, id="PROXY protocol"),
        pytest.param(b" get /\x00\n", 7, id="what is nearly HTTP/0.9"),
    ],
)
def test_other_protocols_are_opaque_as_soon_as_they_cannot_be_http_or_tls(
    reader: Reader, octets: bytes, decided_after: int
) -> None:
    assert reader(octets[:decided_after]) == Opaque()
    assert isinstance(reader(octets[: decided_after - 1]), NeedMore)


def test_connect_inside_a_tunnel_is_malformed() -> None:
    """To whom it leads on, and what is said there, would go out unread."""
    assert isinstance(read_tunnel(connect()), Malformed)


@pytest.mark.parametrize(
    ("line", "host"),
    [(b"GET /\r\n", None), (b"GET /a\n", None), (b"\n GET  http://8x8.vc/ \r\n", "8x8.vc"), (b"head /\n", None)],
)
def test_a_line_without_a_version_is_http_0_9_in_a_tunnel_and_no_request_to_a_proxy(
    line: bytes, host: str | None
) -> None:
    request = read_tunnel(line + b"Host: evil.example\r\n\r\n")

    assert isinstance(request, SimpleRequest)
    assert (request.host, request.consumed) == (host, len(line))
    assert read_proxy_request(line) == Opaque()
