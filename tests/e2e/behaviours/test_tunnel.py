"""What happens to the octets of a standing connection; each behaviour has a name of its own, and `plain` has none."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.behaviours.held import echo, silence, standing
from tests.support.journal_lines import about
from tests.support.origins import RecordingOrigin
from tests.support.programs import client_hello, curl, read_to_end, through
from tests.support.running import Proxy, allow_private, needs, running_proxy
from tierwall.events import Event
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, TcpEchoOrigin, serve_in_thread

SITE = """
version: 1
site: middlebox
admit:
  - {vendor: 8x8}
  - {vendor: vevox}
  - {hosts: ["*.corp.example"], ports: [tcp/7, tcp/9, tcp/443]}
behaviours:
  - {behaviour: fqdn-cache-expiry, after: 300ms, scope: {hosts: [forgotten.corp.example]}}
  - {behaviour: idle-timeout, after: 300ms, how: rst, scope: {hosts: [idle-rst.corp.example]}}
  - {behaviour: idle-timeout, after: 300ms, how: fin, scope: {hosts: [idle-fin.corp.example]}}
  - {behaviour: idle-timeout, after: 300ms, how: drop, scope: {hosts: [idle-drop.corp.example]}}
  - {behaviour: idle-timeout, after: 300ms, how: rst, scope: {vendor: vevox}}
  - {behaviour: max-lifetime, after: 400ms, how: rst, scope: {hosts: [old.corp.example]}}
  - {behaviour: latency, delay: 150ms, scope: {hosts: [late.corp.example]}}
  - {behaviour: jitter, most: 80ms, way: up, scope: {hosts: [jitter.corp.example]}}
  - {behaviour: bandwidth, rate: 500kB/s, way: down, scope: {hosts: [slow.corp.example]}}
  - {behaviour: slicer, size: 10B, pause: 20ms, way: up, scope: {hosts: [sliced.corp.example]}}
  - {behaviour: stall, octets: 1000B, way: down, scope: {hosts: [stall.corp.example]}}
  - {behaviour: stall, after: 200ms, scope: {hosts: [stall-late.corp.example]}}
  - {behaviour: reset, octets: 1000B, way: down, scope: {hosts: [reset.corp.example]}}
  - {behaviour: reset, after: 200ms, scope: {hosts: [reset-late.corp.example]}}
  - {behaviour: slow-close, delay: 300ms, way: up, scope: {hosts: [slow-close.corp.example]}}
  - {behaviour: half-close-breaks, scope: {hosts: [half.corp.example]}}
"""


@pytest.fixture(scope="module")
def heard() -> Iterator[RecordingOrigin]:
    """`*.corp.example:9`, which keeps what it hears."""
    with serve_in_thread(RecordingOrigin()) as origin:
        yield origin


@pytest.fixture(scope="module")
def box(authority: Authority, heard: RecordingOrigin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy under SITE; `*.corp.example:7` and the vendors echo, `*.corp.example:443` serves HTTPS."""
    site = tmp_path_factory.mktemp("middlebox") / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    with ExitStack() as stack:
        echo = stack.enter_context(serve_in_thread(TcpEchoOrigin()))
        https = stack.enter_context(serve_in_thread(HttpsOrigin(authority, ["*.corp.example"])))
        sent = [("*.corp.example", 7, echo), ("*.corp.example", 9, heard), ("*.corp.example", 443, https)]
        sent += [("8x8.vc", 443, echo), ("vevox.app", 443, echo)]
        resolve = [text for host, port, to in sent for text in allow_private(host, port, to.port)]
        yield stack.enter_context(running_proxy("--site", site, *resolve))


# Cut


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("plain", b"<silence>"),
        ("idle-rst", b"<reset>"),
        ("idle-fin", b""),
        ("idle-drop", b"<silence>"),
        ("old", b"<reset>"),
        ("reset-late", b"<reset>"),
        ("forgotten", b"<silence>"),
    ],
)
def test_a_connection_ends_as_the_site_says(box: Proxy, name: str, end: bytes) -> None:
    with standing(box.via, f"{name}.corp.example:7") as client:
        echoed = echo(client, b"x")
        heard = silence(client, 0.7)

    assert (echoed, heard) == (b"x", end)


