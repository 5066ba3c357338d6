"""Behaviours towards UDP through tun: no UDP, no QUIC, flows that are forgotten; dropped, or rejected by ICMP."""

import errno
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.netns.events import sni, watch
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, CLIENT, OTHER_SERVER, REDIRECT, SERVER, SERVER_6, TUN, TURN, Lab, bound
from tests.netns.turn import coturn, send_media
from tests.support.journal_lines import whole
from tests.support.running import Proxy, needs
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Cause, stun_binding, udp_echo
from tierwall.standins.origins import StunOrigin, UdpEchoOrigin
from tierwall.standins.quic import QuicEchoOrigin, quic_echo
from tierwall.standins.stun import TRANSACTION_OCTETS, binding_request, mapped_address

NAMES = ["dropped.corp.example", "rejected.corp.example"]
ADMIT = f"""
admit:
  - {{vendor: 8x8, tiers: [core]}}
  - {{hosts: ["*.corp.example"], ports: [udp/443]}}
  - {{networks: [{OTHER_SERVER}/32, {SERVER_6}/128, {SERVER}/32], ports: [udp/10000-10001]}}
"""
BEHAVIOURS = f"""
behaviours:
  - {{behaviour: no-udp, scope: {{services: [video-bridges]}}}}
  - {{behaviour: no-udp, how: reject, scope: {{networks: [{OTHER_SERVER}/32, {SERVER_6}/128]}}}}
  - {{behaviour: no-quic, how: reject, scope: {{hosts: [rejected.corp.example]}}}}
  - {{behaviour: no-quic}}
  - {{behaviour: udp-timeout, after: 300ms, scope: {{ports: [udp/50000, udp/10001]}}}}
"""
SILENT_S = 0.7
pytestmark = needs("turnserver", "turnutils_uclient", "ss")
ALL = [pytest.param("", id="without"), pytest.param(BEHAVIOURS, id="with")]


@pytest.fixture(scope="module")
def origins(lab: Lab, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with (
        coturn(lab.server, 443, tmp_path_factory.mktemp("turn"), TURN),
        lab.server.serving(UdpEchoOrigin(host=BRIDGE, port=10000)),
        lab.server.serving(UdpEchoOrigin(host=OTHER_SERVER, port=10000)),
        lab.server.serving(UdpEchoOrigin(host=SERVER_6, port=10000)),
        lab.server.serving(StunOrigin(host=TURN, port=50000)),
        lab.server.serving(QuicEchoOrigin(authority, NAMES, host=SERVER)),
    ):
        yield


@pytest.fixture(scope="module")
def proxy(lab: Lab, origins: None, site: Callable[[str], Path], request: pytest.FixtureRequest) -> Iterator[Proxy]:
    modes = ("--mode", "transparent", "--mode", f"tun:{TUN}")
    lab.gateway.nft(REDIRECT)
    with tierwall_in(lab.gateway, *modes, "--site", site(ADMIT + request.param)) as proxy, lab.through_tun("udp"):
        yield proxy


def without() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("proxy", ALL[:1], indirect=True)


def with_them() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("proxy", ALL[1:], indirect=True)


def stopped(behaviour: str, how: str, destination: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The event of a flow that a behaviour stopped, but for what it breaks."""
    said = {"site": "gateway", "stage": "udp", "name_source": "address", "refusal": how, "behaviour": behaviour}
    return {
        "ecs": {"version": "8.17.0"},
        "event": {
            "kind": "event",
            "category": ["network"],
            "type": ["connection", "end"],
            "action": "broken",
            "reason": "behaviour",
        },
        "source": {"ip": CLIENT},
        "destination": destination,
        "network": {"transport": "udp"},
        "observer": {"product": "tierwall"},
        "tierwall": said | more.pop("said", {}),
        **more,
    }


def without_breaks(event: dict[str, Any]) -> dict[str, Any]:
    """The event but for the catalogue's words."""
    said = {key: value for key, value in event["tierwall"].items() if key not in {"breaks", "near", "admitted_by"}}
    return {key: value for key, value in event.items() if key != "rule"} | {"tierwall": said}


def answer_to(lab: Lab, host: str, port: int) -> bytes | int | None:
    """What comes of one datagram to there: its echo, the number of an error by ICMP, or nothing."""

    def talk() -> bytes | int | None:
        with bound(socket.SOCK_DGRAM, socket.AF_INET6 if ":" in host else socket.AF_INET) as client:
            client.settimeout(SILENT_S)
            client.connect((host, port))
            client.send(b"media")
            try:
                return client.recv(100)
            except TimeoutError:
                return None
            except OSError as error:
                return error.errno

    return lab.client.inside(talk)


@without()
@pytest.mark.parametrize("there", [BRIDGE, OTHER_SERVER, SERVER_6])
def test_without_them_media_passes(lab: Lab, proxy: Proxy, there: str) -> None:
    assert answer_to(lab, there, 10000) == b"media"


@without()
@pytest.mark.parametrize("name", NAMES)
def test_without_them_quic_passes(lab: Lab, proxy: Proxy, ca: Path, name: str) -> None:
    assert lab.client.wait(lambda: quic_echo(SERVER, name, ca=ca)).echo == b"hello"


@with_them()
def test_udp_that_is_dropped_is_silence_and_the_event_says_what_it_breaks(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo(BRIDGE, 10000, limit_s=SILENT_S)))
    breaks = happened.event["tierwall"]["breaks"]

    assert happened.outcome.cause is Cause.TIMEOUT
    assert happened.arrived.udp == 0
    assert without_breaks(happened.event) == stopped(
        "no-udp", "drop", {"ip": BRIDGE, "port": 10000}, said={"tier": "core"}
    )
    assert [(impact["vendor"], impact["service"]) for impact in breaks] == [("8x8", "video-bridges")]


@with_them()
@pytest.mark.parametrize(
    ("there", "error"), [(OTHER_SERVER, errno.EHOSTUNREACH), (SERVER_6, errno.EACCES)], ids=["IPv4", "IPv6"]
)
def test_udp_that_is_rejected_is_an_error_at_once(lab: Lab, proxy: Proxy, there: str, error: int) -> None:
    happened = watch(lab, proxy, lambda: answer_to(lab, there, 10000))

    assert happened.outcome == error
    assert happened.arrived.udp == 0
    assert happened.event["tierwall"]["behaviour"] == "no-udp"
    assert happened.event["tierwall"]["refusal"] == "reject"


@with_them()
@pytest.mark.parametrize(("name", "how"), [("dropped.corp.example", "drop"), ("rejected.corp.example", "reject")])
def test_quic_is_stopped_by_its_name(lab: Lab, proxy: Proxy, ca: Path, name: str, how: str) -> None:
    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: quic_echo(SERVER, name, ca=ca, limit_s=SILENT_S)))

    assert not happened.outcome.connected
    assert happened.arrived.udp == 0
    assert without_breaks(happened.event) == stopped(
        "no-quic",
        how,
        {"domain": name, "ip": SERVER, "port": 443},
        said={"tier": "none", "name_source": "sni"},
        network={"transport": "udp", "protocol": "quic"},
        tls=sni(name),
    )


