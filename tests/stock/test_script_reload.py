"""mitmproxy loads a script again when its file changes: whatever state that leaves, nothing goes through unjudged."""

import socket

import pytest

from tests.stock.stock import Stock
from tests.support.journal_lines import about
from tests.support.programs import connected, converse, read_response, read_to_end, tunnel

BROKEN = "import no_such_module\n"
CONNECT = b"CONNECT page.corp.example:7 HTTP/1.1\r\n\r\n"
EVIL = b"CONNECT page.evil.example:7 HTTP/1.1\r\n\r\n"


def test_while_the_script_is_broken_every_connection_is_refused(mitmdump: Stock) -> None:
    mitmdump.save(BROKEN, "no_such_module")

    assert converse(mitmdump.via, CONNECT) in (b"", b"<reset>")
    assert converse(mitmdump.via, b"GET http://page.corp.example/ HTTP/1.1\r\n\r\n") in (b"", b"<reset>")


def test_while_the_script_is_broken_requests_of_a_standing_connection_are_refused(mitmdump: Stock) -> None:
    with connected(mitmdump.via) as client:
        assert _get(client).startswith(b"HTTP/1.1 301")

        mitmdump.save(BROKEN, "no_such_module")

        refused = _get(client)
        assert refused.startswith(b"HTTP/1.1 403")
        assert b"X-Tierwall-Reason: error" in refused


def test_once_the_script_is_mended_it_decides_again(mitmdump: Stock) -> None:
    whole = mitmdump.main.read_text(encoding="utf-8")
    mitmdump.save(BROKEN, "no_such_module")

    mitmdump.save(whole, "Loading script")

    assert converse(mitmdump.via, EVIL).startswith(b"HTTP/1.1 403")
    with connected(mitmdump.via) as client:
        assert tunnel(client, "page.corp.example:7").startswith(b"HTTP/1.1 200")
        client.sendall(b"\x00ping")
        assert client.recv(100) == b"\x00ping"
    mitmdump.wait_for(about("page.corp.example", "closed"))


@pytest.mark.parametrize("times", [1, 3])
def test_a_tunnel_stands_while_the_script_is_loaded_again_and_is_journalled_to_its_end(
    mitmdump: Stock, times: int
) -> None:
    with connected(mitmdump.via) as client:
        tunnel(client, "page.corp.example:7")
        client.sendall(b"\x00before")
        assert client.recv(100) == b"\x00before"

        for _ in range(times):
            mitmdump.save(mitmdump.main.read_text(encoding="utf-8"), "Loading script")

        client.sendall(b"after")
        assert client.recv(100) == b"after"
        client.shutdown(socket.SHUT_WR)
        assert read_to_end(client) == b"bye"
    closed = mitmdump.wait_for(about("page.corp.example", "closed"))
    assert (closed.tierwall.closed_by, closed.source.bytes if closed.source else None) == ("client", 12)


def test_each_denial_is_said_and_journalled_once_after_the_script_was_loaded_again(mitmdump: Stock) -> None:
    mitmdump.save(mitmdump.main.read_text(encoding="utf-8"), "Loading script")
    converse(mitmdump.via, EVIL)
    mitmdump.wait_for_talk("page.evil.example")
    mitmdump.stop()

    assert sum("page.evil.example" in line for line in mitmdump.console().splitlines()) == 1
    assert sum(about("page.evil.example")(event) for event in mitmdump.events()) == 1


def test_a_standing_connection_of_plain_http_goes_on_when_the_script_was_loaded_again(mitmdump: Stock) -> None:
    with connected(mitmdump.via) as client:
        assert _get(client).startswith(b"HTTP/1.1 301")

        mitmdump.save(mitmdump.main.read_text(encoding="utf-8"), "Loading script")

        assert _get(client).startswith(b"HTTP/1.1 301")
        assert _get(client, "page.evil.example").startswith(b"HTTP/1.1 403")


def test_when_it_ends_a_standing_tunnel_is_journalled(mitmdump: Stock) -> None:
    with connected(mitmdump.via) as client:
        tunnel(client, "page.corp.example:7")
        client.sendall(b"\x00")
        assert client.recv(1) == b"\x00"

        mitmdump.stop()

    closed = next(event for event in mitmdump.events() if about("page.corp.example", "closed")(event))
    assert closed.tierwall.closed_by == "shutdown"


def _get(client: socket.socket, host: str = "page.corp.example") -> bytes:
    client.sendall(f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return read_response(client)[0]
