"""The readers of the usual openings know what the careful ones know, and never anything else."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.opening.material import (
    connect,
    extension,
    hello,
    hello_message,
    real_client_hello,
    records,
    server_name,
    vector,
)
from tierwall.opening import ClientHello, Connect, Opening, read_client_hello
from tierwall.opening.http_head import read_any_request
from tierwall.opening.usual import usual_client_hello, usual_connect
from tierwall.policy.limits import REQUEST_HEAD_OCTETS

CHROMIUM = hello(
    extension(0x3A3A, b""),
    extension(0x0023, b""),
    extension(43, vector(b"\x1a\x1a\x03\x04\x03\x03", 1)),
    server_name(b"meet.8x8.vc"),
    extension(0xFE0D, bytes(186)),
    extension(10, bytes(12)),
    extension(51, bytes(1263)),
    extension(0xFF01, b"\x00"),
    extension(16, vector(b"\x02h2\x08http/1.1")),
    extension(0x4A4A, b"\x00"),
)
AGENT = b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0"
LINE, HOST = b"CONNECT meet.8x8.vc:443 HTTP/1.1", b"Host: meet.8x8.vc:443"
PROGRAMS = {
    "curl": connect(LINE, HOST, b"User-Agent: curl/8.14.1", b"Proxy-Connection: Keep-Alive"),
    "Chromium": connect(LINE, HOST, b"Proxy-Connection: keep-alive", AGENT),
    "Firefox": connect(LINE, AGENT, b"Proxy-Connection: keep-alive", b"Connection: keep-alive", HOST),
    "Go": connect(LINE, HOST, b"User-Agent: Go-http-client/1.1"),
    "Python": connect(b"CONNECT meet.8x8.vc:443 HTTP/1.0"),
}
HELLOS = {"OpenSSL": real_client_hello(), "OpenSSL without ALPN": real_client_hello(alpn=()), "Chromium": CHROMIUM}


@pytest.mark.parametrize("octets", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_what_programs_ask_of_a_proxy_is_usual(octets: bytes, kind: Callable[[bytes], bytes]) -> None:
    answer = usual_connect(kind(octets))

    assert isinstance(answer, Connect)
    assert answer == read_any_request(octets)


@pytest.mark.parametrize("octets", HELLOS.values(), ids=HELLOS)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_what_programs_say_hello_with_is_usual(octets: bytes, kind: Callable[[bytes], bytes]) -> None:
    answer = usual_client_hello(kind(octets))

    assert isinstance(answer, ClientHello)
    assert answer == read_client_hello(octets)


def agree(octets: bytes) -> None:
    usual: list[tuple[Opening | None, Callable[[bytes], Opening]]] = [
        (usual_connect(octets), read_any_request),
        (usual_client_hello(octets), read_client_hello),
    ]
    for answer, careful in usual:
        assert answer is None or answer == careful(octets)


HEADERS = st.sampled_from(
    [
        HOST,
        b"Host: ",
        b"Host:a",
        b"host: b",
        AGENT,
        b"User-Agent: x  ",
        b"User-Agent:  x",
        b"User-Agent: ",
        b"user-agent: y",
        b"User-Agent: \xc3\xa9",
        b"User-Agent: a\tb",
        b"Connection: close",
        b"Proxy-Connection: \x00",
        b"Proxy-Connection : x",
        b"Proxy-Authorization: Basic c2VjcmV0",
        b" folded",
        b"Connection",
        b"",
        b"X: Host: a",
    ]
)
TARGETS = st.from_regex(rb"(?:[a-zA-Z0-9.:@_\[\]-]{1,12}|[0-9.]{7,15}):[0-9]{0,6}", fullmatch=True)
LINES = st.sampled_from([b"\r\n", b"\n", b"\r\r\n"])


@given(TARGETS, st.sampled_from([b"1.0", b"1.1", b"2.0", b"1.12"]), st.lists(HEADERS, max_size=5), LINES, st.binary())
def test_heads_of_any_headers_are_read_alike(
    target: bytes, version: bytes, headers: list[bytes], line: bytes, following: bytes
) -> None:
    agree(line.join([b"CONNECT " + target + b" HTTP/" + version, *headers, b"", following]))


LISTS = st.lists(st.binary(max_size=4), max_size=4).map(lambda entries: b"".join(vector(entry, 1) for entry in entries))
EXTENSIONS = st.one_of(
    st.lists(st.binary(max_size=9), max_size=2).map(lambda names: server_name(*names)),
    st.sampled_from([b"8x8.vc", b"a\x00b", b"\xff", b""]).map(server_name),
    st.tuples(st.sampled_from([0, 16, 43, 51, 0xFE0D]), st.binary(max_size=12)).map(lambda parts: extension(*parts)),
    st.tuples(LISTS, st.binary(max_size=1)).map(lambda parts: extension(16, vector(parts[0]) + parts[1])),
    st.tuples(st.binary(max_size=20), st.binary(max_size=1)).map(
        lambda parts: extension(43, vector(parts[0], 1) + parts[1])
    ),
    st.integers(0, 0xFFFF).map(lambda kind: extension(kind, b"")),
)


@given(st.lists(EXTENSIONS, max_size=6), st.booleans(), st.binary(max_size=2), st.integers(20, 300), st.binary())
def test_hellos_of_any_extensions_are_read_alike(
    extensions: list[bytes], with_block: bool, after: bytes, size: int, following: bytes
) -> None:
    agree(records(hello_message(*extensions, with_block=with_block, after=after), size) + following)


@pytest.mark.parametrize("whole", [*PROGRAMS.values(), *HELLOS.values()], ids=[*PROGRAMS, *HELLOS])
@given(st.data())
def test_mutated_openings_are_read_alike(whole: bytes, data: st.DataObject) -> None:
    octets = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(octets)))
        octets[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    agree(bytes(octets))


@pytest.mark.parametrize("whole", [*PROGRAMS.values(), *HELLOS.values()], ids=[*PROGRAMS, *HELLOS])
def test_every_octet_counts_alike(whole: bytes) -> None:
    for at in range(min(len(whole), 300)):
        for octet in (0, 1, 10, 32, 255, whole[at] ^ 1):
            agree(whole[:at] + bytes([octet]) + whole[at + 1 :])
        agree(whole[:at])


def test_a_head_over_the_limit_is_not_usual() -> None:
    around = len(connect(LINE, b"User-Agent: x"))

    assert usual_connect(connect(LINE, b"User-Agent: x" + b"x" * (REQUEST_HEAD_OCTETS - around))) is not None
    assert usual_connect(connect(LINE, b"User-Agent: xx" + b"x" * (REQUEST_HEAD_OCTETS - around))) is None


@pytest.mark.parametrize("line", [b"Connection: \r\n", b"Connection: a\r\n", b"User-Agent: " + b"x" * 60_000])
def test_what_nearly_is_usual_costs_no_more_than_its_octets(line: bytes) -> None:
    octets = LINE + b"\r\n" + line * (64_000 // len(line)) + b"!"
    started = time.process_time()

    assert usual_connect(octets) is None
    assert time.process_time() - started < 0.05
