"""What follows an opening is read until it can name nobody any more, however it is split."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.opening.material import hello, hello_message, real_client_hello, records, server_name, vector
from tierwall.opening import ClientHello, Malformed, Opening, following, is_final_answer, read_tunnel

FIRST = hello(server_name(b"8x8.vc"))
SECOND = hello(server_name(b"evil.example"))
CCS, EARLY, ALERT = b"\x14\x03\x03\x00\x01\x01", b"\x17\x03\x03\x00\x05early", b"\x15\x03\x03\x00\x02\x01\x00"
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def server_hello(random: bytes = bytes(range(32)), after: bytes = b"") -> bytes:
    return records(b"\x02" + vector(b"\x03\x03" + random + b"\x00\x13\x01\x00", 3) + after)


def said(*pieces: bytes) -> tuple[bytes, list[str | None]]:
    """What goes out of the client's pieces, and the names or faults that were found. `s:` before one: the server's."""
    watch = following(read_tunnel(pieces[0]))
    assert watch is not None
    out, found = b"", list[str | None]()
    for piece in pieces:
        if piece.startswith(b"s:"):
            watch.answered(piece[2:])
        else:
            watch.hear(piece)
        while (opening := watch.found()) is not None:
            found.append(opening.sni if isinstance(opening, ClientHello) else opening.why)
            if isinstance(opening, Malformed):
                return out, found
        out += watch.read()
    return out, found


def in_octets(*pieces: bytes) -> Iterable[bytes]:
    for piece in pieces:
        yield from (piece[at : at + 1] for at in range(len(piece)))


@pytest.mark.parametrize(
    "between",
    [
        pytest.param([], id="at once"),
        pytest.param([b"s:" + server_hello(RETRY)], id="after a HelloRetryRequest"),
        pytest.param([b"s:" + server_hello(RETRY), CCS], id="after change_cipher_spec"),
        pytest.param([CCS, EARLY, b"s:" + server_hello(RETRY)], id="after early data"),
        pytest.param([b"s:" + ALERT], id="after a warning of the server"),
        pytest.param([ALERT], id="after a warning of the client"),
    ],
)
def test_a_second_hello_is_found_before_a_server_agreed(between: list[bytes]) -> None:
    out, found = said(FIRST, *between, SECOND)

    assert found == ["evil.example"]
    assert out == FIRST + b"".join(piece for piece in between if not piece.startswith(b"s:")) + SECOND


def test_nothing_of_a_second_hello_goes_out_before_it_was_found() -> None:
    watch = following(read_tunnel(FIRST))
    assert watch is not None
    watch.hear(FIRST + SECOND[:-1])

    assert watch.found() is None
    assert watch.read() == FIRST


@pytest.mark.parametrize("certificate", [b"", b"\x0b\x00\x00\x03abc"])
def test_after_a_server_agreed_octets_are_the_clients_own(certificate: bytes) -> None:
    key_exchange = records(b"\x10\x00\x00\x01k")
    out, found = said(FIRST, b"s:" + ALERT + server_hello(after=certificate), key_exchange, b"\xff\x00")

    assert (out, found) == (FIRST + key_exchange + b"\xff\x00", [])


def test_a_server_hello_may_come_octet_by_octet_after_a_retry() -> None:
    answer = server_hello(RETRY) + CCS + server_hello()
    pieces = [b"s:" + octet for octet in in_octets(answer)]

    assert said(FIRST, *pieces, b"raw")[0] == FIRST + b"raw"


def test_what_begins_as_another_hello_and_is_none_goes_nowhere() -> None:
    out, found = said(FIRST, b"\x16\x05")

    assert out == FIRST
    assert len(found) == 1


@pytest.mark.parametrize("answer", [FIRST, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x17\x03\x03\x00\x01x"])
def test_after_any_other_answer_octets_are_the_clients_own(answer: bytes) -> None:
    assert said(FIRST, b"s:" + answer, b"\xff\x00") == (FIRST + b"\xff\x00", [])


SSL2 = b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + bytes(37)


@pytest.mark.parametrize("more", [b"are you there", b" HTTP/1.1\r\nHost: evil.example\r\n\r\n", SSL2])
def test_before_a_server_has_answered_nothing_but_tls_follows_a_hello(more: bytes) -> None:
    for pieces in ([FIRST, more], [FIRST, *in_octets(more)]):
        assert said(*pieces) == (FIRST, ["what follows the ClientHello is no TLS"])


@pytest.mark.parametrize("more", [b"a", CCS, SECOND, EARLY, SSL2])
def test_nothing_follows_a_hello_of_ssl_2_before_its_server_has_answered(more: bytes) -> None:
    why = "something follows a ClientHello of SSL 2.0 before it was answered"

    assert said(SSL2, more) == (SSL2, [why])
    assert said(SSL2 + more) == (b"", [why])
    assert said(SSL2, b"s:" + server_hello(), more) == (SSL2 + more, [])


def test_nothing_may_follow_a_request_of_http_0_9() -> None:
    assert said(b"GET /\r\n") == (b"GET /\r\n", [])
    assert said(b"GET /\r\n", b"H") == (b"GET /\r\n", ["something follows a request of HTTP/0.9"])
    assert said(b"GET /\r\nHost: evil.example\r\n") == (b"", ["something follows a request of HTTP/0.9"])


@pytest.mark.parametrize(
    "line",
    [
        b"<GET / HTTP/1.1\r\n",
        b"@ http/1.0   \t \r\n",
        b"\xffGET / HTTP/9\n",
        b"\x00 HTTP/1.1" + b" " * 5000 + b"\n",
        b"<\xff" + b"x" * 5000 + b" HTTP/1.1\r\n",
    ],
)
def test_a_first_line_that_ends_as_one_of_http_does_not_end(line: bytes) -> None:
    for pieces in ([line], list(in_octets(line))):
        watch = following(read_tunnel(line))
        assert watch is not None
        for piece in pieces:
            watch.hear(piece)
            end = watch.found()
            assert b"\n" not in watch.read() or end is not None
        assert isinstance(end, Malformed)


@pytest.mark.parametrize("octets", [b"\x00\x01\r\nGET / HTTP/1.1\r\n", b"<a>\n HTTP/1.1\n", b"SSH-2.0-x\r\n"])
def test_after_its_first_line_any_other_protocol_is_left_alone(octets: bytes) -> None:
    watch = following(read_tunnel(octets))
    assert watch is not None
    watch.hear(octets)

    assert watch.found() is None
    assert watch.over
    assert watch.read() == octets


PARTS = st.lists(
    st.one_of(
        st.sampled_from([FIRST, SECOND, CCS, EARLY, ALERT, b"s:" + server_hello(), b"s:" + server_hello(RETRY)]),
        st.binary(max_size=8),
        st.binary(max_size=8).map(lambda octets: b"s:" + octets),
    ),
    max_size=6,
)


def _up_to_a_fault(parts: list[bytes]) -> list[bytes]:
    """As far as it is read at all."""
    for count in range(len(parts)):
        if set(said(FIRST, *parts[:count])[1]) - {"8x8.vc", "evil.example"}:
            return parts[:count]
    return parts


@given(PARTS, st.randoms())
def test_what_is_found_and_goes_out_does_not_depend_on_the_split(parts: list[bytes], random: object) -> None:
    """But for a last hello that is not whole yet: how it is at fault may be found later, and none of it goes out before
    its server has answered, after which nothing has to be read."""
    parts = _up_to_a_fault(parts)
    pieces = [FIRST, *parts]
    split = [FIRST]
    for part in parts:
        server = part.startswith(b"s:")
        split += [b"s:" + octet for octet in in_octets(part[2:])] if server else list(in_octets(part))

    whole, in_pieces = said(*pieces), said(*split)

    if in_pieces[1] != whole[1]:
        assert (*in_pieces[1], whole[1][-1]) == tuple(whole[1])
        assert in_pieces[0] == whole[0]
    assert in_pieces[0][: len(whole[0])] == whole[0]


@pytest.mark.parametrize("begun", [b"\x16\x00", b"\x16\x03\x03\x00\x01\x01\x17"], ids=["header", "second record"])
def test_a_hello_at_fault_is_held_however_it_comes_and_found_once_it_could_be_whole(begun: bytes) -> None:
    whole, in_pieces = said(FIRST, begun), said(FIRST, *in_octets(begun))
    later = said(FIRST, *in_octets(begun + b"\x00" * 64))

    assert (whole[0], in_pieces[0], later[0]) == (FIRST, FIRST, FIRST)
    assert later[1] == whole[1] != []


def test_an_opening_that_is_judged_again_and_again_needs_no_following() -> None:
    request: Opening = read_tunnel(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    assert following(request) is None
    assert following(None) is None


def test_a_real_hello_is_followed() -> None:
    assert said(real_client_hello())[1] == []


def test_fragments_of_a_second_hello_are_joined() -> None:
    pieces = records(hello_message(server_name(b"evil.example")), 3)

    assert said(FIRST, *in_octets(pieces))[1] == ["evil.example"]


def over_after(answer: bytes) -> bool:
    """What the careful reader thinks of an answer to a ClientHello."""
    watch = following(read_tunnel(FIRST))
    assert watch is not None
    watch.hear(FIRST)
    watch.found()
    watch.answered(answer)
    return watch.over


@pytest.mark.parametrize("answer", [server_hello(), server_hello() + EARLY, EARLY, b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_is_final_at_a_look_is_final(answer: bytes) -> None:
    assert is_final_answer(answer)
    assert over_after(answer)


@pytest.mark.parametrize("answer", [b"", server_hello(RETRY), ALERT, CCS, CCS + server_hello(), server_hello()[:-1]])
def test_what_is_not_final_at_a_look_is_read_with_care(answer: bytes) -> None:
    assert not is_final_answer(answer)


ANSWERS = st.lists(
    st.sampled_from([server_hello(), server_hello(RETRY), EARLY, ALERT, CCS, b"\x16"]) | st.binary(max_size=9)
)


@given(ANSWERS, st.integers(0, 200))
def test_a_look_never_says_more_than_the_careful_reader(pieces: list[bytes], cut: int) -> None:
    answer = b"".join(pieces)[:cut]

    assert over_after(answer) or not is_final_answer(answer)
