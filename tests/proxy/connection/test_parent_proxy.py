"""Through a parent proxy: its tunnels with all that came in them, and its refusals, whole."""

import base64
from contextlib import suppress
from ipaddress import ip_address

import pytest

from tests.support.endpoints import run, until
from tierwall.opening import Connect, read_proxy_request
from tierwall.policy.model import Address
from tierwall.proxy.connection import parent_proxy as parents
from tierwall.proxy.connection.dial import Dialled, Unreachable
from tierwall.proxy.connection.parent_proxy import Parent, ParentRefused, dial_through
from tierwall.proxy.state.destinations import Destination, Destinations
from tierwall.standins.origins import TcpOrigin
from tierwall.standins.streams import TcpStream

type Outcome = Dialled | ParentRefused | Unreachable


class Scripted(TcpOrigin):
    """Answers the first request head with these pieces; None is silence."""

    def __init__(self, *answer: bytes | None) -> None:
        super().__init__()
        self._answer = answer
        self.asked = b""

    async def serve(self, tcp: TcpStream) -> None:
        while not self.asked.endswith(b"\r\n\r\n"):
            self.asked += await tcp.read()
        for piece in self._answer:
            if piece is None:
                with suppress(OSError):
                    await tcp.read()
            else:
                await tcp.write(piece)


async def _asked(
    parent: Scripted, *, credentials: str | None = None, ours: str | None = None, host: str = "8x8.vc"
) -> Outcome:
    async with parent:
        through = Parent(host="127.0.0.1", port=parent.port, credentials=ours)
        outcome = await dial_through(through, Destinations(), host, 443, credentials)
        if isinstance(outcome, Dialled):
            outcome.server.abort()
        if isinstance(outcome, ParentRefused) and outcome.standing is not None:
            outcome.standing.server.abort()
        return outcome


def test_it_is_asked_for_the_tunnel_by_name() -> None:
    parent = Scripted(b"HTTP/1.1 200 OK\r\n\r\n")

    run(lambda: _asked(parent))

    assert parent.asked == b"CONNECT 8x8.vc:443 HTTP/1.1\r\nHost: 8x8.vc:443\r\n\r\n"


@pytest.mark.parametrize("octets", ["Basic ü€".encode(), b"Basic \xfc", b"Basic \x80\xff", b"NTLM TlRMTVNT"])
def test_a_clients_credentials_go_on_in_the_octets_that_they_came_in(octets: bytes) -> None:
    parent = Scripted(b"HTTP/1.1 200 OK\r\n\r\n")
    request = read_proxy_request(b"CONNECT 8x8.vc:443 HTTP/1.1\r\nProxy-Authorization: " + octets + b"\r\n\r\n")
    assert isinstance(request, Connect)

    outcome = run(lambda: _asked(parent, credentials=request.credentials))

    assert isinstance(outcome, Dialled)
    assert b"\r\nProxy-Authorization: " + octets + b"\r\n\r\n" in parent.asked


def test_our_own_are_sent_as_utf_8() -> None:
    parent = Scripted(b"HTTP/1.1 200 OK\r\n\r\n")

    run(lambda: _asked(parent, ours="jürgen:€uro"))

    assert base64.b64encode("jürgen:€uro".encode()) in parent.asked


def test_an_address_of_ipv6_is_asked_for_in_brackets() -> None:
    parent = Scripted(b"HTTP/1.1 200 OK\r\n\r\n")

    run(lambda: _asked(parent, host="2001:db8::1"))

    assert parent.asked.startswith(b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("credentials", "ours", "sent"),
    [
        (None, "user:word", b"Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n"),
        ("Bearer its-own", None, b"Proxy-Authorization: Bearer its-own\r\n"),
        ("Bearer its-own", "user:word", b"Proxy-Authorization: Bearer its-own\r\n"),
    ],
)
def test_the_clients_credentials_go_before_ours(credentials: str | None, ours: str | None, sent: bytes) -> None:
    parent = Scripted(b"HTTP/1.1 200 OK\r\n\r\n")

    run(lambda: _asked(parent, credentials=credentials, ours=ours))

    assert sent in parent.asked


