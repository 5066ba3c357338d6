"""Hook data starts out denied, and only an allow of ours clears it: never what another addon said."""

from ipaddress import ip_network

import pytest
from mitmproxy.addons.block import Block
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.dns import DNSFlow
from mitmproxy.http import HTTPFlow
from mitmproxy.options import Options
from mitmproxy.proxy import mode_specs, server_hooks
from mitmproxy.proxy.commands import CloseConnection
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.events import Start
from mitmproxy.proxy.layer import NextLayerHook
from mitmproxy.proxy.layers.dns import DnsRequestHook
from mitmproxy.proxy.layers.http._hooks import HttpConnectHook, HttpRequestHeadersHook
from mitmproxy.test.taddons import context
from mitmproxy.test.tflow import tdnsflow, tflow

from tests.policy.catalogues import CATALOGUE
from tests.support.endpoints import Told, run
from tierwall.policy.site import Site
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.mitmproxy.guard import deny_until_judged
from tierwall.proxy.mitmproxy.handler import AfterTls
from tierwall.proxy.serving.enforcement import Enforcement
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder


def _client(address: str) -> Client:
    return Client(
        peername=(address, 50_000),
        sockname=("192.0.2.1", 8080),
        state=ConnectionState.OPEN,
        proxy_mode=mode_specs.ProxyMode.parse("regular"),
    )


def _hooks() -> tuple[Enforcement, Told]:
    everybody = (ip_network("0.0.0.0/0"),)
    active_policy, told = ActivePolicy(Site(id="everybody", clients=everybody), CATALOGUE), Told()
    return Enforcement(
        active_policy, Destinations(), Recorder(told, active_policy, everything=False), AtAccess(active_policy)
    ), told


def test_a_client_is_denied_until_it_was_judged() -> None:
    client = _client("127.0.0.1")

    deny_until_judged(server_hooks.ClientConnectedHook(client))

    assert client.error is not None


def test_a_dial_is_denied_until_it_was_judged() -> None:
    server = Server(address=("192.0.2.1", 443))

    deny_until_judged(
        server_hooks.ServerConnectHook(server_hooks.ServerConnectionHookData(server, _client("127.0.0.1")))
    )

    assert server.error is not None


@pytest.mark.parametrize(("hook", "status"), [(HttpRequestHeadersHook, 403), (HttpConnectHook, 421)])
def test_a_request_is_denied_until_it_was_judged(hook: type, status: int) -> None:
    flow: HTTPFlow = tflow()

    deny_until_judged(hook(flow))

    assert flow.response is not None
    assert flow.response.status_code == status


def test_a_question_to_our_dns_is_refused_until_it_was_judged() -> None:
    flow: DNSFlow = tdnsflow()

    deny_until_judged(DnsRequestHook(flow))

    assert flow.response is not None
    assert flow.response.response_code == 5  # RFC 1035 section 4.1.1: Refused


def test_what_follows_tls_is_the_end_until_our_hook_said_more() -> None:
    opened = AfterTls(Context(_client("127.0.0.1"), Options()), ask_on_start=True)

    deny_until_judged(NextLayerHook(opened))

    assert opened.layer is not None
    assert [type(command) for command in opened.layer.handle_event(Start())] == [CloseConnection]


def test_a_client_that_the_site_serves_is_let_in() -> None:
    hooks, told = _hooks()
    client = _client("198.51.100.7")
    deny_until_judged(server_hooks.ClientConnectedHook(client))

    hooks.client_connected(client)

    assert client.error is None
    assert told.events == []


def test_whom_block_global_refuses_stays_refused() -> None:
    async def scene() -> str | None:
        with context(Block(), options=Options()) as running:
            running.options.update(block_global=True)
            client = _client("8.8.8.8")
            deny_until_judged(server_hooks.ClientConnectedHook(client))
            running.master.addons.get("block").client_connected(client)
            _hooks()[0].client_connected(client)
            return client.error

    assert "block_global" in (run(scene) or "")
