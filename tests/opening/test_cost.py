"""An opening that comes in pieces costs no more than its length."""

import time
from collections.abc import Iterator

from tests.opening.material import Reader, extension, head_of, hello_message, records, server_name
from tierwall.opening import (
    ClientHello,
    Connect,
    NeedMore,
    Opening,
    read_client_hello,
    read_proxy_request,
)


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
