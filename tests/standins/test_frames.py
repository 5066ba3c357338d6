"""Frames come out as they went in, however the octets are split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierwall.standins.frames import PAYLOAD_OCTETS, FrameError, FrameReader, frame


@given(payloads=st.lists(st.binary(max_size=40), max_size=6), piece=st.integers(1, 50))
def test_frames_survive_any_split(payloads: list[bytes], piece: int) -> None:
    octets = b"".join(map(frame, payloads))
    reader = FrameReader()

    cut = [payload for at in range(0, len(octets), piece) for payload in reader.feed(octets[at : at + piece])]

    assert cut == payloads


def test_http_is_not_this_protocol() -> None:
    with pytest.raises(FrameError, match="a frame of 1195725856 octets"):
        FrameReader().feed(b"GET / HTTP/1.1\r\n")


def test_no_frame_begins_like_an_http_method() -> None:
    assert frame(bytes(PAYLOAD_OCTETS))[0] == 0
