"""The proxy's own pages: what is served, to which methods, and what stays a malformed request."""

import socket
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.support.endpoints import run
from tests.support.front_doors import Door, said_to
from tierwall.policy.attempt import Reason
from tierwall.policy.site import Site
from tierwall.proxy.serving.pages import ASKED_BY_ITSELF

CERTIFICATE = b"-----BEGIN CERTIFICATE-----\n"


@pytest.fixture
def door(tmp_path: Path) -> Door:
    (tmp_path / "ca.pem").write_bytes(CERTIFICATE)
    return Door(ca=tmp_path / "ca.pem")


def ask(door: Door, line: str, *headers: str) -> tuple[str, str]:
    """Head and body of what a client gets, after which the connection has ended."""
    request = "\r\n".join([line, *headers, "", ""]).encode()
    head, _, body = run(lambda: said_to(door, request)).decode().partition("\r\n\r\n")
    return head, body


@pytest.mark.parametrize(
    ("path", "media_type", "start"),
    [
        ("/", "text/html; charset=utf-8", "<!doctype html>"),
        ("/?x", "text/html; charset=utf-8", "<!doctype html>"),
        ("/proxy.pac", "application/x-ns-proxy-autoconfig", 'var PROXY = "PROXY localhost:8080";\n// A name'),
        ("/proxy.pac?all", "application/x-ns-proxy-autoconfig", 'var PROXY = "PROXY localhost:8080";\nvar ITSELF'),
        (
            "/proxy.pac?v=2&all=1",
            "application/x-ns-proxy-autoconfig",
            'var PROXY = "PROXY localhost:8080";\nvar ITSELF',
        ),
        ("/proxy.pac?small", "application/x-ns-proxy-autoconfig", 'var PROXY = "PROXY localhost:8080";\n// A name'),
        ("/ca.pem", "application/x-x509-ca-cert", CERTIFICATE.decode()),
    ],
)
def test_each_page_is_whole_is_not_kept_and_ends_the_connection(
    door: Door, path: str, media_type: str, start: str
) -> None:
    head, body = ask(door, f"GET {path} HTTP/1.1", "Host: localhost:8080")

    assert head.splitlines()[0] == "HTTP/1.1 200 OK"
    assert {f"Content-Type: {media_type}", f"Content-Length: {len(body.encode())}"} <= set(head.splitlines())
    assert {"Cache-Control: no-store", "Connection: close"} <= set(head.splitlines())
    assert body.startswith(start)
    assert door.told.events == []


@pytest.mark.parametrize("path", ["/", "/proxy.pac", "/ca.pem"])
def test_head_gets_the_head_of_get(door: Door, path: str) -> None:
    assert ask(door, f"HEAD {path} HTTP/1.1", "Host: localhost") == (
        ask(door, f"GET {path} HTTP/1.1", "Host: localhost")[0],
        "",
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_pages_are_only_read(door: Door, method: str) -> None:
    head, body = ask(door, f"{method} /proxy.pac HTTP/1.1", "Host: localhost", "Content-Length: 0")

    assert (head.splitlines()[:2], body) == (["HTTP/1.1 405 Method Not Allowed", "Allow: GET, HEAD"], "")
    assert (door.reasons, door.told.only.tierwall.refusal) == ([Reason.MALFORMED], "405")


@pytest.mark.parametrize("path", ["/index.html", "/ca.pem/", "//", "/mitmproxy-ca.pem", "/%63a.pem", "/../ca.pem"])
def test_every_other_path_is_malformed_as_ever(door: Door, path: str) -> None:
    head, _ = ask(door, f"GET {path} HTTP/1.1", "Host: localhost")

    assert head.startswith("HTTP/1.1 400 ")
    assert door.reasons == [Reason.MALFORMED]


@pytest.mark.parametrize("path", ASKED_BY_ITSELF)
def test_what_a_browser_asks_by_itself_is_not_there_and_no_denial(door: Door, path: str) -> None:
    head, _ = ask(door, f"GET {path} HTTP/1.1", "Host: localhost")

    assert head.startswith("HTTP/1.1 404 ")
    assert door.reasons == []


@pytest.mark.parametrize(
    ("host", "proxy"),
    [
        ("Host: LOCALHOST", "PROXY localhost:80"),
        ("Host: tierwall.localhost:3128", "PROXY tierwall.localhost:3128"),
        (f"Host: {socket.gethostname()}:8080", f"PROXY {socket.gethostname().lower()}:8080"),
        ("Host: [2001:DB8::1]:8080", "PROXY [2001:db8::1]:8080"),
        ("Host: 192.0.2.1:8080", "PROXY 192.0.2.1:8080"),
    ],
)
def test_the_pac_names_the_proxy_as_the_client_reached_it(door: Door, host: str, proxy: str) -> None:
    _, body = ask(door, "GET /proxy.pac HTTP/1.1", host)

    assert body.splitlines()[0] == f'var PROXY = "{proxy}";'


@pytest.mark.parametrize(
    "host",
    ["evil.test", "evil.test:8080", "localhost.evil.test", "notlocalhost", "127.0.0.1.evil.test", "münchen.de"],
)
@pytest.mark.parametrize("path", ["/", "/proxy.pac", "/proxy.pac?all", "/ca.pem"])
def test_under_a_name_that_is_not_its_own_no_page_is_served_and_that_is_told(door: Door, host: str, path: str) -> None:
    head, body = ask(door, f"GET {path} HTTP/1.1", f"Host: {host}")

    assert head.startswith("HTTP/1.1 421 Misdirected Request\r\n")
    assert f"Content-Length: {len(body)}" in head
    assert host.partition(":")[0] not in body
    assert (door.reasons, door.told.only.tierwall.refusal) == ([Reason.MALFORMED], "421")


@pytest.mark.parametrize("headers", [(), ('Host: a";alert(1)//',), ("Host: a;b",)])
def test_a_host_that_is_none_is_not_believed(door: Door, headers: tuple[str, ...]) -> None:
    _, body = ask(door, "GET /proxy.pac HTTP/1.0", *headers)

    answers = ('var PROXY = "PROXY 127.0.0.1:', "tierwall is not called", "tierwall: what was asked for is not let")
    assert body.startswith(answers)
    assert "alert" not in body


def test_a_ca_that_was_not_made_is_not_found(door: Door, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").unlink()

    assert ask(door, "GET /ca.pem HTTP/1.1", "Host: localhost")[0].startswith("HTTP/1.1 404 Not Found")


def test_through_the_proxy_there_are_no_pages(door: Door) -> None:
    ask(door, "GET http://files.corp.example/proxy.pac HTTP/1.1", "Host: files.corp.example")

    assert len(door.handed_over) == 1


def test_who_may_not_use_the_proxy_gets_none() -> None:
    door = Door(site=Site(id="others", clients=(ip_network("192.0.2.0/24"),)))

    assert "200" not in ask(door, "GET / HTTP/1.1", "Host: localhost")[0]
    assert door.reasons == [Reason.CLIENT_REFUSED]
