"""Packet captures: what is read from what went over the wire, and that nothing in them breaks the reader."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.opening.material import real_client_hello
from tests.records.packets import (
    ACK,
    CLIENT,
    PROXY,
    RST,
    SERVER,
    SYN,
    answer,
    answers,
    capture,
    opened,
    question,
    says,
    tcp,
    udp,
)
from tierwall.audit.comparing import place
from tierwall.records.observers.capture import looks_like_capture, read_capture
from tierwall.records.record import Record, Unread

SERVER_HELLO = b"\x16\x03\x03\x00\x04\x02\x00\x00\x00"
ALERT = b"\x15\x03\x03\x00\x02\x02"


def told(*frames: bytes, ng: bool = False) -> list[str]:
    found = []
    for record in read_capture(io.BytesIO(capture(frames, ng=ng))):
        assert isinstance(record, Record), record
        statement = record.statement
        where = place(statement.attempt) if statement.attempt else "nowhere"
        found.append(f"{statement.decision} {where} {statement.words}")
    return found


@pytest.mark.parametrize("ng", [False, True], ids=["pcap", "pcapng"])
def test_a_handshake_is_named_by_its_client_hello(ng: bool) -> None:
    frames = [*opened(5000), says(5000, real_client_hello("8x8.vc")), answers(5000, SERVER_HELLO)]

    assert told(*frames, ng=ng) == ["allowed 8x8.vc:443 TLS handshake"]


def test_a_client_hello_in_two_segments_is_put_together() -> None:
    hello = real_client_hello("8x8.vc")
    second = tcp(CLIENT, 5000, SERVER, 443, ACK, at=100, data=hello[100:])

    assert told(*opened(5000), second, says(5000, hello[:100]), answers(5000, SERVER_HELLO)) == [
        "allowed 8x8.vc:443 TLS handshake"
    ]


def test_a_reset_after_the_client_hello_is_an_error_that_says_so() -> None:
    reset = tcp(SERVER, 443, CLIENT, 5000, RST)

    assert told(*opened(5000), says(5000, real_client_hello("8x8.vc")), reset) == [
        "error 8x8.vc:443 reset by the server after the ClientHello"
    ]


def test_an_alert_in_answer_to_the_client_hello_is_told_by_its_number() -> None:
    hello = real_client_hello("8x8.vc")

    assert told(*opened(5000), says(5000, hello), answers(5000, ALERT + b"\x31")) == [
        "denied 8x8.vc:443 TLS alert 49 for the ClientHello"
    ]
    assert told(*opened(5000), says(5000, hello), answers(5000, ALERT + b"\x28")) == [
        "error 8x8.vc:443 TLS alert 40 for the ClientHello"
    ]


def test_syns_that_nobody_answers_are_counted_as_one_try() -> None:
    syn = tcp(CLIENT, 5000, SERVER, 443, SYN)

    assert told(syn, syn, syn) == ["error 203.0.113.9:443 no answer to 3 SYN"]


def test_a_refused_connection_is_an_error() -> None:
    assert told(tcp(CLIENT, 5000, SERVER, 443, SYN), tcp(SERVER, 443, CLIENT, 5000, RST | ACK)) == [
        "error 203.0.113.9:443 refused: RST"
    ]


def test_a_name_that_dns_answered_stands_in_where_nobody_gives_one() -> None:
    frames = [
        question(4000, "turn.example"),
        answer(4000, "turn.example", SERVER),
        tcp(CLIENT, 5000, SERVER, 5349, SYN),
    ]

    assert told(*frames) == ["allowed turn.example DNS: answered", "error turn.example:5349 no answer to 1 SYN"]


def test_names_that_are_refused_unknown_or_never_answered_are_told_apart() -> None:
    frames = [
        question(4000, "a.example"),
        answer(4000, "a.example", None, rcode=5),
        question(4001, "b.example"),
        answer(4001, "b.example", None, rcode=3),
        question(4002, "c.example"),
    ]

    assert told(*frames) == [
        "denied a.example DNS: REFUSED",
        "error b.example DNS: NXDOMAIN",
        "error c.example DNS: no answer",
    ]


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", "allowed 8x8.vc:443 CONNECT 200"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "denied 8x8.vc:443 CONNECT 403"),
        (b"HTTP/1.1 407 Who\r\n\r\n", "auth 8x8.vc:443 CONNECT 407"),
        (b"HTTP/1.1 502 Bad\r\n\r\n", "error 8x8.vc:443 CONNECT 502"),
    ],
)
def test_the_answer_to_a_connect_is_the_proxys(answered: bytes, expected: str) -> None:
    asked = says(5000, b"CONNECT 8x8.vc:443 HTTP/1.1\r\nHost: 8x8.vc:443\r\n\r\n", PROXY, 3128)

    assert told(*opened(5000, PROXY, 3128), asked, answers(5000, answered, PROXY, 3128)) == [expected]


def test_udp_is_allowed_where_something_comes_back() -> None:
    there = udp(CLIENT, 5000, SERVER, 3478, b"x" * 20)
    back = udp(SERVER, 3478, CLIENT, 5000, b"y" * 20)

    assert told(there, back) == ["allowed 203.0.113.9:3478/udp UDP: answered"]
    assert told(there) == ["error 203.0.113.9:3478/udp UDP: no answer"]


def test_quic_is_named_by_the_client_hello_inside_its_first_datagram() -> None:
    from aioquic.quic.configuration import QuicConfiguration  # noqa: PLC0415
    from aioquic.quic.connection import QuicConnection  # noqa: PLC0415

    client = QuicConnection(
        configuration=QuicConfiguration(is_client=True, alpn_protocols=["h3"], server_name="8x8.vc")
    )
    client.connect((SERVER, 443), 0.0)
    datagrams = [octets for octets, _ in client.datagrams_to_send(0.0)]

    assert told(*(udp(CLIENT, 5000, SERVER, 443, octets) for octets in datagrams)) == [
        "error 8x8.vc:443/udp QUIC: no answer"
    ]


@given(st.binary(max_size=200), st.integers(0, 400))
def test_whatever_is_in_a_capture_the_reader_ends(rubbish: bytes, cut: int) -> None:
    whole = capture([rubbish, *opened(5000), says(5000, rubbish), question(4000, "a.example"), rubbish])

    for record in read_capture(io.BytesIO(whole[: len(whole) - cut])):
        assert isinstance(record, Record | Unread)


def test_captures_are_known_by_their_magic() -> None:
    assert looks_like_capture(capture([]))
    assert looks_like_capture(capture([], ng=True))
    assert not looks_like_capture(b"1764230400.129      0 10.20.0.7 TCP_DENIED/403")
