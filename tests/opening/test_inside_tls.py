"""What the first decrypted octets say: HTTP or something else, however they are split."""

import pytest

from tests.opening.material import hello, server_name
from tierwall.opening import ClientHello, Http, Malformed, NeedMore, Opaque, Opening, read_inside_tls
from tierwall.opening.inside_tls import HTTP2_PREFACE

REQUEST = b"GET /socket HTTP/1.1\r\nHost: vevox.app\r\nUpgrade: websocket\r\n\r\n"
OTHERS: dict[str, tuple[bytes, type[Opening]]] = {
    "a length and a payload": (b"\x00\x00\x00\x05hello", Opaque),
    "XMPP": (b"<stream:stream to='vsee.com'>", Opaque),
    "a greeting in words": (b"EHLO client.example\r\n", Opaque),
    "a request that is none": (b"GET what is this\r\n", Opaque),
    "TLS in TLS": (hello(server_name(b"8x8.vc")), ClientHello),
    "an alert before TLS in TLS": (b"\x15\x03\x01\x00\x02\x01\x5a", Malformed),
    "almost the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n", Malformed),
    "a request with two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", Malformed),
    "HTTP/0.9": (b"GET /\r\n", Malformed),
}


@pytest.mark.parametrize(
    "octets",
    [
        REQUEST,
        REQUEST.lower().replace(b"http/", b"HTTP/"),
        HTTP2_PREFACE,
        HTTP2_PREFACE + b"\x00\x00\x12\x04",
        b"POST / HTTP/1.0\r\n\r\n",
    ],
)
def test_requests_and_the_preface_of_http_2_are_http(octets: bytes) -> None:
    assert read_inside_tls(octets) == Http()


@pytest.mark.parametrize(("octets", "kind"), OTHERS.values(), ids=OTHERS)
def test_anything_else_is_not(octets: bytes, kind: type[Opening]) -> None:
    assert isinstance(read_inside_tls(octets), kind)


@pytest.mark.parametrize("octets", [REQUEST, HTTP2_PREFACE, *(octets for octets, _ in OTHERS.values())])
def test_the_answer_does_not_depend_on_how_the_octets_were_split(octets: bytes) -> None:
    answers = [read_inside_tls(octets[:end]) for end in range(1, len(octets) + 1)]

    decided = [answer for answer in answers if not isinstance(answer, NeedMore)]
    assert decided
    assert {type(answer) for answer in decided} == {type(answers[-1])}
    assert isinstance(answers[0], NeedMore) or len(set(map(type, answers))) == 1


def test_nothing_yet_can_become_anything() -> None:
    assert read_inside_tls(b"") == NeedMore(1)
