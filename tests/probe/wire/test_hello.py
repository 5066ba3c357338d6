"""ClientHellos that are written by hand, read by those who read clients' for a living."""

import os
import ssl

import pytest

from tierwall.opening.quic import Hellos, QuicReader
from tierwall.probe.wire.hello import client_hello, record
from tierwall.probe.wire.quic import initial


@pytest.mark.parametrize("post_quantum", [False, True])
@pytest.mark.parametrize("name", ["meet.example", None])
def test_a_strict_server_reads_them_and_answers(name: str | None, post_quantum: bool) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    heard: list[str | None] = []
    context.sni_callback = lambda _tls, sni, _context: heard.append(sni)
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(record(client_hello(name, post_quantum=post_quantum)))

    with pytest.raises(ssl.SSLError, match=r"NO_SHARED_CIPHER|NO_SUITABLE"):  # it has no certificate, and read all else
        server.do_handshake()

    assert heard == [name]


def test_a_post_quantum_one_is_longer_than_one_segment_of_a_vpn() -> None:
    assert len(record(client_hello("meet.example", post_quantum=True))) > 1360


def test_an_initial_packet_is_read_by_everybody_on_the_path() -> None:
    datagram = initial("meet.example", os.urandom(8), os.urandom(8))

    read = QuicReader().read(datagram)

    assert len(datagram) == 1200
    assert isinstance(read, Hellos)
    assert [(hello.sni, hello.alpn) for hello in read.hellos] == [("meet.example", ("h3",))]
