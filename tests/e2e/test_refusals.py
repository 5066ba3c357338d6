"""Every way in which a site can refuse, as a real client meets it; none of them reaches the server."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import NAMES
from tests.e2e.test_socks5 import NO_AUTHENTICATION, addressed, ask, named
from tests.support.journal_lines import about
from tests.support.origins import RecordingOrigin
from tests.support.programs import Way, client_hello, connected, curl, read_to_end, through, tunnel, wait
from tests.support.running import Proxy, allow_private, by_lab_ca, lab_ca, needs, running_proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import fetch_https
from tierwall.standins.origins import HttpsOrigin, serve_in_thread

SHORT_S = 0.5
"""How long a client listens to a silence before it is one."""


@dataclass(frozen=True, slots=True)
class Refusing:
    """A proxy under a site that refuses so."""

    proxy: Proxy
    forbidden: HttpsOrigin
    dialled: RecordingOrigin

    @property
    def via(self) -> Way:
        """Mode regular."""
        return self.proxy.at("127.0.0.1")

    @property
    def socks(self) -> Way:
        """Mode socks5."""
        return self.proxy.at("127.0.0.2")

    def refusal(self, domain: str) -> tuple[str | None, str | None]:
        """The reason and the refusal that were journalled; nothing may have arrived."""
        event = self.proxy.wait_for(about(domain))
        assert self.forbidden.reached.connections == 0
        assert self.dialled.reached.octets == 0
        return event.event.reason, event.tierwall.refusal


@pytest.fixture(scope="module")
def refusing(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Refusing]]:
    """A proxy under a site with this `refuse`; each is started once."""
    started: dict[str, Refusing] = {}
    with ExitStack() as stack:
        forbidden = stack.enter_context(serve_in_thread(HttpsOrigin(authority, NAMES)))
        dialled = stack.enter_context(serve_in_thread(RecordingOrigin()))

        def start(refuse: str) -> Refusing:
            if refuse not in started:
                path = tmp_path_factory.mktemp("site") / "site.yaml"
                admit = '- {hosts: ["*.corp.example"], ports: [tcp/443]}'
                path.write_text(f"version: 1\nsite: e2e\nadmit:\n  {admit}\nrefuse: {{{refuse}}}\n", encoding="utf-8")
                modes = ("--mode", "regular@127.0.0.1:0", "--mode", "socks5@127.0.0.2:0")
                resolve = [
                    *allow_private("*.corp.example", 443, dialled.port),
                    *allow_private("*.evil.example", 443, forbidden.port),
                ]
                proxy = stack.enter_context(running_proxy("--site", path, *modes, *resolve))
                started[refuse] = Refusing(proxy, forbidden, dialled)
            return started[refuse]

        yield start


FIRST = "connect: 502, http: 403, tls: reset, socks: failure, other: drop"
SECOND = "connect: 407, http: reset, tls: drop, socks: drop, other: reset"
THIRD = "connect: reset, http: drop, tls: page"
FOURTH = "connect: drop"


@needs("curl")
def test_connect_502(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(FIRST)
    done = curl(*through(lab.via), "https://connect.evil.example/")

    assert (done.connect_code, done.header("X-Tierwall-Reason")) == (502, "unlisted")
    assert lab.refusal("connect.evil.example") == ("unlisted", "502")


@needs("curl")
def test_connect_407_asks_for_authentication_that_there_is_not(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(SECOND)
    done = curl(*through(lab.via), "-U", "user:hunter2", "https://connect.evil.example/")

    assert done.connect_code == 407
    assert (done.header("Proxy-Authenticate") or "").startswith("Basic ")
    assert lab.refusal("connect.evil.example") == ("unlisted", "407")


def test_connect_reset(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(THIRD)
    with connected(lab.via) as client:
        client.sendall(b"CONNECT connect.evil.example:443 HTTP/1.1\r\n\r\n")
        heard = read_to_end(client)

    assert heard == b"<reset>"
    assert lab.refusal("connect.evil.example") == ("unlisted", "reset")


@needs("curl")
def test_connect_drop_lets_the_client_wait(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(FOURTH)
    done = curl(*through(lab.via), "https://connect.evil.example/", limit_s=SHORT_S)

    assert (done.code, done.connect_code) == (28, 0)
    assert lab.refusal("connect.evil.example") == ("unlisted", "drop")


@needs("curl")
def test_http_403_is_bare(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(FIRST)
    done = curl(*through(lab.via), "http://http.evil.example/")

    assert (done.status, done.body) == (403, "")
    assert lab.refusal("http.evil.example") == ("unlisted", "403")


@needs("curl")
def test_http_reset(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(SECOND)
    done = curl(*through(lab.via), "http://http.evil.example/")

    assert (done.code, done.status) == (56, 0)
    assert lab.refusal("http.evil.example") == ("unlisted", "reset")


@needs("curl")
def test_http_drop_lets_the_client_wait(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(THIRD)
    done = curl(*through(lab.via), "http://http.evil.example/", limit_s=SHORT_S)

    assert (done.code, done.status) == (28, 0)
    assert lab.refusal("http.evil.example") == ("unlisted", "drop")


def test_tls_reset(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(FIRST)
    with connected(lab.via) as client:
        tunnel(client, "tls.corp.example:443")
        client.sendall(client_hello("tls.evil.example"))
        heard = read_to_end(client)

    assert heard == b"<reset>"
    assert lab.refusal("tls.evil.example") == ("name-mismatch", "reset")


def test_tls_drop_lets_the_client_wait(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(SECOND)
    with connected(lab.via) as client:
        tunnel(client, "tls.corp.example:443")
        client.sendall(client_hello("tls.evil.example"))
        client.settimeout(SHORT_S)
        heard = read_to_end(client)

    assert heard == b"<silence>"
    assert lab.refusal("tls.evil.example") == ("name-mismatch", "drop")


def test_tls_page_is_read_by_who_trusts_the_lab_ca(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(THIRD)
    done = wait(fetch_https(lab.via, "tls.corp.example", sni="tls.evil.example", ca=lab_ca()))

    assert by_lab_ca(done.issuer)
    assert done.reply is not None
    assert (done.reply.status, done.reply.reason) == (403, "name-mismatch")
    assert b"tls.evil.example:443 is blocked here" in done.reply.body
    assert lab.refusal("tls.evil.example") == ("name-mismatch", "page")


@needs("curl")
def test_tls_page_to_an_address_is_read_with_curl_k(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(THIRD)
    at = f"{lab.socks.host}:{lab.socks.port}"
    resolved = ("--resolve", "page.evil.example:443:203.0.113.9")
    done = curl("-k", "--socks5", at, *resolved, "https://page.evil.example/")

    assert (done.status, done.header("X-Tierwall-Reason")) == (403, "unlisted")
    assert "page.evil.example:443 is blocked here" in done.body
    assert lab.refusal("page.evil.example") == ("unlisted", "page")


@needs("curl")
def test_tls_page_is_not_trusted_by_who_does_not_know_the_lab_ca(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(THIRD)
    resolved = ("--resolve", "untrusted.evil.example:443:203.0.113.9")
    done = curl("--socks5", f"{lab.socks.host}:{lab.socks.port}", *resolved, "https://untrusted.evil.example/")

    assert done.code == 60
    assert lab.refusal("untrusted.evil.example") == ("unlisted", "page")


def test_socks_failure(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(FIRST)
    with connected(lab.socks) as client:
        code = ask(client, named("socks.evil.example", 443))

    assert code == 1
    assert lab.refusal("socks.evil.example") == ("unlisted", "failure")


def test_socks_drop_lets_the_client_wait(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(SECOND)
    with connected(lab.socks) as client:
        client.sendall(NO_AUTHENTICATION)
        client.recv(2)
        client.sendall(b"\x05\x01\x00" + named("socks.evil.example", 443))
        client.settimeout(SHORT_S)
        heard = read_to_end(client)

    assert heard == b"<silence>"
    assert lab.refusal("socks.evil.example") == ("unlisted", "drop")


@pytest.mark.parametrize(
    ("refuse", "heard", "refusal"),
    [(FIRST, b"<silence>", "drop"), (SECOND, b"<reset>", "reset")],
    ids=["drop", "reset"],
)
def test_other_protocols(refusing: Callable[[str], Refusing], refuse: str, heard: bytes, refusal: str) -> None:
    lab = refusing(refuse)
    with connected(lab.socks) as client:
        ask(client, addressed("203.0.113.10", 4242))
        client.sendall(b"\x00\x01 neither TLS nor HTTP")
        client.settimeout(SHORT_S)
        said = read_to_end(client)

    assert said == heard
    assert lab.refusal("203.0.113.10") == ("address-only", refusal)


def test_a_client_that_waits_in_silence_may_leave(refusing: Callable[[str], Refusing]) -> None:
    lab = refusing(FOURTH)
    lab.proxy.wait_until(lambda: lab.proxy.standing() == 0)
    with connected(lab.via) as client:
        client.sendall(b"CONNECT leaves.evil.example:443 HTTP/1.1\r\n\r\n")
        lab.proxy.wait_for(about("leaves.evil.example"))
        waiting = lab.proxy.standing()
        client.shutdown(socket.SHUT_WR)

    lab.proxy.wait_until(lambda: lab.proxy.standing() == 0)
    assert waiting == 1
