"""What the door asked of a connection's first request holds for each that follows, which mitmproxy reads."""

import base64
from typing import Any

import pytest
from mitmproxy.http import HTTPFlow, Request
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test.tflow import tclient_conn, tflow

from tests.policy.catalogues import connect
from tests.support.asked import Asking
from tests.support.endpoints import run
from tierwall.policy.behaviour import Behaviour, CaptivePortal, DialBlackhole, ProxyAuth
from tierwall.policy.behaviour.parameters import Credential, HostName
from tierwall.proxy.middlebox.access import proxied_requests
from tierwall.proxy.middlebox.access.proxied_requests import ProxiedRequests
from tierwall.proxy.state.refusal import Spoken

WANTED = ProxyAuth(users=frozenset({Credential("anna", "secret")}), realm="Corp")
PORTAL = CaptivePortal(portal=HostName("hotel.example"))
PARENT = "upstream:http://parent.example:1"
ANNA = "Basic " + base64.b64encode(b"anna:secret").decode()


def _flow(url: str = "http://8x8.vc/x", method: str = "GET", mode: str = "regular", **fields: str) -> HTTPFlow:
    client: Any = tclient_conn()
    client.proxy_mode = ProxyMode.parse(mode)
    flow: HTTPFlow = tflow(client_conn=client, req=Request.make(method, url, headers=dict(fields)))
    flow.response = None
    return flow


class Later:
    """Requests after the first of one connection."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self.asking = Asking(behaviours, spoken=Spoken.HTTP)
        self.at = self.asking.at_access()

    def ask(self, *flows: HTTPFlow, standing: bool = True) -> list[int | None]:
        """The status that each is answered with instead of by its server."""

        async def scene() -> list[int | None]:
            statuses = list[int | None]()
            async with self.asking.connected() as (asked, _):
                later = ProxiedRequests(self.at, self.asking.policy, asked.recorder)
                with self.at.more_requests(asked):
                    for flow in flows:
                        attempt = connect(flow.request.host, flow.request.port)
                        verdict = self.asking.hit_by(asked).verdict
                        caller = asked.caller
                        if not standing:
                            caller = type(caller)(caller.address, caller.port + 1)
                        stopped = later.serves_portal(flow, caller, attempt)
                        stopped = stopped or await later.stop(flow, caller, attempt, verdict)
                        statuses.append(flow.response.status_code if stopped and flow.response else None)
            return statuses

        return run(scene)


def test_each_request_shows_who_sends_it_and_that_goes_no_further() -> None:
    flows = _flow(), _flow(**{"Proxy-Authorization": ANNA})

    assert Later(WANTED).ask(*flows) == [407, None]
    assert flows[0].response is not None
    assert flows[0].response.headers["Proxy-Authenticate"] == 'Basic realm="Corp", charset="UTF-8"'
    assert "proxy-authorization" not in flows[1].request.headers


@pytest.mark.parametrize(
    ("behaviours", "mode", "stays"), [((), "regular", False), ((), PARENT, True), ((WANTED,), PARENT, False)]
)
def test_only_a_parent_is_shown_what_this_proxy_did_not_ask_for(
    behaviours: tuple[Behaviour, ...], mode: str, stays: bool
) -> None:
    flow = _flow(mode=mode, **{"Proxy-Authorization": ANNA})

    Later(*behaviours).ask(flow)

    assert ("proxy-authorization" in flow.request.headers) is stays


def test_every_request_leads_to_the_portal_which_is_journalled_once() -> None:
    later = Later(PORTAL)

    assert later.ask(_flow(), _flow()) == [302, 302]
    assert [(name, shown) for name, _, shown in later.asking.broke] == [("captive-portal", "302")]


def test_the_portals_own_page_is_answered_and_accepted_lets_the_next_through() -> None:
    later = Later(PORTAL)

    page, accepts = _flow("http://hotel.example/"), _flow("http://hotel.example/accept", "POST")
    assert later.ask(page, accepts, _flow()) == [200, 303, None]


def test_a_foreign_page_accepts_nothing_and_is_journalled() -> None:
    later = Later(PORTAL)
    foreign = _flow("http://hotel.example/accept", "POST", Origin="http://evil.example")

    assert later.ask(foreign, _flow()) == [403, 302]
    assert later.asking.told.events[0].event.reason == "malformed"


def test_a_blackhole_is_504_after_the_time_of_a_dial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxied_requests, "DIAL_S", 0.01)
    later = Later(DialBlackhole())

    assert later.ask(_flow()) == [504]
    assert later.asking.broke[0][2] == "504"


def test_inside_a_tunnel_nothing_is_asked() -> None:
    assert Later(WANTED, PORTAL).ask(_flow(), standing=False) == [None]
