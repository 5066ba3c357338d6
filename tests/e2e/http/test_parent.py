"""Through a parent proxy: its answers in every form that HTTP/1 allows, and log-ins that belong to a connection."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.http.conftest import until
from tests.support.played_origins import Played, Talk
from tests.support.programs import connected, read_head, read_to_end
from tests.support.running import Proxy, running_proxy
from tierwall.standins.origins import serve_in_thread

SITE = "version: 1\nsite: parent\nadmit:\n  - {hosts: [go.corp.example], ports: [tcp/80, tcp/443]}\n"
CONNECT = "CONNECT go.corp.example:443 HTTP/1.1\r\nHost: go.corp.example:443\r\n{}\r\n"
GET = "GET http://go.corp.example/ HTTP/1.1\r\nHost: go.corp.example\r\n{}\r\n"
LEGS = ("", "Proxy-Authorization: NTLM TYPE1\r\n", "Proxy-Authorization: NTLM TYPE3\r\n")


@pytest.fixture(scope="module")
def parent() -> Iterator[Played]:
    with serve_in_thread(Played()) as origin:
        yield origin


@pytest.fixture(scope="module")
def proxy(parent: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    site: Path = tmp_path_factory.mktemp("parent") / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    mode = f"upstream:http://127.0.0.1:{parent.port}@127.0.0.1:0"
    with running_proxy("--site", site, "--mode", mode) as proxy:
        yield proxy


async def echo(talk: Talk) -> None:
    while await talk.more():
        await talk.say(b"<seen>")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 CONNECT OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.0 200 Connection established\r\nVia: 1.0 squid\r\n\r\n",
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 201 Made\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nVia: x\n\n",
    ],
)
def test_a_tunnel_stands_however_the_parent_says_so(proxy: Proxy, parent: Played, answer: bytes) -> None:
    async def grants(talk: Talk) -> None:
        await talk.head()
        await talk.say(answer)
        await echo(talk)

    parent.play = grants
    with connected(proxy.via) as client:
        client.sendall(CONNECT.format("").encode())
        assert read_head(client).startswith(b"HTTP/1.1 200 ")
        client.sendall(b"\x00data")
        assert until(client, b"<seen>") == b"<seen>"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"HTTP/1.0 403 Forbidden\r\nContent-Type: text/html\r\n\r\n", b"the parent says why"),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", b"log in"),
        (b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nwhy.\r\n0\r\n\r\n"),
        (b"HTTP/1.1 403 Forbidden\nContent-Length: 4\n\n", b"why."),
    ],
)
def test_a_refusal_is_relayed_with_its_body(proxy: Proxy, parent: Played, head: bytes, body: bytes) -> None:
    async def refuses(talk: Talk) -> None:
        await talk.head()
        await talk.say(head)
        await asyncio.sleep(0.2)  # so that the body comes after its head was read
        await talk.say(body)

    parent.play = refuses
    with connected(proxy.via) as client:
        client.sendall(CONNECT.format("").encode())
        assert read_to_end(client) == head + body


@pytest.mark.parametrize("request_line", [CONNECT, GET], ids=["connect", "plain"])
def test_three_legs_of_ntlm_stay_on_one_connection_each_side(proxy: Proxy, parent: Played, request_line: str) -> None:
    async def asks(talk: Talk) -> None:
        for said, scheme in ((b"", b"NTLM"), (b"NTLM TYPE1", b"NTLM TYPE2")):
            assert said in await talk.head()
            await talk.say(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: %s\r\nContent-Length: 2\r\n\r\nno"
                % scheme
            )
        assert b"NTLM TYPE3" in await talk.head()
        if request_line is GET:
            await talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<seen>")
        else:
            await talk.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await echo(talk)

    parent.play = asks
    before = len(parent.talks)
    heads = []
    with connected(proxy.via) as client:
        for leg in LEGS:
            client.sendall(request_line.format(leg).encode())
            heads.append(read_head(client))
            if b" 407 " in heads[-1]:
                assert client.recv(2) == b"no"
        if request_line is CONNECT:
            client.sendall(b"\x00data")
        assert until(client, b"<seen>") == b"<seen>"

    assert [head.split()[1] for head in heads] == [b"407", b"407", b"200"]
    assert b"Proxy-Authenticate: NTLM TYPE2\r\n" in heads[1]
    assert len(parent.talks) == before + 1


def test_a_parent_asked_in_vain_is_left_when_the_client_leaves(proxy: Proxy, parent: Played) -> None:
    async def asks(talk: Talk) -> None:
        await talk.head()
        await talk.say(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n")
        while await talk.more():
            pass

    parent.play = asks
    ended = parent.reached.ended
    with connected(proxy.via) as client:
        client.sendall(CONNECT.format("").encode())
        read_head(client)

    assert parent.reached.until(lambda reached: reached.ended > ended)
