"""mitmproxy's own options, as its users set them, do not undo what tierwall promises."""

import socket
import time
from pathlib import Path

from tests.stock.conftest import SITE, Behind
from tests.stock.stock import run_to_its_end, stock_mitmproxy
from tests.support.journal_lines import about
from tests.support.programs import connected, read_head, read_response, tunnel, wait
from tierwall.standins.clients import Cause, fetch_https


def test_a_silent_tunnel_outlives_tcp_timeout(behind: Behind, site: Path) -> None:
    with (
        stock_mitmproxy("--set", "tcp_timeout=1", site=site, resolve=behind.resolve()) as proxy,
        connected(proxy.via) as client,
    ):
        tunnel(client, "silent.corp.example:7")
        client.sendall(b"\x00before")
        assert client.recv(100) == b"\x00before"

        time.sleep(3)  # the silence itself
        client.sendall(b"after")

        assert client.recv(100) == b"after"


def test_a_silent_connection_of_plain_http_outlives_tcp_timeout(behind: Behind, site: Path) -> None:
    with (
        stock_mitmproxy("--set", "tcp_timeout=1", site=site, resolve=behind.resolve()) as proxy,
        connected(proxy.via) as client,
    ):
        _get(client, "one.corp.example")

        time.sleep(3)  # the silence itself

        assert _get(client, "two.corp.example").startswith(b"HTTP/1.1 301")


def test_with_the_eager_strategy_too_nothing_denied_is_dialled(behind: Behind, site: Path) -> None:
    eager = ("--set", "connection_strategy=eager", "--mode", "socks5")
    with (
        stock_mitmproxy(*eager, site=site, resolve=behind.resolve()) as proxy,
        connected(proxy.via) as client,
    ):
        _socks5(client, "127.0.0.1", behind.forbidden.port)
        client.sendall(b"GET / HTTP/1.1\r\nHost: page.evil.example\r\n\r\n")

        assert read_head(client).startswith(b"HTTP/1.1 403")
        assert proxy.wait_for(about("page.evil.example"))


def test_with_the_eager_strategy_too_an_address_is_judged_with_the_name_of_its_request(
    behind: Behind, tmp_path: Path
) -> None:
    """Dialled before its request is read it would have no name, and be denied."""
    port = behind.port_80.port
    site = tmp_path / "site.yaml"
    site.write_text(f"{SITE}  - {{hosts: [page.corp.example], ports: [tcp/{port}]}}\n", encoding="utf-8")
    eager = ("--set", "connection_strategy=eager", "--mode", "socks5")
    resolve = (f"page.corp.example:{port}:127.0.0.1:{port}", f"127.0.0.1:{port}:127.0.0.1:{port}")
    with stock_mitmproxy(*eager, site=site, resolve=resolve) as proxy, connected(proxy.via) as client:
        _socks5(client, "127.0.0.1", port)
        client.sendall(b"GET / HTTP/1.1\r\nHost: page.corp.example\r\n\r\n")

        assert read_head(client).startswith(b"HTTP/1.1 301")
        assert not any(event.event.action == "denied" for event in proxy.events())


def test_ignore_hosts_leaves_no_request_unjudged(behind: Behind, site: Path) -> None:
    with (
        stock_mitmproxy("--ignore-hosts", ".*", site=site, resolve=behind.resolve()) as proxy,
        connected(proxy.via) as client,
    ):
        tunnel(client, "page.corp.example:80")
        client.sendall(b"GET / HTTP/1.1\r\nHost: page.corp.example\r\n\r\n")
        first = read_response(client)[0]
        client.sendall(b"GET / HTTP/1.1\r\nHost: page.evil.example\r\n\r\n")

        assert first.startswith(b"HTTP/1.1 301")
        assert read_head(client).startswith(b"HTTP/1.1 403")


def test_ignore_hosts_opens_no_way_to_a_refused_sni(behind: Behind, ca: Path, tmp_path: Path) -> None:
    """With `tls: page` a refused ClientHello is handed over, to be shown the page."""
    shows_page = tmp_path / "site.yaml"
    shows_page.write_text(f"{SITE}refuse: {{tls: page}}\n", encoding="utf-8")
    with stock_mitmproxy("--ignore-hosts", ".*", site=shows_page, resolve=behind.resolve()) as proxy:
        done = wait(fetch_https(proxy.via, "front.corp.example", sni="hidden.evil.example", ca=ca))

        assert done.cause is Cause.UNTRUSTED
        assert behind.https.reached.octets == 0


def test_options_that_are_wrong_end_it_with_every_fault(tmp_path: Path) -> None:
    journal = f"tierwall_journal={tmp_path / 'events.jsonl'}"
    code, said = run_to_its_end("--set", "tierwall_site=nonsense", "--set", journal)

    assert code == 1
    assert "nonsense" in said
    assert "`tierwall sites` lists" in said


def test_a_journal_that_cannot_be_opened_ends_it_at_once(tmp_path: Path) -> None:
    code, said = run_to_its_end("--set", f"tierwall_journal={tmp_path / 'nowhere' / 'events.jsonl'}")

    assert code == 1
    assert "cannot be written" in said


def _get(client: socket.socket, host: str) -> bytes:
    client.sendall(f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return read_response(client)[0]


def _socks5(client: socket.socket, address: str, port: int) -> None:
    client.sendall(b"\x05\x01\x00")
    assert client.recv(2) == b"\x05\x00"
    client.sendall(b"\x05\x01\x00\x01" + socket.inet_aton(address) + port.to_bytes(2))
    assert client.recv(10)[:2] == b"\x05\x00"
