"""Plain HTTP through the proxy: every request of a connection is judged, and a refused one gets a page to read."""

import socket

from tests.e2e.conftest import Lab
from tests.support.journal_lines import about, denial
from tests.support.programs import connected, converse, curl, read_response, read_to_end, through
from tests.support.running import needs


@needs("curl")
def test_the_redirect_on_port_80_comes_back(lab: Lab) -> None:
    done = curl(*through(lab.via), "http://go.corp.example/path?x=1")

    assert (done.code, done.status) == (0, 301)
    assert done.header("location") == "https://go.corp.example/path?x=1"


@needs("curl")
def test_a_refused_request_gets_a_page(lab: Lab) -> None:
    done = curl(*through(lab.via), "-A", "lab/1", "http://user:pass@page.evil.example/x?jwt=secret#f")
    event = lab.proxy.whole_of(about("page.evil.example"))

    assert (done.code, done.status) == (0, 403)
    assert "page.evil.example:80 is blocked here</h1>" in done.body
    assert (done.header("X-Tierwall-Reason"), done.header("X-Tierwall-Tier")) == ("unlisted", "none")
    assert lab.forbidden.reached.connections == 0
    assert event == denial(
        "page.evil.example",
        80,
        "unlisted",
        stage="request",
        refusal="page",
        name_source="host",
        network={"transport": "tcp", "protocol": "http"},
        url={"full": "http://page.evil.example/x?[redacted]"},
        http={"request": {"method": "GET"}},
        user_agent={"original": "lab/1"},
    )


def test_a_refused_request_on_a_connection_that_was_kept_alive(lab: Lab) -> None:
    with connected(lab.via) as client:
        client.sendall(get("kept.corp.example"))
        first, _ = read_response(client)
        client.sendall(get("kept.evil.example"))
        second, page = read_response(client)
        client.sendall(get("kept.corp.example"))
        third, _ = read_response(client)
    event = lab.proxy.wait_for(about("kept.evil.example"))

    assert first.startswith(b"HTTP/1.1 301 ")
    assert second.startswith(b"HTTP/1.1 403 ")
    assert b"kept.evil.example:80 is blocked here" in page
    assert third.startswith(b"HTTP/1.1 301 ") or third == b""
    assert (event.event.reason, event.tierwall.stage, event.tierwall.refusal) == ("unlisted", "request", "page")
    assert lab.forbidden.reached.connections == 0


def test_a_refused_request_that_was_pipelined_behind_an_admitted_one(lab: Lab) -> None:
    with connected(lab.via) as client:
        client.sendall(get("piped.corp.example") + get("piped.evil.example"))
        first, _ = read_response(client)
        second, _ = read_response(client)

    assert first.startswith(b"HTTP/1.1 301 ")
    assert second.startswith(b"HTTP/1.1 403 ")
    assert lab.forbidden.reached.connections == 0


def test_a_refused_request_is_not_followed_by_what_was_pipelined_behind_it(lab: Lab) -> None:
    with connected(lab.via) as client:
        client.sendall(get("behind.evil.example") + get("behind.corp.example"))
        client.shutdown(socket.SHUT_WR)
        heard = read_to_end(client)

    assert heard.startswith(b"HTTP/1.1 403 ")
    assert lab.forbidden.reached.connections == 0


def test_a_host_header_that_is_not_the_targets_is_refused(lab: Lab) -> None:
    asked = b"GET http://target.corp.example/ HTTP/1.1\r\nHost: other.evil.example\r\n\r\n"
    heard = converse(lab.via, asked)
    event = lab.proxy.wait_for(about("other.evil.example"))

    assert heard.startswith(b"HTTP/1.1 403 ")
    assert event.event.reason == "name-mismatch"
    assert not lab.port_80.reached.until(lambda reached: "target.corp" in "".join(reached.targets), limit_s=0)


def test_a_request_to_the_proxy_itself_is_no_way_around_it(lab: Lab) -> None:
    heard = converse(lab.via, b"GET /elsewhere HTTP/1.1\r\nHost: origin-form.corp.example\r\n\r\n")
    event = lab.proxy.wait_for(about("origin-form.corp.example"))

    assert heard.startswith(b"HTTP/1.1 400 ")
    assert event.event.reason == "malformed"


def test_two_host_headers_are_refused(lab: Lab) -> None:
    hosts = b"Host: two.corp.example\r\nHost: two.evil.example\r\n"
    heard = converse(lab.via, b"GET http://two.corp.example/ HTTP/1.1\r\n" + hosts + b"\r\n")

    assert heard.startswith(b"HTTP/1.1 400 ")
    assert lab.forbidden.reached.connections == 0


def test_a_request_smuggled_in_a_body_is_a_body(lab: Lab) -> None:
    """RFC 9112 section 6.3: with Transfer-Encoding beside Content-Length, neither reading may reach the inner host."""
    inner = get("smuggled.evil.example")
    head = b"POST http://smuggler.corp.example/ HTTP/1.1\r\nHost: smuggler.corp.example\r\n"
    both = b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(inner))
    heard = converse(lab.via, head + both + inner)

    assert heard.startswith(b"HTTP/1.1 400 ")
    assert lab.forbidden.reached.connections == 0


def get(host: str) -> bytes:
    """A request to a proxy."""
    return f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