@with_them()
def test_turn_on_port_443_is_no_quic(lab: Lab, proxy: Proxy) -> None:
    media = send_media(lab.client, TURN, 443)

    assert lab.client.wait(lambda: stun_binding(TURN, 443)).ok
    assert media.received == media.sent > 0


def ports_before_and_after_a_silence(lab: Lab) -> list[int]:
    """From which ports a server hears one client's socket, before and after nothing passed for SILENT_S."""

    def talk() -> list[int]:
        seen = []
        with bound(socket.SOCK_DGRAM) as client:
            client.connect((TURN, 50000))
            for _ in range(2):
                client.settimeout(3.0)
                transaction = secrets.token_bytes(TRANSACTION_OCTETS)
                client.send(binding_request(transaction))
                mapped = mapped_address(client.recv(500), transaction)
                assert mapped is not None
                seen.append(mapped[1])
                client.settimeout(SILENT_S)
                with suppress(TimeoutError):
                    client.recv(500)
        return seen

    return lab.client.inside(talk)


@without()
def test_without_it_a_silent_flow_keeps_its_port(lab: Lab, proxy: Proxy) -> None:
    before, after = ports_before_and_after_a_silence(lab)

    assert before == after


@with_them()
def test_after_the_silence_the_client_comes_from_another_port(lab: Lab, proxy: Proxy) -> None:
    known = {event.event.id for event in proxy.events()}

    before, after = ports_before_and_after_a_silence(lab)
    event = proxy.wait_for(lambda event: event.event.action == "broken" and event.event.id not in known)
    said = whole(next(said for said in proxy.said() if said["event"]["id"] == event.event.id))

    assert before != after
    assert without_breaks(said) == stopped("udp-timeout", "drop", {"ip": TURN, "port": 50000}, said={"tier": "core"})
    assert event.tierwall.detail == (
        "nothing passed for 0.3 s, and the flow was forgotten; what the client sends is a new flow, from another port"
    )


@contextmanager
def late_server(lab: Lab) -> Iterator[threading.Event]:
    """Hears one datagram, and answers it twice when it is told to."""
    go, listening = threading.Event(), threading.Event()

    def serve() -> None:
        lab.server.enter()
        with bound(socket.SOCK_DGRAM) as server:
            server.bind((SERVER, 10001))
            listening.set()
            _, client = server.recvfrom(100)
            assert go.wait(5)
            for _ in range(2):
                server.sendto(b"late", client)

    thread = threading.Thread(target=serve)
    thread.start()
    assert listening.wait(5)
    yield go
    go.set()
    thread.join()


def hears_late(lab: Lab) -> bytes | None:
    """What a client hears from a server that answers after SILENT_S."""

    def talk(go: threading.Event) -> bytes | None:
        with bound(socket.SOCK_DGRAM) as client:
            client.connect((SERVER, 10001))
            client.send(b"hello")
            client.settimeout(SILENT_S)
            with suppress(TimeoutError):
                client.recv(100)
            go.set()
            try:
                return client.recv(100)
            except TimeoutError:
                return None

    with late_server(lab) as go:
        return lab.client.inside(lambda: talk(go))


@without()
def test_without_it_a_late_answer_arrives(lab: Lab, proxy: Proxy) -> None:
    assert hears_late(lab) == b"late"


@with_them()
def test_a_late_answer_goes_nowhere_and_is_journalled_once(lab: Lab, proxy: Proxy) -> None:
    assert hears_late(lab) is None

    def about_it() -> list[str | None]:
        return [
            event.tierwall.detail
            for event in proxy.events()
            if event.event.action == "broken" and event.destination and event.destination.port == 10001
        ]

    proxy.wait_until(lambda: bool(about_it()))
    watch(lab, proxy, lambda: answer_to(lab, BRIDGE, 10000))  # so that another would have come
    assert about_it() == ["nothing passed for 0.3 s, and the flow was forgotten; what the server sends goes nowhere"]
