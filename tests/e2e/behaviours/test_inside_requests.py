"""Behaviours that look at requests: WebSockets that come to nothing, responses that are held, headers that change."""

import asyncio
import json
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.e2e.behaviours.conftest import NAMES, Start
from tests.e2e.behaviours.inspected import broken, event
from tests.e2e.behaviours.origins import TellingOrigin
from tests.support.journal_lines import about
from tests.support.needs import needs
from tests.support.programs import Curled, curl, through, wait
from tests.support.running import Proxy, allow_private, by_lab_ca, lab_ca
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Cause, Outcome, websocket_session
from tierwall.standins.origins import RedirectOrigin, serve_in_thread

SITE = """
  - {behaviour: tls-inspection}
  - {behaviour: no-websocket, scope: {hosts: [strip.vevox.app]}}
  - {behaviour: no-websocket, how: "403", scope: {hosts: [forbidden.vevox.app]}}
  - {behaviour: no-websocket, how: "501", scope: {hosts: [not-implemented.vevox.app]}}
  - {behaviour: no-websocket, how: silence, scope: {hosts: [silent.vevox.app]}}
  - {behaviour: buffering, scope: {hosts: [held.vevox.app, clear.corp.example]}}
  - behaviour: headers
    scope: {hosts: [changed.vevox.app, clear.corp.example]}
    add: {X-Company: ACME}
    strip: [X-Powered-By, X-Secret]
"""
PLAIN = "plain.vevox.app"
ASK_S = 1.0
"""Seconds that a client waits for what does not come."""


@pytest.fixture(scope="module")
def telling(authority: Authority) -> Iterator[TellingOrigin]:
    with serve_in_thread(TellingOrigin(authority, NAMES)) as origin:
        yield origin


@pytest.fixture(scope="module")
def proxy(under: Start, telling: TellingOrigin) -> Iterator[Proxy]:
    with (
        serve_in_thread(RedirectOrigin()) as in_clear,
        under(
            SITE,
            *allow_private("*.vevox.app", 443, telling.port),
            *allow_private("clear.corp.example", 80, in_clear.port),
        ) as proxy,
    ):
        yield proxy


def socket(proxy: Proxy, host: str) -> Outcome:
    return wait(websocket_session(proxy.via, host, ca=lab_ca(), limit_s=ASK_S))


def get(proxy: Proxy, url: str, *arguments: str, limit_s: float = 5.0) -> Curled:
    return curl(*through(proxy.via), "--cacert", lab_ca(), *arguments, url, limit_s=limit_s)


def seen(proxy: Proxy, host: str, *arguments: str) -> tuple[dict[str, Any], Curled]:
    answer = get(proxy, f"https://{host}/seen", *arguments)
    said: dict[str, Any] = json.loads(answer.body)
    return said, answer


def of_websocket(host: str, detail: str, **more: Any) -> dict[str, Any]:
    return event(
        host,
        "vevox/*.vevox.app",
        reason="behaviour",
        tier="core",
        services={"dashboard": "core", "web-attendee": "core"},
        stage="request",
        behaviour="no-websocket",
        detail=detail,
        url={"full": f"https://{host}/socket"},
        http={"request": {"method": "GET"}},
        **more,
    )


def test_without_it_a_websocket_works_under_inspection(proxy: Proxy) -> None:
    outcome = socket(proxy, PLAIN)

    assert outcome.ok
    assert outcome.echoes == (b"hello", b"\x00\x01")
    assert by_lab_ca(outcome.issuer)


def test_stripped_the_server_sees_a_plain_request(proxy: Proxy) -> None:
    outcome = socket(proxy, "strip.vevox.app")

    assert outcome.reply is not None
    assert outcome.reply.status == 426
    detail = "Upgrade and Connection are stripped: the server sees a plain request"
    assert broken(proxy, "strip.vevox.app") == of_websocket("strip.vevox.app", detail)


@needs("curl")
@pytest.mark.parametrize(("host", "status"), [("forbidden.vevox.app", 403), ("not-implemented.vevox.app", 501)])
def test_refused_nothing_of_it_reaches_the_server(proxy: Proxy, telling: TellingOrigin, host: str, status: int) -> None:
    before = len(telling.reached.targets)
    outcome = socket(proxy, host)
    page = get(proxy, f"https://{host}/seen")

    assert outcome.reply is not None
    assert outcome.reply.status == status
    assert dict(outcome.reply.headers)["x-tierwall-behaviour"] == "no-websocket"
    assert telling.reached.targets[before:] == ["/seen"]
    assert page.status == 200
    detail = f"the request to become a WebSocket is answered {status}"
    assert broken(proxy, host) == of_websocket(host, detail, refusal=str(status))


def test_accepted_and_then_silent(proxy: Proxy) -> None:
    outcome = socket(proxy, "silent.vevox.app")

    assert (outcome.cause, outcome.reply) == (Cause.TIMEOUT, None)
    assert outcome.pushes == ()
    detail = "it becomes a WebSocket, on which nothing passes"
    assert broken(proxy, "silent.vevox.app") == of_websocket("silent.vevox.app", detail)