def test_what_passes_keeps_an_idle_timeout_from_striking_but_not_the_end_of_a_lifetime(box: Proxy) -> None:
    with standing(box.via, "idle-rst.corp.example:7") as busy, standing(box.via, "old.corp.example:7") as old:
        for client in (busy, old):
            echo(client, b"x")
        silences = []
        for _ in range(4):
            silences.append(silence(busy, 0.15))
            echo(busy, b"x")
        heard = read_to_end(old)

    assert silences == [b"<silence>"] * 4
    assert heard == b"<reset>"


def test_a_dropped_connection_swallows_what_both_sides_send(box: Proxy, heard: RecordingOrigin) -> None:
    with standing(box.via, "idle-drop.corp.example:9") as client:
        client.sendall(b"before")
        assert heard.reached.until(lambda _: heard.heard.endswith(b"before"))
        broken_by = box.wait_for(lambda event: about("idle-drop.corp.example", "broken")(event) and _port(event) == 9)
        client.sendall(b"after")
        heard_back = silence(client, 0.3)
    closed = box.wait_for(lambda event: about("idle-drop.corp.example", "closed")(event) and _port(event) == 9)

    assert broken_by.tierwall.detail == "nothing passed for 0.3 s; cut without a word"
    assert (heard_back, bytes(heard.heard[-6:])) == (b"<silence>", b"before")
    assert closed.tierwall.closed_by == "behaviour"


def test_a_vendors_scope_leaves_the_other_vendor_alone(box: Proxy) -> None:
    with standing(box.via, "vevox.app:443") as broken_by, standing(box.via, "8x8.vc:443") as left_alone:
        ends = []
        for client, name in ((broken_by, "vevox.app"), (left_alone, "8x8.vc")):
            echo(client, client_hello(name))
        ends = [silence(client, 0.6) for client in (broken_by, left_alone)]
    event = box.whole_of(about("vevox.app", "broken"))
    breaks = event["tierwall"].pop("breaks")

    assert ends == [b"<reset>", b"<silence>"]
    assert {(hit["vendor"], hit["service"]) for hit in breaks} == {("vevox", "web-attendee")}
    assert event == {
        "ecs": {"version": "8.17.0"},
        "event": {
            "kind": "event",
            "category": ["network"],
            "type": ["connection", "end"],
            "action": "broken",
            "reason": "behaviour",
        },
        "source": {"ip": "127.0.0.1"},
        "destination": {"domain": "vevox.app", "port": 443},
        "network": {"transport": "tcp", "protocol": "tls"},
        "tls": {"client": {"server_name": "vevox.app"}},
        "observer": {"product": "tierwall"},
        "rule": {"name": "vevox.app", "ruleset": "vevox", "category": "core"},
        "tierwall": {
            "tier": "core",
            "site": "middlebox",
            "stage": "tunnel",
            "name_source": "connect",
            "refusal": "reset",
            "behaviour": "idle-timeout",
            "admitted_by": "vevox/vevox.app",
            "near": [],
        },
    }


# Later, slower, in pieces


def test_latency_delays_each_direction(box: Proxy) -> None:
    times = {}
    for name in ("plain", "late", "jitter"):
        with standing(box.via, f"{name}.corp.example:7") as client:
            began = time.monotonic()
            for _ in range(3):
                echo(client, b"x")
            times[name] = time.monotonic() - began

    assert max(times["plain"], times["jitter"]) < 0.9 <= times["late"]
    assert _details(box, "late.corp.example") == ["everything arrives 0.15 s later"]
    assert _details(box, "jitter.corp.example") == ["what the client sends arrives up to 0.08 s later"]


@needs("curl")
def test_curl_downloads_at_the_rate_of_the_site(box: Proxy, ca: Path) -> None:
    def download(name: str) -> tuple[int, float]:
        began = time.monotonic()
        got = curl("--cacert", ca, *through(box.via), f"https://{name}.corp.example/bytes/500000", limit_s=10)
        return len(got.body), time.monotonic() - began

    (plain, quick_s), (slow, slow_s) = download("plain"), download("slow")

    assert (plain, slow) == (500_000, 500_000)
    assert quick_s < 1.0 <= slow_s
    assert _details(box, "slow.corp.example") == ["of what the server sends 500000 octets pass in a second"]


