"""Messages of HTTP/1 as RFC 9110 and RFC 9112 have them, in clear and inside TLS that is opened."""

from contextlib import suppress

import pytest

from tests.e2e.http.conftest import Way, read_head, until
from tests.support.journal_lines import about
from tests.support.played_origins import OK, Talk

BODY = b"x" * 1_000_000


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_answers_of_the_1xx_class_go_on_and_the_last_answer_too(way: Way, status: str) -> None:
    async def hints(talk: Talk) -> None:
        await talk.head()
        for number in (b"1", b"2"):
            await talk.say(f"HTTP/1.1 {status}\r\nLink: </a.css>\r\nX-Number: ".encode() + number + b"\r\n\r\n")
        await talk.say(OK)

    way.origin.play = hints
    with way.open() as client:
        client.sendall(way.request("/hints"))
        heads = [read_head(client) for _ in range(3)]

    assert [head.split(b"\r\n")[0] for head in heads] == [f"HTTP/1.1 {status}".encode()] * 2 + [b"HTTP/1.1 200 OK"]
    assert b"X-Number: 2" in heads[1]


def test_an_answer_with_trailers_is_delivered_with_them(way: Way) -> None:
    async def trailing(talk: Talk) -> None:
        await talk.head()
        await talk.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n")

    way.origin.play = trailing
    with way.open() as client:
        client.sendall(way.request())
        heard = until(client, b"42\r\n\r\n")

    assert heard.lower().endswith(b"5\r\nhello\r\n0\r\nx-sum: 42\r\n\r\n")