def test_a_client_library_says_of_each_way_what_its_users_would_see(proxy: Proxy) -> None:
    trusting = ssl.create_default_context(cafile=lab_ca())

    async def heard(host: str) -> str:
        at = {"ssl": trusting, "proxy": f"http://127.0.0.1:{proxy.port}", "open_timeout": 5}
        try:
            async with connect(f"wss://{host}/socket", **at) as socket:
                async with asyncio.timeout(ASK_S):
                    return str(await socket.recv())
        except InvalidStatus as refused:
            return f"status {refused.response.status_code}"
        except TimeoutError:
            return "silence"

    assert {host: wait(heard(f"{host}.vevox.app")) for host in ("plain", "strip", "forbidden", "silent")} == {
        "plain": "state: poll opened",
        "strip": "status 426",
        "forbidden": "status 403",
        "silent": "silence",
    }


@needs("curl")
def test_server_sent_events_flow_as_they_come(proxy: Proxy) -> None:
    stream = get(proxy, f"https://{PLAIN}/open", "-N", limit_s=ASK_S)

    assert (stream.code, stream.body) == (28, "data: first\n\n")


@needs("curl")
def test_held_no_event_comes_before_the_stream_ends(proxy: Proxy) -> None:
    stream = get(proxy, "https://held.vevox.app/open", "-N", limit_s=ASK_S)

    assert (stream.code, stream.body) == (28, "")
    said = broken(proxy, "held.vevox.app")["tierwall"]
    assert said["detail"] == "a response of text/event-stream is held until it is complete"
    assert said["behaviour"] == "buffering"


@needs("curl")
def test_held_a_response_comes_as_a_whole_and_one_that_takes_long_is_noted(proxy: Proxy) -> None:
    with_head = get(proxy, "https://held.vevox.app/later", limit_s=ASK_S)
    whole = get(proxy, "https://held.vevox.app/later")

    assert (with_head.code, with_head.body, with_head.status) == (28, "", 0)
    assert whole.body == "now on"
    proxy.wait_for(
        lambda said: (
            about("held.vevox.app", "broken")(said)
            and said.tierwall.detail == "a response is held until it is complete, which took more than 1 s"
        )
    )


@needs("curl")
def test_requests_and_responses_get_what_some_proxies_add_and_lose_what_they_take(proxy: Proxy) -> None:
    sent = ("-H", "Connection: X-Hop", "-H", "X-Hop: 1", "-H", "X-Secret: 2", "-H", "TE: gzip", "--http1.1")
    before, unchanged = seen(proxy, PLAIN, *sent)
    after, changed = seen(proxy, "changed.vevox.app", *sent, "-H", "X-Forwarded-For: 192.0.2.1")

    names = {line.partition(":")[0] for line in before["headers"]}
    assert {"x-secret", "via"} <= names
    assert not {"x-hop", "te", "x-forwarded-for", "x-company"} & names
    assert (unchanged.header("via"), unchanged.header("x-powered-by")) == ("1.1 inner, 1.1 tierwall", "tests")
    kept = [line for line in after["headers"] if line.partition(":")[0] not in ("host", "user-agent", "accept")]
    assert kept == ["x-forwarded-for: 192.0.2.1, 127.0.0.1", "via: 1.1 tierwall", "x-company: ACME"]
    assert changed.header("via") == "1.1 inner, 1.1 tierwall"
    assert (changed.header("x-powered-by"), changed.header("keep-alive")) == (None, None)
    said = broken(proxy, "changed.vevox.app")["tierwall"]
    assert (said["behaviour"], said["tier"], said["breaks"]) == ("headers", "none", [])
    assert said["detail"] == ("request: added x-forwarded-for, x-company; taken away: x-secret")


def test_a_websocket_survives_the_headers_that_change(proxy: Proxy) -> None:
    assert socket(proxy, "changed.vevox.app").ok


@needs("curl")
def test_plain_http_is_no_different(proxy: Proxy) -> None:
    answer = get(proxy, "http://clear.corp.example/")

    said = broken(proxy, "clear.corp.example")
    assert (answer.status, answer.header("via")) == (301, "1.1 tierwall")
    assert (said["network"]["protocol"], said["tierwall"]["behaviour"]) == ("http", "headers")


@needs("curl")
def test_one_event_says_what_happens_to_all_requests_of_a_connection(proxy: Proxy) -> None:
    urls = ["https://changed.vevox.app/seen"] * 3
    had = len(proxy.lines())
    get(proxy, urls[0], *urls[1:])

    def of_it(action: str) -> int:
        return sum(map(about("changed.vevox.app", action), proxy.events()[had:]))

    proxy.wait_until(lambda: of_it("allowed") == len(urls))
    assert of_it("broken") == 1
