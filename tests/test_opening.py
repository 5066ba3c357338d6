"""What a client wants is read from its first bytes, the same however they arrive, and never by guessing."""

import ssl
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierwall.opening import (
    ClientHello,
    Connect,
    Malformed,
    NeedMore,
    Opaque,
    Opening,
    PlainHttp,
    Socks5Greeting,
    Socks5Request,
    read_client_hello,
    read_proxy_request,
    read_socks5_greeting,
    read_socks5_request,
    read_tunnel,
)
from tierwall.policy import limits

type Reader = Callable[[bytes], Opening]

READERS: list[Reader] = [
    read_proxy_request,
    read_tunnel,
    read_client_hello,
    read_socks5_greeting,
    read_socks5_request,
]


# Material


def real_client_hello(server_name: str | None = "8x8.vc", alpn: tuple[str, ...] = ("h2", "http/1.1")) -> bytes:
    """What this Python's OpenSSL sends."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if alpn:
        context.set_alpn_protocols(list(alpn))
    sent = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=server_name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


def vector(octets: bytes, length_octets: int = 2) -> bytes:
    return len(octets).to_bytes(length_octets) + octets


def extension(kind: int, octets: bytes) -> bytes:
    return kind.to_bytes(2) + vector(octets)


def server_name(*names: bytes) -> bytes:
    return extension(0, vector(b"".join(b"\x00" + vector(name) for name in names)))


def hello_message(*extensions: bytes, with_block: bool = True, after: bytes = b"") -> bytes:
    block = vector(b"".join(extensions)) if with_block else b""
    body = b"\x03\x03" + bytes(32) + vector(b"", 1) + vector(b"\x13\x01") + vector(b"\x00", 1) + block + after
    return b"\x01" + vector(body, 3)


def records(message: bytes, size: int = 2**14) -> bytes:
    pieces = (message[at : at + size] for at in range(0, len(message), size))
    return b"".join(b"\x16\x03\x01" + vector(piece) for piece in pieces)


def hello(*extensions: bytes) -> bytes:
    return records(hello_message(*extensions))


def connect(head: bytes = b"CONNECT 8x8.vc:443 HTTP/1.1", *headers: bytes) -> bytes:
    return b"\r\n".join([head, *headers, b"", b""])


POST_QUANTUM = hello(server_name(b"8x8.vc"), extension(51, bytes(2_500)))

WHOLE: dict[str, tuple[Reader, bytes]] = {
    "CONNECT": (read_proxy_request, connect(b"CONNECT 8x8.vc:443 HTTP/1.1", b"Host: 8x8.vc:443")),
    "request to a proxy": (read_proxy_request, connect(b"GET http://8x8.vc/ HTTP/1.1", b"Host: 8x8.vc")),
    "request with bare LF": (read_tunnel, b"GET / HTTP/1.1\nHost: 8x8.vc\n\n"),
    "request after empty lines": (read_tunnel, b"\r\n\n\r\nGET / HTTP/1.1\r\n\r\n"),
    "request in a tunnel": (read_tunnel, connect(b"GET /a HTTP/1.1", b"Host: 8x8.vc")),
    "ClientHello": (read_tunnel, real_client_hello()),
    "large ClientHello": (read_tunnel, POST_QUANTUM),
    "ClientHello in records of one octet": (read_client_hello, records(hello_message(server_name(b"8x8.vc")), 1)),
    "SOCKS5 greeting": (read_socks5_greeting, b"\x05\x02\x00\x02"),
    "SOCKS5 name": (read_socks5_request, b"\x05\x01\x00\x03\x068x8.vc\x01\xbb"),
    "SOCKS5 address": (read_socks5_request, b"\x05\x01\x00\x01\xcb\x00\x71\x07\x01\xbb"),
}


# The three rules of every reader


@pytest.mark.parametrize("name", WHOLE)
def test_an_opening_is_read_with_its_last_octet_and_not_before(name: str) -> None:
    reader, octets = WHOLE[name]

    answers = [reader(octets[:count]) for count in range(len(octets))]

    assert all(isinstance(answer, NeedMore) for answer in answers)
    assert getattr(reader(octets), "consumed", None) == len(octets)


@pytest.mark.parametrize("name", WHOLE)
def test_no_octet_count_that_a_reader_asks_for_is_more_than_it_needs(name: str) -> None:
    reader, octets = WHOLE[name]

    asked = [(count, reader(octets[:count])) for count in range(len(octets))]

    assert all(isinstance(more, NeedMore) and count < more.octets <= len(octets) for count, more in asked)


@pytest.mark.parametrize("name", WHOLE)
@given(following=st.binary(max_size=40))
def test_what_follows_an_opening_changes_nothing(name: str, following: bytes) -> None:
    reader, octets = WHOLE[name]

    assert reader(octets + following) == reader(octets)


def openings() -> st.SearchStrategy[bytes]:
    """Arbitrary octets, and real openings with a few octets replaced, removed or repeated."""
    whole = st.sampled_from([octets for _, octets in WHOLE.values() if len(octets) < 800])
    broken = st.tuples(whole, st.integers(0, 800), st.integers(0, 800), st.binary(max_size=3)).map(
        lambda parts: parts[0][: parts[1]] + parts[3] + parts[0][parts[2] :]
    )
    text = st.text(alphabet="GETCONPRI /*:.%@[]1\\\r\n\t\x00h", max_size=60).map(str.encode)
    return st.one_of(st.binary(max_size=200), broken, text, text.map(lambda rest: b"GET /" + rest))


@pytest.mark.parametrize("reader", READERS)
@given(octets=openings())
def test_the_first_answer_stands_however_the_octets_are_split(reader: Reader, octets: bytes) -> None:
    answers = [reader(octets[:count]) for count in range(len(octets) + 1)]
    decided = [answer for answer in answers if not isinstance(answer, NeedMore)]

    assert decided == [decided[0]] * len(decided) if decided else True
    assert answers[len(answers) - len(decided) :] == decided


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("name", WHOLE)
def test_every_kind_of_buffer_is_read(name: str, kind: Callable[[bytes], bytes]) -> None:
    reader, octets = WHOLE[name]

    assert reader(kind(octets)) == reader(octets)


# A proxy port


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
        pytest.param(b"CONNECT 8x8.vc:443", id="no version"),
        pytest.param(b"CONNECT 8x8.vc:443 HTTP/2.0", id="HTTP/2 as text"),
        pytest.param(b"CONNECT 8x8\xff.vc:443 HTTP/1.1", id="not UTF-8"),
        pytest.param(b"CONNECT 8x8\x00.vc:443 HTTP/1.1", id="NUL"),
        pytest.param(b"CONNECT 8x8.vc:443 HTTP/1.1\r", id="two carriage returns"),
        pytest.param(b"CONNECT\t8x8.vc:443 HTTP/1.1", id="tab"),
        pytest.param(b"GET\x00", id="method and NUL"),
        pytest.param(b"GET 8x8.vc HTTP/1.1", id="neither path nor URL"),
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


def head_of(octets: int) -> bytes:
    start, end = b"CONNECT 8x8.vc:443 HTTP/1.1\r\nX: ", b"\r\n\r\n"
    return start + b"x" * (octets - len(start) - len(end)) + end


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
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", 4, id="SSH"),
        pytest.param(b"\x00\x01\x00\x08\x21\x12\xa4\x42", 1, id="STUN"),
        pytest.param(b"\x05\x01\x00", 1, id="SOCKS5"),
        pytest.param(b"\x80\x2e\x01\x00\x02", 1, id="SSLv2 hello"),
        pytest.param(b"\x16\xfe\xfd\x00", 2, id="DTLS"),
        pytest.param(b"<stream:stream>", 1, id="XMPP"),
        pytest.param(b"EHLO mail.example\r\n", 18, id="SMTP"),
        pytest.param(b"USER anonymous\r\n", 15, id="FTP"),
        pytest.param(b"REGISTER sip:8x8.vc SIP/2.0\r\n", 14, id="SIP"),
        pytest.param(b"SETUP rtsp://8x8.vc RTSP/1.0\r\n", 30, id="RTSP"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 16, id="HTTP/2 without TLS"),
        pytest.param(b"\r\n\r\n\x00\r\nQUIT\n", 5, id="PROXY protocol"),
        pytest.param(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 21, id="too long for a method"),
        pytest.param(b"get / HTTP/1.1\r\n", 1, id="lower case"),
    ],
)
def test_other_protocols_are_opaque_as_soon_as_they_cannot_be_http_or_tls(
    reader: Reader, octets: bytes, decided_after: int
) -> None:
    assert reader(octets[:decided_after]) == Opaque()
    assert isinstance(reader(octets[: decided_after - 1]), NeedMore)


def test_connect_inside_a_tunnel_is_another_proxys_affair() -> None:
    assert read_tunnel(connect()) == Opaque()


# ClientHello


def test_a_real_client_hello_is_read() -> None:
    octets = real_client_hello()

    assert read_client_hello(octets) == ClientHello(
        sni="8x8.vc", alpn=("h2", "http/1.1"), versions=(0x0304, 0x0303), offers_ech=False, consumed=len(octets)
    )


def test_a_real_client_hello_without_names_is_read() -> None:
    answer = read_client_hello(real_client_hello(None, ()))

    assert isinstance(answer, ClientHello)
    assert (answer.sni, answer.alpn) == (None, ())


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 100, 2**14])
def test_fragments_of_any_size_make_the_same_client_hello(size: int) -> None:
    message = hello_message(server_name(b"8x8.vc"), extension(16, vector(vector(b"h2", 1))), extension(51, bytes(1500)))
    octets = records(message, size)

    assert read_client_hello(octets) == ClientHello(
        sni="8x8.vc", alpn=("h2",), versions=(0x0303,), offers_ech=False, consumed=len(octets)
    )


@pytest.mark.parametrize("minor", [0, 1, 3, 4, 255])
def test_the_record_version_hides_no_client_hello(minor: int) -> None:
    octets = b"\x16\x03" + bytes([minor]) + hello(server_name(b"8x8.vc"))[3:]

    assert read_tunnel(octets) == read_tunnel(hello(server_name(b"8x8.vc")))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(hello_message(with_block=False), id="no extensions at all"),
        pytest.param(hello_message(), id="no extension"),
        pytest.param(hello_message(extension(0, b"")), id="empty extension"),
        pytest.param(hello_message(server_name()), id="empty list"),
        pytest.param(hello_message(extension(0, vector(b"\x07" + vector(b"8x8.vc")))), id="another kind of name"),
    ],
)
def test_a_client_hello_may_name_no_server(message: bytes) -> None:
    answer = read_client_hello(records(message))

    assert isinstance(answer, ClientHello)
    assert answer.sni is None


def test_encrypted_client_hello_is_seen() -> None:
    answer = read_client_hello(hello(server_name(b"8x8.vc"), extension(0xFE0D, bytes(100))))

    assert isinstance(answer, ClientHello)
    assert answer.offers_ech


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(hello(server_name(b"8x8.vc", b"evil.example")), id="two names"),
        pytest.param(hello(server_name(b"8x8.vc"), server_name(b"evil.example")), id="extension twice"),
        pytest.param(hello(server_name(b"8x8.vc\x00.evil.example")), id="NUL in the name"),
        pytest.param(hello(server_name("bücher".encode())), id="name is not ASCII"),
        pytest.param(hello(server_name(b"")), id="empty name"),
        pytest.param(hello(extension(0, vector(b"\x00\x00\x09abc"))), id="name longer than its list"),
        pytest.param(hello(extension(0, vector(b"") + b"x")), id="something after the list"),
        pytest.param(hello(extension(16, vector(b"\x05h2"))), id="protocol longer than its list"),
        pytest.param(hello(extension(43, b"\x03\x03\x04\x03")), id="half a version"),
        pytest.param(records(hello_message(after=b"x")), id="something after the extensions"),
        pytest.param(records(hello_message() + b"\x0b"), id="another message in the record"),
        pytest.param(records(b"\x02" + hello_message()[1:]), id="ServerHello"),
        pytest.param(records(b"\x01\x00\x00\x00"), id="empty ClientHello"),
        pytest.param(records(b"\x01" + vector(bytes(30), 3)), id="cut short"),
        pytest.param(b"\x16\x03\x01\x00\x00", id="empty record"),
        pytest.param(b"\x16\x03\x01\x41\x01", id="record too long"),
        pytest.param(records(hello_message(), 9)[:14] + b"\x15\x03\x01\x00\x02\x01\x00", id="alert between fragments"),
        pytest.param(records(b"\x01\x00\xff\xff"), id="longer than may be, at once"),
        pytest.param(records(b"\x01\x00\xf0\x00" + bytes(0xF000), 5), id="too many records"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="HTTP"),
    ],
)
def test_a_client_hello_that_a_server_might_read_otherwise_is_malformed(octets: bytes) -> None:
    assert isinstance(read_client_hello(octets), Malformed)


def test_a_client_hello_may_be_as_large_as_the_limit() -> None:
    record_headers = 5 * 4
    around = len(hello_message(extension(21, b"")))
    padding = limits.CLIENT_HELLO_OCTETS - record_headers - around
    octets = records(hello_message(extension(21, bytes(padding))))

    assert len(octets) == limits.CLIENT_HELLO_OCTETS
    assert isinstance(read_client_hello(octets), ClientHello)


# SOCKS5


def test_a_socks5_greeting_offers_methods() -> None:
    assert read_socks5_greeting(b"\x05\x02\x00\x02\x05") == Socks5Greeting(methods=(0, 2), consumed=4)


@pytest.mark.parametrize(
    ("octets", "command", "host", "port"),
    [
        pytest.param(b"\x05\x01\x00\x03\x068x8.vc\x01\xbb", 1, "8x8.vc", 443, id="name"),
        pytest.param(b"\x05\x01\x00\x01\xcb\x00\x71\x07\x00\x50", 1, "203.0.113.7", 80, id="IPv4"),
        pytest.param(
            b"\x05\x01\x00\x04\x20\x01\x0d\xb8" + bytes(11) + b"\x01\x01\xbb", 1, "2001:db8::1", 443, id="IPv6"
        ),
        pytest.param(b"\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00", 3, "0.0.0.0", 0, id="UDP associate"),
    ],
)
def test_a_socks5_request_names_its_destination(octets: bytes, command: int, host: str, port: int) -> None:
    assert read_socks5_request(octets) == Socks5Request(command=command, host=host, port=port, consumed=len(octets))


@pytest.mark.parametrize(
    ("reader", "octets"),
    [
        pytest.param(read_socks5_greeting, b"\x04", id="SOCKS4"),
        pytest.param(read_socks5_greeting, b"GET / HTTP/1.1", id="HTTP"),
        pytest.param(read_socks5_greeting, b"\x05\x00", id="no method"),
        pytest.param(read_socks5_request, b"\x04\x01", id="SOCKS4 request"),
        pytest.param(read_socks5_request, b"\x05\x01\x00\x02\x00", id="unknown address type"),
        pytest.param(read_socks5_request, b"\x05\x01\x00\x03\x00\x01\xbb", id="empty name"),
        pytest.param(read_socks5_request, b"\x05\x01\x00\x03\x01\xff\x01\xbb", id="name is not UTF-8"),
    ],
)
def test_what_is_not_socks5_is_malformed(reader: Reader, octets: bytes) -> None:
    assert isinstance(reader(octets), Malformed)


# Cost


def asked_no_sooner_than_needed(reader: Reader, octets: bytes) -> Iterator[Opening]:
    count = 0
    while count <= len(octets):
        answer = reader(octets[:count])
        yield answer
        if not isinstance(answer, NeedMore):
            return
        count = answer.octets


def test_a_client_hello_in_records_of_one_octet_is_looked_at_a_few_times_only() -> None:
    octets = records(hello_message(server_name(b"8x8.vc"), extension(51, bytes(10_000))), 1)

    answers = list(asked_no_sooner_than_needed(read_client_hello, octets))

    assert isinstance(answers[-1], ClientHello)
    assert len(answers) < 100


def test_a_head_that_comes_octet_by_octet_costs_less_than_sending_it() -> None:
    octets = head_of(20_000)
    started = time.process_time()

    answers = list(asked_no_sooner_than_needed(read_proxy_request, octets))

    assert isinstance(answers[-1], Connect)
    assert (time.process_time() - started) / len(octets) < 200e-6
