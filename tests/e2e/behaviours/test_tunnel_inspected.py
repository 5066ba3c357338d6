"""Behaviours on octets where the connection is inspected, or plain HTTP: they act between the client and the proxy."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.behaviours.conftest import ADMIT
from tests.support.journal_lines import about
from tests.support.programs import connected, curl, read_response, read_to_end, through, wait
from tests.support.running import Proxy, allow_private, lab_ca, needs, running_proxy
from tierwall.standins.clients import Cause, native_session, websocket_session
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, serve_in_thread

SITE = f"""
version: 1
site: lab
{ADMIT}
behaviours:
  - {{behaviour: tls-inspection}}
  - {{behaviour: idle-timeout, after: 400ms, how: rst, scope: {{hosts: [idle.corp.example]}}}}
  - {{behaviour: idle-timeout, after: 400ms, how: drop, scope: {{hosts: [drop.corp.example]}}}}
  - {{behaviour: latency, delay: 150ms, scope: {{hosts: [late.corp.example]}}}}
  - {{behaviour: reset, octets: 1000B, scope: {{hosts: [reset.corp.example]}}}}
  - {{behaviour: bandwidth, rate: 500kB/s, way: down, scope: {{hosts: [slow.corp.example]}}}}
"""


@pytest.fixture(scope="module")
def inspecting(web: HttpsOrigin, ca: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy that inspects all TLS, and does more to some names; port 80 redirects."""
    site = tmp_path_factory.mktemp("inspecting") / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    with serve_in_thread(RedirectOrigin()) as redirect:
        to = (*allow_private("*.corp.example", 443, web.port), *allow_private("*.corp.example", 80, redirect.port))
        with running_proxy("--site", site, "--trust", ca, *to) as proxy:
            yield proxy


def test_an_idle_native_app_that_is_inspected_is_cut(inspecting: Proxy) -> None:
    def held(name: str) -> tuple[bool, Cause | None]:
        session = native_session(inspecting.via, f"{name}.corp.example", ca=lab_ca(), hold_s=1.0, limit_s=1.0)
        outcome = wait(session)
        return outcome.ok, outcome.cause

    assert held("plain") == (True, None)
    assert held("idle") == (False, Cause.RESET)
    assert held("drop") == (False, Cause.TIMEOUT)
    event = inspecting.whole_of(about("idle.corp.example", "broken"))
    assert event["tierwall"]["behaviour"] == "idle-timeout"
    assert event["network"]["protocol"] == "tls"


def test_an_idle_websocket_that_is_inspected_is_cut(inspecting: Proxy) -> None:
    def held(name: str) -> Cause | None:
        session = websocket_session(inspecting.via, f"{name}.corp.example", path="/socket", ca=lab_ca(), hold_s=1.0)
        return wait(session).cause

    assert (held("plain"), held("idle")) == (None, Cause.RESET)


@needs("curl")
def test_one_reset_is_told_once_whatever_it_leads_to(inspecting: Proxy) -> None:
    curl("--cacert", lab_ca(), *through(inspecting.via), "https://reset.corp.example/")
    inspecting.wait_for(about("reset.corp.example", "broken"))
    curl("--cacert", lab_ca(), *through(inspecting.via), "https://after.corp.example/")
    inspecting.wait_for(about("after.corp.example", "allowed"))

    told = [event for event in inspecting.events() if about("reset.corp.example", event.action)(event)]
    assert [event.tierwall.behaviour for event in told if event.action not in {"allowed", "closed"}] == ["reset"]
    assert inspecting.console().count(" reset.corp.example:443 ") == 1


@needs("curl")
def test_curl_is_late_and_slow_where_tls_is_inspected(inspecting: Proxy) -> None:
    def fetched(name: str, target: str) -> tuple[int, float]:
        began = time.monotonic()
        url = f"https://{name}.corp.example/{target}"
        got = curl("--cacert", lab_ca(), *through(inspecting.via), url, limit_s=10)
        return len(got.body), time.monotonic() - began

    (plain, plain_s), (late, late_s) = fetched("plain", ""), fetched("late", "")
    (download, download_s) = fetched("slow", "bytes/500000")

    assert min(plain, late) > 500
    assert late_s - plain_s >= 0.55  # the handshake and the request: two round trips
    assert (download, download_s >= 1.0) == (500_000, True)


def test_a_plain_http_connection_that_is_kept_idle_is_cut(inspecting: Proxy) -> None:
    ends = []
    for name in ("plain", "idle"):
        with connected(inspecting.via, limit_s=1.0) as client:
            client.sendall(f"GET http://{name}.corp.example/ HTTP/1.1\r\nHost: {name}.corp.example\r\n\r\n".encode())
            head, _ = read_response(client)
            assert head.startswith(b"HTTP/1.1 301 ")
            ends.append(read_to_end(client))

    assert ends == [b"<silence>", b"<reset>"]