def test_a_slicer_passes_small_pieces(box: Proxy) -> None:
    with standing(box.via, "sliced.corp.example:7") as client:
        began, arrived = time.monotonic(), []
        client.sendall(bytes(100))
        while sum(arrived) < 100:
            arrived.append(len(client.recv(100)))

    assert len(arrived) >= 5  # ten, unless this machine is so busy that we read two at once
    assert time.monotonic() - began >= 9 * 0.02
    assert _details(box, "sliced.corp.example") == ["what the client sends passes in pieces of 10 octets, 0.02 s apart"]


# Stalls, resets and ends


def test_after_so_many_octets_a_stall_is_silent_and_a_reset_is_not(box: Proxy) -> None:
    ends = {}
    for name in ("plain", "stall", "reset"):
        with standing(box.via, f"{name}.corp.example:7") as client:
            client.sendall(bytes(5000))
            ends[name] = silence(client, 0.4)

    assert ends == {
        "plain": bytes(5000) + b"<silence>",
        "stall": bytes(1000) + b"<silence>",
        "reset": bytes(1000) + b"<reset>",
    }
    assert _details(box, "stall.corp.example") == ["after 1000 octets nothing passes any more"]
    assert _details(box, "reset.corp.example") == ["after 1000 octets; cut by RST"]


def test_a_stall_by_time_lets_pass_what_comes_before(box: Proxy) -> None:
    with standing(box.via, "stall-late.corp.example:7") as client:
        echoed = echo(client, b"before")
        box.wait_for(about("stall-late.corp.example", "broken"))
        client.sendall(b"after")
        heard = silence(client, 0.3)

    assert (echoed, heard) == (b"before", b"<silence>")


def test_a_half_close_is_kept_under_latency_and_broken_where_the_site_breaks_it(box: Proxy) -> None:
    heard = {}
    for name in ("plain", "late", "half"):
        with standing(box.via, f"{name}.corp.example:7") as client:
            echoed = echo(client, b"ping")
            client.shutdown(socket.SHUT_WR)
            heard[name] = echoed + read_to_end(client)

    assert heard == {"plain": b"pingbye", "late": b"pingbye", "half": b"ping"}
    assert _details(box, "half.corp.example") == [
        "the client ended its direction, 3 octets of the server went nowhere; cut by FIN"
    ]


@needs("curl")
def test_where_nobody_wanted_to_say_more_half_close_breaks_breaks_nothing(box: Proxy, ca: Path) -> None:
    got = curl("--cacert", ca, *through(box.via), "https://half.corp.example/")
    closed = box.wait_for(lambda event: about("half.corp.example", "closed")(event) and _port(event) == 443)
    broken = [event for event in box.events() if about("half.corp.example", "broken")(event) and _port(event) == 443]

    assert (got.code, broken) == (0, [])
    assert closed.tierwall.closed_by in {"client", "server"}  # curl says so inside TLS too: who is first, is chance


def test_a_slow_close_passes_the_end_on_late(box: Proxy) -> None:
    times = {}
    for name in ("plain", "slow-close"):
        with standing(box.via, f"{name}.corp.example:7") as client:
            began = time.monotonic()
            client.shutdown(socket.SHUT_WR)
            assert read_to_end(client) == b"bye"
            times[name] = time.monotonic() - began

    assert times["plain"] < 0.3 <= times["slow-close"]
    assert _details(box, "slow-close.corp.example") == ["the client's end is passed on 0.3 s later"]


def _details(box: Proxy, name: str) -> list[str | None]:
    """What the events say of the connections to a name, each time the same."""
    box.wait_for(about(name, "broken"))
    said = [event.tierwall.detail for event in box.events() if about(name, "broken")(event)]
    return list(dict.fromkeys(said))


def _port(event: Event) -> int | None:
    return event.destination.port if event.destination else None
