"""A body ends where its head says, with its trailers, and nothing endless waits for its end."""

import pytest
from h11._receivebuffer import ReceiveBuffer
from mitmproxy.http import Headers

from tierwall.proxy.mitmproxy.http.bodies import Body, Broken, Endpoint, Part
from tierwall.proxy.mitmproxy.http.framing import CHUNKED, UNTIL_CLOSE, Length


def read(length: Length, *pieces: bytes) -> tuple[bytes, Headers | None, bytes]:
    """The body, its trailers where it ended, and what is left behind it."""
    body, waiting, octets = Body(length), ReceiveBuffer(), b""
    for piece in pieces:
        waiting += piece
        while (part := body.next(waiting)) is not None:
            match part:
                case Endpoint(trailers=trailers):
                    return octets, trailers, bytes(waiting)
                case Part(octets=more):
                    octets += more
    return octets, None, bytes(waiting)


@pytest.mark.parametrize(
    ("length", "said", "body"),
    [
        (5, b"hello", b"hello"),
        (0, b"", b""),
        (CHUNKED, b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", b"hello"),
    ],
)
@pytest.mark.parametrize("split", [False, True])
def test_what_follows_a_body_is_no_part_of_it(length: Length, said: bytes, body: bytes, split: bool) -> None:
    pieces = [said[at : at + 1] for at in range(len(said))] if split else [said]

    octets, trailers, _ = read(length, *pieces, b"GET /next")

    assert octets == body
    assert trailers == Headers()


def test_trailers_come_with_its_end() -> None:
    assert read(CHUNKED, b"0\r\nX-Sum: 5\r\n\r\n")[1] == Headers(x_sum="5")


@pytest.mark.parametrize("said", [b"z\r\n", b"-1\r\n", b"5\r\nhello!!", b"0" * 70_000, b"1;" + b"x" * 70_000])
def test_what_is_no_chunk_is_broken_and_nothing_endless_waits(said: bytes) -> None:
    with pytest.raises(Broken):
        read(CHUNKED, said)


@pytest.mark.parametrize(("length", "complete"), [(UNTIL_CLOSE, True), (5, False), (CHUNKED, False)])
def test_the_end_of_a_connection_is_the_end_of_a_body_without_length_alone(length: Length, complete: bool) -> None:
    assert Body(length).ends_with_connection() is complete


def test_it_says_how_much_is_still_to_come() -> None:
    body, waiting = Body(5), ReceiveBuffer()
    waiting += b"he"
    body.next(waiting)

    assert body.left == 3