def test_credentials_are_in_no_text_of_a_parent() -> None:
    assert "word" not in repr(Parent(host="parent.example", port=3128, credentials="user:word"))


@pytest.mark.parametrize(
    "answer", [(b"HTTP/1.1 200 OK\r\nVia: p\r\n\r\n220 ready",), (b"HTTP/1.0 200 ", b"OK\r\n\r", b"\n220 ready")]
)
def test_what_the_server_says_right_after_the_answer_belongs_to_the_tunnel(answer: tuple[bytes, ...]) -> None:
    outcome = run(lambda: _asked(Scripted(*answer)))

    assert isinstance(outcome, Dialled)
    assert b"220 ready".startswith(bytes(outcome.server.received))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnope\r\n0\r\n\r\n",
    ],
)
def test_a_refusal_is_relayed_whole(answer: bytes) -> None:
    pieces = answer[:30], answer[30:]

    outcome = run(lambda: _asked(Scripted(*pieces, None)))  # it stays connected: the end is the body's own

    assert isinstance(outcome, ParentRefused)
    assert outcome.answer == answer
    assert outcome.status.startswith(answer[9:12].decode())


def test_a_refusal_that_does_not_end_is_cut() -> None:
    endless = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 200_000

    outcome = run(lambda: _asked(Scripted(endless, None)))

    assert isinstance(outcome, ParentRefused)
    assert len(outcome.answer) < 70_000


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1"]
)
def test_what_is_no_http_answer_is_called_so(answer: bytes) -> None:
    outcome = run(lambda: _asked(Scripted(answer)))

    assert isinstance(outcome, Unreachable)
    assert "gave no HTTP answer" in outcome.cause


def test_a_parent_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "DIAL_S", 0.05)

    parent = Scripted(None)

    async def scene() -> Outcome:
        async with parent:
            through = Parent(host="127.0.0.1", port=parent.port)
            outcome = await dial_through(through, Destinations(), "8x8.vc", 443, None)
            await until(lambda: parent.reached.ended)  # its connection is not left standing
            return outcome

    outcome = run(scene)
    assert isinstance(outcome, Unreachable)
    assert outcome.timed_out


def test_a_parent_that_is_not_there_is_named() -> None:
    async def scene() -> Outcome:
        async with Scripted() as gone:
            pass
        return await dial_through(Parent(host="127.0.0.1", port=gone.port), Destinations(), "8x8.vc", 443, None)

    outcome = run(scene)

    assert isinstance(outcome, Unreachable)
    assert outcome.cause.startswith("the parent proxy 127.0.0.1:")


def test_of_a_parents_several_addresses_the_first_that_answers_is_used() -> None:
    class Both(Destinations):
        async def find(self, host: str | Address, port: int) -> Destination:
            return Destination((ip_address("127.0.0.9"), ip_address("127.0.0.1")), port)

    async def scene() -> Outcome:
        async with Scripted(b"HTTP/1.1 200 OK\r\n\r\n") as parent:
            outcome = await dial_through(Parent(host="parent.example", port=parent.port), Both(), "8x8.vc", 443, None)
            if isinstance(outcome, Dialled):
                outcome.server.abort()
            return outcome

    outcome = run(scene)
    assert isinstance(outcome, Dialled)
    assert outcome.address == ip_address("127.0.0.1")


def test_a_parent_that_is_this_proxy_itself_is_not_dialled() -> None:
    async def scene() -> tuple[Outcome, int]:
        async with Scripted(b"HTTP/1.1 200 OK\r\n\r\n") as itself:
            destinations = Destinations()
            destinations.listen([("127.0.0.1", itself.port)])
            through = Parent(host="127.0.0.1", port=itself.port)
            return await dial_through(through, destinations, "8x8.vc", 443, None), itself.reached.connections

    outcome, connections = run(scene)

    assert isinstance(outcome, Unreachable)
    assert "is this proxy itself" in outcome.cause
    assert connections == 0
