"""Every ClientHello in a flow of QUIC is found, whichever datagrams it is in, and whatever came before."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.opening.material import hello_message, server_name
from tests.support.quic_packets import ACK, CHOSEN, PING, V1, V2, crypto, first_flight, initial
from tierwall.opening import ClientHello, Malformed, Opaque
from tierwall.opening.quic import Hellos, QuicReader, Unfinished

GOOD, EVIL = hello_message(server_name(b"8x8.vc")), hello_message(server_name(b"evil.example"))
OTHER = bytes(range(8, 16))


def said(*datagrams: bytes) -> list[object]:
    """What each adds: the names of hellos, or the kind of the answer."""
    reader = QuicReader()
    return [_plain(reader.read(datagram)) for datagram in datagrams]


def _plain(answer: object) -> object:
    return [hello.sni for hello in answer.hellos] if isinstance(answer, Hellos) else type(answer)


@pytest.mark.parametrize("version", [V1, V2])
def test_a_real_client_names_its_server(version: int) -> None:
    assert said(*first_flight("8x8.vc", version=version)) == [["8x8.vc"]]


def test_a_client_may_name_nobody() -> None:
    assert said(initial(crypto(0, hello_message()))) == [[None]]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_long_hello_takes_several_datagrams_in_any_order(order: tuple[int, ...]) -> None:
    datagrams = first_flight("8x8.vc", hello_octets=1000)

    assert len(datagrams) == 2
    assert said(*(datagrams[at] for at in order)) == [Unfinished, ["8x8.vc"]]


@pytest.mark.parametrize("before", [b"j", b"\x40" + bytes(30), b"\x00\x01" + bytes(18), b"\x80" + bytes(30), b""])
def test_what_came_before_hides_no_hello(before: bytes) -> None:
    assert said(before, *first_flight("evil.example")) == [Opaque, ["evil.example"]]


def test_a_second_connection_of_a_flow_is_read() -> None:
    assert said(initial(crypto(0, GOOD)), initial(crypto(0, EVIL), chosen=OTHER)) == [["8x8.vc"], ["evil.example"]]


def test_packets_of_two_connections_in_one_datagram_are_read() -> None:
    handshake = b"\xe0\x00\x00\x00\x01\x08" + CHOSEN + b"\x00\x04abcd"
    both = initial(crypto(0, GOOD)) + handshake + initial(crypto(0, EVIL), chosen=OTHER)

    assert said(both) == [["8x8.vc", "evil.example"]]


def test_a_second_hello_of_a_connection_is_read() -> None:
    """After a HelloRetryRequest; the server has chosen another connection id by then."""
    second = initial(ACK + crypto(len(GOOD), EVIL), sent_to=OTHER, number=1)

    assert said(initial(crypto(0, GOOD)), second) == [["8x8.vc"], ["evil.example"]]


def test_a_hello_in_frames_of_one_octet_is_read() -> None:
    frames = b"".join(crypto(at, GOOD[at : at + 1]) for at in reversed(range(len(GOOD))))

    assert said(initial(frames)) == [["8x8.vc"]]


def test_acknowledgements_and_what_is_sent_again_add_nothing() -> None:
    first = initial(crypto(0, GOOD))

    assert said(first, initial(ACK, sent_to=OTHER, number=1), first, initial(PING, number=2)) == [
        ["8x8.vc"],
        Opaque,
        Opaque,
        Opaque,
    ]


def test_a_ping_first_is_no_name_yet() -> None:
    assert said(initial(PING), initial(crypto(0, EVIL), number=1)) == [Unfinished, ["evil.example"]]


def test_the_fixed_bit_may_be_missing() -> None:
    """RFC 9287 section 3.1. It is covered by the packet's integrity, so that this one is not readable, and refused."""
    datagram = initial(crypto(0, EVIL))

    assert said(bytes([datagram[0] & ~0x40]) + datagram[1:]) == [Malformed]


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(initial(crypto(0, GOOD))[:-1], id="cut short"),
        pytest.param(initial(crypto(0, GOOD))[:-1] + b"x", id="not authentic"),
        pytest.param(initial(crypto(0, GOOD) + crypto(5, b"x")), id="two things in one place"),
        pytest.param(initial(crypto(0, b"\x02" + GOOD[1:])), id="another message"),
        pytest.param(initial(crypto(0, GOOD) + b"\x08"), id="a frame that may not be there"),
        pytest.param(initial(crypto(0x3FFF, b"x") + b"\x06\x80\x01\x00\x00\x01x"), id="a hello that is too long"),
        pytest.param(initial(crypto(0, hello_message(server_name(b"a", b"b")))), id="two names"),
        pytest.param(initial(crypto(0, GOOD)) + b"\xc0\xff\x00\x00\x1d\x08" + CHOSEN + b"\x00", id="a draft behind it"),
        pytest.param(b"\xc0\xff\x00\x00\x1d\x08" + CHOSEN + bytes(1185), id="a draft"),
        pytest.param(b"\xc0\xfa\xce\xb0\x02\x08" + CHOSEN + bytes(1185), id="a version of somebody"),
        pytest.param(b"\xc0\x1a\x2a\x3a\x4a\x08" + CHOSEN + bytes(1185), id="a reserved version"),
        pytest.param(b"\xc0\x00\x00\x00\x00\x08" + CHOSEN + b"\x00\x00\x00\x00\x01", id="version negotiation"),
    ],
)
def test_what_cannot_be_read_is_malformed(datagram: bytes) -> None:
    assert said(datagram) == [Malformed]


def test_what_has_no_long_header_is_no_quic() -> None:
    esp = b"\xc3\x01\x02\x03\x00\x00\x00\x01" + bytes(100)
    rtp = b"\x80\x60" + bytes(50)

    assert said(esp, rtp, b"\xff" * 4, b"\xff" * 200) == [Opaque] * 4


@given(st.lists(st.one_of(st.binary(max_size=60), st.binary(max_size=40).map(lambda rest: b"\xc0\0\0\0\x01" + rest))))
def test_nothing_raises(datagrams: list[bytes]) -> None:
    reader = QuicReader()

    assert all(isinstance(reader.read(each), Opaque | Unfinished | Hellos | Malformed) for each in datagrams)


@given(st.data())
def test_frames_in_any_pieces_order_and_packets_name_the_same(data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(EVIL) - 1), max_size=6)))
    pieces = [crypto(at, EVIL[at:end]) for at, end in itertools.pairwise([0, *cuts, len(EVIL)])]
    shuffled = data.draw(st.permutations(pieces))
    reader = QuicReader()

    answers = [reader.read(initial(frame, number=number)) for number, frame in enumerate(shuffled)]

    assert all(isinstance(answer, Unfinished) for answer in answers[:-1])
    assert isinstance(answers[-1], Hellos)
    assert [hello.sni for hello in answers[-1].hellos if isinstance(hello, ClientHello)] == ["evil.example"]


def test_what_was_denied_is_read_again_when_it_is_sent_again() -> None:
    reader = QuicReader()
    first, evil = initial(crypto(0, GOOD)), initial(crypto(0, EVIL), chosen=OTHER)
    second = initial(crypto(len(GOOD), EVIL), sent_to=bytes(8), number=1)
    answers = []
    for datagram in (first, evil, evil, initial(ACK, sent_to=bytes(8), number=2), second, second):
        answers.append(_plain(reader.read(datagram)))
        if answers[-1] == ["8x8.vc"]:
            reader.admit()
        elif answers[-1] is not Opaque:
            reader.deny()

    assert answers == [["8x8.vc"], ["evil.example"], ["evil.example"], Opaque, ["evil.example"], Malformed]
