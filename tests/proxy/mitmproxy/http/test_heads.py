"""A request is built from what was judged, octet for octet; an answer's head is the same however it was split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.http import Request

from tierwall.opening import NeedMore, PlainHttp
from tierwall.opening.http_head import read_any_request
from tierwall.proxy.mitmproxy.http.heads import Read, Unreadable, read_request, read_response, request_head

PIECES = st.sampled_from(
    [
        "GET",
        "get",
        "POST",
        " ",
        "\t",
        "/",
        "*",
        "http://",
        "https://",
        "a.test",
        "b.test",
        "@",
        "u:p@",
        ":80",
        ":",
        "?x",
        "#f",
        " HTTP/1.1",
        " HTTP/1.0",
        "\r\n",
        "\n",
        "Host: a.test",
        "Host: b.test",
        "X: 1",
        "X : 1",
        " folded",
        "\x00",
        "\\",
        "é",
    ]
)


@given(pieces=st.lists(PIECES, max_size=14))
def test_what_is_built_names_the_host_that_was_judged(pieces: list[str]) -> None:
    octets = "".join(pieces).encode() + b"\r\n\r\n"
    judged, built = read_any_request(octets), read_request(octets, to_proxy=True)

    if isinstance(built, Read) and isinstance(judged, PlainHttp):
        assert built.consumed == judged.consumed
        assert built.message.host == judged.host
        assert (built.message.method, built.message.port) == (judged.method, judged.port)
        assert b"@" not in built.message.data.authority


@pytest.mark.parametrize(
    ("target", "line"),
    [
        (b"http://a.test?x=1", b"GET /?x=1 HTTP/1.1"),
        (b"http://a.test:/p", b"GET /p HTTP/1.1"),
        (b"http://u:p@a.test/p#f", b"GET /p HTTP/1.1"),
        (b"http://a.test/\xff", b"GET /\xff HTTP/1.1"),
        (b"http://a.test/a//b/../c?d=http://b.test/", b"GET /a//b/../c?d=http://b.test/ HTTP/1.1"),
    ],
)
def test_a_targets_path_goes_on_octet_for_octet(target: bytes, line: bytes) -> None:
    read = read_request(b"GET " + target + b" HTTP/1.1\r\nHost: a.test\r\n\r\n", to_proxy=True)

    assert isinstance(read, Read)
    read.message.authority = ""
    assert request_head(read.message).startswith(line + b"\r\n")


def test_options_for_a_whole_server_is_asked_with_an_asterisk() -> None:
    read = read_request(b"OPTIONS http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n", to_proxy=True)

    assert isinstance(read, Read)
    assert isinstance(read.message, Request)
    assert read.message.path == "*"


@given(
    octets=st.lists(
        st.sampled_from(
            [b"HTTP/1.1 200 OK", b"HTTP/1.0 404 ", b"HTTP/1.1 200", b"\r\n", b"\n", b"A: 1", b"A : 1", b" fold"]
        )
        | st.binary(max_size=6),
        max_size=12,
    ).map(b"".join),
    at=st.integers(min_value=0, max_value=60),
)
def test_more_octets_do_not_change_an_answer_that_was_read(octets: bytes, at: int) -> None:
    part, whole = read_response(octets[:at]), read_response(octets)

    if isinstance(part, Read):
        assert isinstance(whole, Read)
        assert whole.consumed == part.consumed
        assert whole.message.headers.fields == part.message.headers.fields
    elif isinstance(part, Unreadable):
        assert part == whole
    else:
        assert isinstance(part, NeedMore)
