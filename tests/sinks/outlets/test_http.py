"""Over HTTP: which answers are worth another try, which are not; a slow or rude server holds nothing up for long."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.sinks.engine import an_engine
from tests.sinks.material import entry
from tierwall.sinks.address import Kind, parse_address
from tierwall.sinks.entry import TAKEN, NotNow, Unwelcome
from tierwall.sinks.outlets import http
from tierwall.sinks.outlets.http import HttpOutlet
from tierwall.sinks.outlets.web import Otlp


def outlet(port: int) -> HttpOutlet:
    address = parse_address(Kind.OTLP, f"http://127.0.0.1:{port}")
    return HttpOutlet(address, Otlp(address, "lab1"), None)


@contextmanager
def rude(answer: bytes | None) -> Iterator[int]:
    """A server that says this to whoever connects, or nothing, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as client:
                client.recv(65536)
                if answer is None:
                    done.wait()
                else:
                    client.sendall(answer)

        done = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 502, 503])
def test_what_people_or_time_may_mend_is_tried_again(status: int) -> None:
    with an_engine() as kept, closing(outlet(kept.port)) as to:
        kept.answer = lambda _: (status, b"why not")

        with pytest.raises(NotNow, match=f"it answers {status}: why not"):
            to.send([entry()])


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_is_wrong_with_the_request_itself_is_not(status: int) -> None:
    with an_engine() as kept, closing(outlet(kept.port)) as to:
        kept.answer = lambda _: (status, b"")

        with pytest.raises(Unwelcome):
            to.send([entry()])


def test_the_server_s_own_pause_is_kept() -> None:
    head = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n"
    with rude(head) as port, closing(outlet(port)) as to, pytest.raises(NotNow) as caught:
        to.send([entry()])

    assert caught.value.after_s == 17


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_a_server_that_does_not_speak_http_is_away(answer: bytes) -> None:
    with rude(answer) as port, closing(outlet(port)) as to, pytest.raises(NotNow):
        to.send([entry()])


def test_a_server_that_does_not_answer_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PATIENCE_S", 0.2)
    with rude(None) as port, closing(outlet(port)) as to, pytest.raises(NotNow, match="did not answer in time"):
        to.send([entry()])


def test_one_connection_serves_many_requests_and_one_that_was_closed_meanwhile_is_replaced() -> None:
    with an_engine() as kept, closing(outlet(kept.port)) as to:
        first, second = to.send([entry()]), to.send([entry()])
    with an_engine() as other, closing(outlet(other.port)) as to:
        to.send([entry()])
        assert to._connection is not None
        to._connection.sock.shutdown(socket.SHUT_RDWR)
        third = to.send([entry()])

        assert (first, second, third) == (TAKEN, TAKEN, TAKEN)
        assert len(other.bodies) == 2
