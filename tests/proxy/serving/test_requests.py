"""Every request of a connection that was handed over is judged by all that it names, before anything of it goes out."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow, Request
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test.tflow import tclient_conn, tflow

from tests.policy.catalogues import CATALOGUE, listed
from tests.support.endpoints import Told
from tierwall.policy.behaviour import NoWebsocket
from tierwall.policy.site import HttpRefusal, Names, Refusals, Site
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.middlebox.access.proxied_requests import ProxiedRequests
from tierwall.proxy.middlebox.once_per_connection import OncePerConnection
from tierwall.proxy.mitmproxy.guard import UNJUDGED, deny_until_judged
from tierwall.proxy.mitmproxy.http.told import NAMES
from tierwall.proxy.serving.requests import Requests
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations, parse_redirect
from tierwall.proxy.state.recorder import Recorder

SITE = Site(id="lab", admit=(listed("a.example", "b.example", on=["tcp/80", "tcp/443"]),))
TO = tuple(parse_redirect(f"{host}:{port}:127.0.0.1:9") for host in ("a.example", "b.example") for port in (80, 443))


class Asked:
    """The requests of one client, as mitmproxy's hooks bring them."""

    def __init__(self, site: Site = SITE) -> None:
        self.policy, self.told = ActivePolicy(site, CATALOGUE), Told()
        destinations, recorder = Destinations(TO), Recorder(self.told, self.policy, everything=True)
        later = ProxiedRequests(AtAccess(self.policy), self.policy, recorder)
        self.requests = Requests(self.policy, destinations, recorder, OncePerConnection(recorder), later)
        self.client: Client = tclient_conn()
        self.client.proxy_mode, self.client.sni = ProxyMode.parse("regular"), None

    def ask(self, url: str, *names: str, **fields: str) -> HTTPFlow:
        """One, with these names in it."""
        request = Request.make("GET", url, headers=dict(fields))
        flow: HTTPFlow = tflow(client_conn=self.client, req=request)
        flow.metadata[NAMES], flow.metadata[UNJUDGED] = names or (request.host,), True
        asyncio.run(self._judged(flow))
        return flow

    async def _judged(self, flow: HTTPFlow) -> None:
        from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook  # noqa: PLC0415

        deny_until_judged(HttpRequestHeadersHook(flow))
        await self.requests.requestheaders(flow)

    @property
    def actions(self) -> list[tuple[str, str | None]]:
        """What was told so far."""
        return [(str(event.event.action), event.event.reason) for event in self.told.events]


def test_what_is_admitted_goes_on_as_it_comes() -> None:
    asked = Asked()

    flow = asked.ask("http://a.example/x")

    assert flow.response is None
    assert flow.request.stream is True
    assert asked.actions == [("allowed", None)]
    assert flow.comment.startswith("tierwall: allow")
    assert asked.requests.admitted(asked.client, ("a.example", 80)) is not None


@pytest.mark.parametrize("names", [("evil.example",), ("a.example", "evil.example")])
def test_one_name_that_is_not_admitted_is_enough(names: tuple[str, ...]) -> None:
    asked = Asked()

    flow = asked.ask("http://a.example/", *names)

    assert flow.response is not None
    assert flow.response.status_code == 403
    assert asked.told.only.event.action == "denied"
    assert asked.requests.admitted(asked.client, ("a.example", 80)) is None


def test_inside_tls_the_server_name_is_one_of_them() -> None:
    asked = Asked()
    asked.client.sni = "evil.example"

    assert asked.ask("https://a.example/").response is not None


def _killed(flow: HTTPFlow) -> bool:
    return flow.error is not None


def _without_page(flow: HTTPFlow) -> bool:
    return flow.response is not None and not flow.response.raw_content


@pytest.mark.parametrize(
    ("how", "shows"),
    [(HttpRefusal.RESET, _killed), (HttpRefusal.DROP, _killed), (HttpRefusal.FORBIDDEN, _without_page)],
)
def test_it_is_refused_as_the_site_wants(how: HttpRefusal, shows: Callable[[HTTPFlow], bool]) -> None:
    asked = Asked(replace(SITE, refuse=Refusals(http=how)))

    flow = asked.ask("http://evil.example/")

    assert shows(flow)
    assert asked.told.only.tierwall.refusal == str(how)


def test_another_addons_answer_is_left_alone() -> None:
    asked = Asked()
    flow: Any = tflow(client_conn=asked.client, resp=True)

    asyncio.run(asked.requests.requestheaders(flow))

    assert asked.actions == []


def test_a_second_connect_stays_denied() -> None:
    asked = Asked()

    asked.requests.http_connect(tflow(client_conn=asked.client, req=Request.make("CONNECT", "http://a.example:443/")))

    assert asked.actions == [("denied", "malformed")]
    assert asked.told.only.tierwall.refusal == "421"


def test_a_behaviour_may_answer_instead() -> None:
    asked = Asked(replace(SITE, behaviours=(NoWebsocket(),)))

    asked.ask("http://a.example/", Upgrade="websocket", Connection="Upgrade")

    assert ("broken", "behaviour") in asked.actions


def test_under_resolve_a_request_in_clear_is_led_by_its_own_name() -> None:
    asked = Asked(replace(SITE, names=Names.RESOLVE))

    flow = asked.ask("http://192.0.2.1/", "b.example")

    assert flow.request.host == "b.example"
    assert asked.requests.admitted(asked.client, ("b.example", 80)) is not None


def test_of_a_client_that_is_gone_nothing_is_kept() -> None:
    asked = Asked()
    asked.ask("http://a.example/")

    asked.requests.forget(asked.client)

    assert asked.requests.admitted(asked.client, ("a.example", 80)) is None