def test_a_request_with_trailers_is_delivered_and_names_in_them_are_not(way: Way) -> None:
    async def takes(talk: Talk) -> None:
        await talk.head()
        await talk.until(b"0\r\n")
        await talk.until(b"\r\n\r\n")
        await talk.say(OK)

    way.origin.play = takes
    body = b"5\r\nhello\r\n0\r\nX-Sum: 42\r\nHost: denied.evil.example\r\n\r\n"
    with way.open() as client:
        client.sendall(way.request("/", "Transfer-Encoding: chunked", method="POST") + body)
        heard = until(client, b"hello")

    assert heard.startswith(b"HTTP/1.1 200 ")
    assert way.talk.heard.lower().endswith(b"0\r\nx-sum: 42\r\n\r\n")


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_answer_in_the_middle_of_an_upload_arrives_although_the_server_closes(way: Way, framing: str) -> None:
    async def refuses(talk: Talk) -> None:
        await talk.head()
        await talk.say(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        talk.reset()

    way.origin.play = refuses
    how = f"Content-Length: {len(BODY)}" if framing == "length" else "Transfer-Encoding: chunked"
    body = BODY if framing == "length" else b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    for _ in range(5):
        heard = _upload(way, way.request("/", how, method="POST"), body)
        assert heard.startswith(b"HTTP/1.1 413 "), heard[:200]
        assert b"\r\n\r\nbig" in heard


def _upload(way: Way, head: bytes, body: bytes) -> bytes:
    with way.open() as client:
        client.sendall(head)
        with suppress(OSError):  # answered meanwhile
            client.sendall(body)
        return until(client, b"big")


def test_empty_lines_before_a_request_are_skipped(way: Way) -> None:
    with way.open() as client:
        client.sendall(b"\r\n" + way.request("/one"))
        first = until(client, b"hello")
        client.sendall(b"\r\n\r\n" + way.request("/two"))
        second = until(client, b"hello")

    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 200 ")
    assert way.talk.heard.count(b"GET /two ") == 1


@pytest.mark.parametrize("method", ["VERSION-CONTROL", "M-SEARCH", "X_Y", "PROPFIND"])
def test_any_token_is_a_method(way: Way, method: str) -> None:
    with way.open() as client:
        client.sendall(way.request("/", method=method))
        first = until(client, b"hello")
        client.sendall(way.request("/", method=method))
        second = until(client, b"hello")

    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 200 ")
    assert way.talk.heard.startswith(f"{method} / HTTP/1.1\r\n".encode())


def test_expect_is_the_servers_to_answer(way: Way) -> None:
    async def continues(talk: Talk) -> None:
        if b"expect: 100-continue" not in (await talk.head()).lower():
            return  # a connection that was only dialled, before the request in its tunnel was known
        await talk.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        await talk.until(b"BODY")
        await talk.say(OK)

    way.origin.play = continues
    with way.open() as client:
        client.sendall(way.request("/", "Content-Length: 4", "Expect: 100-continue", method="POST"))
        first = read_head(client)
        client.sendall(b"BODY")
        last = until(client, b"hello")

    assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert last.startswith(b"HTTP/1.1 200 ")


def test_a_server_may_refuse_what_it_was_asked_to_expect(way: Way) -> None:
    async def refuses(talk: Talk) -> None:
        await talk.head()
        await talk.say(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")

    way.origin.play = refuses
    with way.open() as client:
        client.sendall(way.request("/", "Content-Length: 4", "Expect: 100-continue", method="POST"))
        head = read_head(client)

    assert head.startswith(b"HTTP/1.1 401 ")
    assert b"\r\nConnection: close\r\n" in head  # whether the body still comes, nobody knows


def test_a_denied_request_is_refused_at_its_head_and_told_no_100(way: Way) -> None:
    with way.open() as client:
        client.sendall(way.request("/first"))
        until(client, b"hello")
        refused = way.request(
            "/", "Content-Length: 4", "Expect: 100-continue", method="POST", host="expects.evil.example"
        )
        client.sendall(refused)
        head = read_head(client)

    assert head.startswith(b"HTTP/1.1 403 ")
    assert b"\r\nConnection: close\r\n" in head
    assert way.proxy.wait_for(about("expects.evil.example")).event.reason


def test_what_ends_at_this_hop_goes_no_further(way: Way) -> None:
    async def hops(talk: Talk) -> None:
        while await talk.head():
            await talk.say(
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: X-Answer, keep-alive\r\nX-Answer: 1\r\n"
                b"Keep-Alive: timeout=5\r\nX-End: 2\r\n\r\nhello"
            )

    way.origin.play = hops
    fields = (
        "Proxy-Connection: keep-alive",
        "Connection: keep-alive, X-Hop, Host, Upgrade",
        "X-Hop: 1",
        "Keep-Alive: timeout=5",
        "TE: trailers",
        "Upgrade: TLS/1.2",
        "Proxy-Authorization: Basic bGFiOmxhYg==",
        "X-End: 2",
    )
    with way.open() as client:
        client.sendall(way.request("/", *fields))
        heard = until(client, b"hello")

    sent = bytes(way.talk.heard).decode().split("\r\n")
    assert sent == ["GET / HTTP/1.1", f"Host: {way.host}", "X-End: 2", "Via: 1.1 tierwall", "", ""]
    head = heard.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert head == ["HTTP/1.1 200 OK", "Content-Length: 5", "X-End: 2", "Via: 1.1 tierwall"]


def test_a_request_of_http_1_0_is_forwarded_as_1_1_and_its_answer_is_one_that_it_can_read(way: Way) -> None:
    async def chunks(talk: Talk) -> None:
        await talk.head()
        await talk.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")

    way.origin.play = chunks
    heard = way.ask(way.request().replace(b"HTTP/1.1", b"HTTP/1.0"))

    assert way.talk.heard.startswith(b"GET / HTTP/1.1\r\n")
    assert b"Via: 1.0 tierwall\r\n" in way.talk.heard
    assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
    assert heard.endswith(b"\r\n\r\nhello")
    assert b"chunked" not in heard


def test_how_far_a_request_goes_it_may_say_itself(way: Way) -> None:
    before = len(way.origin.talks)
    with way.open() as client:
        client.sendall(way.request("/here", "Max-Forwards: 0", method="TRACE"))
        here = until(client, b"/here")
        assert way.reached(before) == b""
        client.sendall(way.request("/there", "Max-Forwards: 2", method="OPTIONS"))
        until(client, b"hello")

    assert here.startswith(b"HTTP/1.1 200 ")
    assert b"Max-Forwards: 1\r\n" in way.talk.heard


def test_a_space_before_a_colon_is_taken_out_of_an_answer(way: Way) -> None:
    async def spaced(talk: Talk) -> None:
        await talk.head()
        await talk.say(b"HTTP/1.1 200 OK\nContent-Length : 5\r\nX-Folded: a\r\n  b\r\n\r\nhello")

    way.origin.play = spaced
    with way.open() as client:
        client.sendall(way.request())
        heard = until(client, b"hello")

    assert heard.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Folded: a b\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: tls\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
    ids=["two-lengths", "no-field", "no-http", "unasked-switch", "too-large"],
)
def test_an_answer_that_makes_no_sense_is_a_502_in_our_words_and_told(way: Way, answer: bytes) -> None:
    async def says(talk: Talk) -> None:
        await talk.head()
        await talk.say(answer)

    way.origin.play = says
    with way.open() as client:
        client.sendall(way.request())
        head = read_head(client)

    assert head.startswith(b"HTTP/1.1 502 ")
    assert b"X-Tierwall-Reason: malformed\r\n" in head
    assert b"mitmproxy" not in head
    event = way.proxy.wait_for(about(way.host))
    assert (event.event.reason, event.tierwall.refusal) == ("malformed", "502")


def test_a_server_that_leaves_without_an_answer_is_a_502_with_a_true_reason(way: Way) -> None:
    async def leaves(talk: Talk) -> None:
        await talk.head()

    way.origin.play = leaves
    with way.open() as client:
        client.sendall(way.request())
        head = read_head(client)

    assert head.startswith(b"HTTP/1.1 502 ")
    assert b"X-Tierwall-Reason: unreachable\r\n" in head
    event = way.proxy.wait_for(about(way.host, "failed"))
    assert event.error is not None
    assert event.error.message == "the server closed the connection before it answered"


def test_a_refused_head_has_no_body(way: Way) -> None:
    with way.open() as client:
        client.sendall(way.request("/first"))
        until(client, b"hello")
        client.sendall(way.request("/", method="HEAD", host="head.evil.example"))
        client.sendall(way.request("/second"))
        heard = until(client, b"hello")

    assert heard.startswith(b"HTTP/1.1 403 ")
    assert b"\r\n\r\nHTTP/1.1 200 OK\r\n" in heard


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
def test_a_head_that_is_too_large_is_431_first_and_later(way: Way, first: bool) -> None:
    with way.open() as client:
        if not first:
            client.sendall(way.request("/first"))
            until(client, b"hello")
        client.sendall(way.request("/", "X: " + "x" * 70_000))
        head = until(client, b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 431 ")
