"""Where a body ends is said once, or the message goes nowhere; h11 is asked what it makes of the same head."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.http import Headers

from tierwall.proxy.mitmproxy.http import framing
from tierwall.proxy.mitmproxy.http.framing import CHUNKED, UNTIL_CLOSE, Ambiguous

VALUES = st.sampled_from(
    [
        "0",
        "5",
        "05",
        "+5",
        "-1",
        "5, 5",
        "5,6",
        "",
        " 5",
        "1e3",
        "٥",
        "999999999999999999999999999999",
        "chunked",
        "Chunked",
        "gzip",
        "gzip, chunked",
        "chunked, gzip",
        "chunked, chunked",
        "identity",
        "xchunked",
        "chunked;x=1",
    ]
)
NAMES = st.sampled_from(["Content-Length", "Transfer-Encoding", "content-length", "TRANSFER-ENCODING", "X"])
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=3)


def _headers(fields: list[tuple[str, str]]) -> Headers:
    return Headers([(name.encode(), value.encode()) for name, value in fields])


@given(fields=FIELDS)
def test_a_request_whose_length_we_know_has_that_length_for_h11_too(fields: list[tuple[str, str]]) -> None:
    try:
        ours = framing.of_request("HTTP/1.1", _headers(fields))
    except Ambiguous:
        return
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    other = h11.Connection(h11.SERVER)
    other.receive_data(f"POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())
    try:
        assert isinstance(other.next_event(), h11.Request)
    except h11.RemoteProtocolError:
        return  # it knows fewer transfer codings
    reader = other._reader
    theirs = CHUNKED if type(reader).__name__ == "ChunkedReader" else reader._remaining  # type: ignore[union-attr]

    assert ours == theirs


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        ("HTTP/1.1", [("Content-Length", "5"), ("Transfer-Encoding", "chunked")]),
        ("HTTP/1.1", [("Content-Length", "5"), ("Content-Length", "5")]),
        ("HTTP/1.1", [("Transfer-Encoding", "gzip")]),
        ("HTTP/1.1", [("Transfer-Encoding", "")]),
        ("HTTP/1.0", [("Transfer-Encoding", "chunked")]),
        ("HTTP/1.1", [("Content-Length", "\u0665")]),
    ],
)
def test_a_request_that_could_be_read_in_two_ways_is_a_fault(version: str, fields: list[tuple[str, str]]) -> None:
    with pytest.raises(Ambiguous):
        framing.of_request(version, _headers(fields))


@pytest.mark.parametrize(
    ("method", "status", "fields", "length"),
    [
        ("GET", 200, [("Content-Length", "5")], 5),
        ("GET", 200, [("Content-Length", "5"), ("Content-Length", "5")], 5),
        ("GET", 200, [], UNTIL_CLOSE),
        ("GET", 200, [("Transfer-Encoding", "gzip, chunked")], CHUNKED),
        ("GET", 200, [("Transfer-Encoding", "gzip")], UNTIL_CLOSE),
        ("HEAD", 200, [("Content-Length", "5")], 0),
        ("GET", 304, [("Content-Length", "5")], 0),
        ("GET", 204, [], 0),
        ("GET", 103, [], 0),
    ],
)
def test_an_answers_length(method: str, status: int, fields: list[tuple[str, str]], length: int | None) -> None:
    assert framing.of_response("HTTP/1.1", _headers(fields), method=method, status=status) == length
