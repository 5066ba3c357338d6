"""What is admitted and does not answer is said with its cause; what leads inside, or to the proxy, is never dialled."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Lab
from tests.support.journal_lines import about, denial
from tests.support.programs import connect_request, connected, converse, curl, through, tunnel, wait
from tests.support.running import needs, running_proxy
from tierwall.standins.clients import half_close_session


def test_a_closed_port_is_a_502_with_the_cause(lab: Lab) -> None:
    heard = converse(lab.via, connect_request("tunnel.closed.corp.example:9999"))
    event = lab.proxy.whole_of(about("tunnel.closed.corp.example", "failed"))

    assert heard.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"X-Tierwall-Reason: unreachable\r\n" in heard
    assert b"cause: Connection refused\n" in heard
    assert event["error"] == {"message": "Connection refused"}
    assert (event["event"]["reason"], event["tierwall"]["stage"]) == ("unreachable", "dial")
    assert event["event"]["type"] == ["connection"]


@needs("curl")
def test_plain_http_to_a_closed_port_is_a_502_too(lab: Lab) -> None:
    done = curl(*through(lab.via), "http://plain.closed.corp.example:9999/")
    event = lab.proxy.wait_for(about("plain.closed.corp.example", "failed"))

    assert done.status == 502
    assert event.event.reason == "unreachable"


@needs("curl")
def test_an_admitted_name_that_leads_inside_is_refused(lab: Lab) -> None:
    port = lab.forbidden.port
    done = curl(*through(lab.via), f"https://localhost:{port}/")
    event = lab.proxy.whole_of(lambda event: event.event.reason == "private-address" and event.destination.port == port)

    expected = denial("localhost", port, "private-address", stage="dial", refusal="403")
    expected["destination"]["ip"] = event["destination"]["ip"]
    expected["user_agent"] = event["user_agent"]
    expected["tierwall"]["admitted_by"] = "admit[3] localhost"
    assert (done.connect_code, done.header("X-Tierwall-Reason")) == (403, "private-address")
    assert lab.forbidden.reached.connections == 0
    assert event["destination"]["ip"] in ("127.0.0.1", "::1")
    assert event == expected


@needs("curl")
def test_plain_http_to_a_name_that_leads_inside_is_refused(lab: Lab) -> None:
    done = curl(*through(lab.via), f"http://localhost:{lab.forbidden.port}/")

    assert (done.status, done.header("X-Tierwall-Reason")) == (403, "private-address")
    assert lab.forbidden.reached.connections == 0


@needs("curl")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_does_not_resolve_is_a_502_with_the_cause(lab: Lab, scheme: str) -> None:
    """RFC 6761 section 6.4: `invalid` never resolves."""
    done = curl(*through(lab.via), f"{scheme}://{scheme}.invalid/")
    event = lab.proxy.wait_for(about(f"{scheme}.invalid", "failed"))

    assert 502 in (done.connect_code, done.status)
    assert event.error is not None
    assert event.error.message.startswith(f"{scheme}.invalid does not resolve: ")
    assert "Traceback" not in lab.proxy.console()


def test_a_private_address_in_an_admitted_network_is_dialled(lab: Lab) -> None:
    done = wait(half_close_session(lab.via, "127.0.0.3", lab.echo_by_address.port))

    assert (done.cause, done.echoes, done.farewell) == (None, (b"ping",), b"bye")


@pytest.mark.parametrize(
    "spelling",
    ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "[::1]", "[64:ff9b::7f00:1]"],
)
def test_no_spelling_of_loopback_is_a_way_inside(lab: Lab, spelling: str) -> None:
    heard = converse(lab.via, connect_request(f"{spelling}:{lab.forbidden.port}"))

    assert heard.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 "))
    assert lab.forbidden.reached.connections == 0


@pytest.mark.parametrize("spelling", ["127.0.0.1", "localhost", "LOCALHOST.", "0.0.0.0", "127.1", "[::ffff:127.0.0.1]"])
def test_the_proxy_never_connects_to_itself(lab: Lab, spelling: str) -> None:
    heard = converse(lab.via, connect_request(f"{spelling}:{lab.via.port}"))

    assert heard.startswith(b"HTTP/1.1 403 ")
    assert b"X-Tierwall-Reason: self-connect\r\n" in heard


def test_the_other_listener_of_the_proxy_is_itself_too(lab: Lab) -> None:
    heard = converse(lab.via, connect_request(f"127.0.0.2:{lab.socks.port}"))

    assert b"X-Tierwall-Reason: self-connect\r\n" in heard


@needs("curl")
def test_a_request_to_the_proxy_by_its_own_address_makes_no_loop(lab: Lab) -> None:
    done = curl(*through(lab.via), f"http://127.0.0.1:{lab.via.port}/self")
    lab.proxy.wait_for(lambda event: event.url is not None and event.url.full.endswith("/self"))
    seen = [event for event in lab.proxy.events() if event.url is not None and event.url.full.endswith("/self")]

    assert (done.status, done.header("X-Tierwall-Reason")) == (403, "self-connect")
    assert len(seen) == 1


@needs("curl")
def test_a_proxy_on_every_address_is_itself_on_each_of_them() -> None:
    """In mitmproxy one such request made over a thousand recursive connections."""
    lan_address = own_address()
    with running_proxy(listen="0.0.0.0:0") as proxy:
        port = proxy.port
        done = curl(*through(proxy.via), f"http://{lan_address}:{port}/x")
        tunnels = [
            converse(proxy.via, connect_request(f"{host}:{port}")) for host in (lan_address, "127.0.0.1", "127.9.9.9")
        ]
        proxy.wait_for(lambda event: event.destination is not None and event.destination.ip == "127.9.9.9")
        events = proxy.events()

    assert (done.status, done.header("X-Tierwall-Reason")) == (403, "self-connect")
    assert all(b"X-Tierwall-Reason: self-connect\r\n" in heard for heard in tunnels)
    assert [event.event.reason for event in events] == ["self-connect"] * 4


@needs("curl")
def test_a_client_that_the_site_does_not_serve_is_refused(site: Callable[[str], Path]) -> None:
    with running_proxy("--site", site("admit: []\nclients: [10.0.0.0/8]\n")) as proxy:
        done = curl(*through(proxy.via), "https://8x8.vc/")
        event = proxy.whole_of(lambda event: event.event.reason == "client-refused")

    assert done.code in (7, 52, 55, 56)  # reset before it looked, before or after it could send, or an empty reply
    assert (event["source"], event["tierwall"]["stage"]) == ({"ip": "127.0.0.1"}, "accept")


def test_the_tunnel_that_was_not_opened_is_not_there(lab: Lab) -> None:
    with connected(lab.via) as client:
        head = tunnel(client, f"localhost:{lab.forbidden.port}")
        client.settimeout(1)
        client.recv(65536)
        ended = client.recv(65536)

    assert head.startswith(b"HTTP/1.1 403 ")
    assert ended == b""


def own_address() -> str:
    """An address of this machine that is not loopback, where it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: nothing is sent, the kernel only picks the source
        except OSError:
            return "127.0.0.77"
        return str(probe.getsockname()[0])
