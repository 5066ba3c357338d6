"""Nothing is dialled that was not judged, and only the address that was checked."""

import asyncio
from ipaddress import ip_address, ip_network

import pytest
from mitmproxy.connection import Client, Server
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test.tflow import tclient_conn

from tests.policy.catalogues import CATALOGUE, listed
from tests.support.endpoints import Told
from tierwall.policy.site import Site
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.mitmproxy.guard import UNJUDGED
from tierwall.proxy.serving.enforcement import Enforcement
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations, parse_redirect
from tierwall.proxy.state.recorder import Recorder

SITE = Site(
    id="lab",
    admit=(listed("a.example", "a-.example", "192.0.2.0/24", "10.0.0.0/8"),),
    clients=(ip_network("10.77.0.0/16"),),
)


class Dialling:
    """One client's dials."""

    def __init__(self, site: Site = SITE, *resolve: str, mode: str = "regular", peer: str = "10.77.0.1") -> None:
        self.told, policy = Told(), ActivePolicy(site, CATALOGUE)
        recorder = Recorder(self.told, policy, everything=True)
        to = Destinations(tuple(map(parse_redirect, resolve)), {(ip_address("192.0.2.9"), 443)})
        self.enforcement = Enforcement(policy, to, recorder, AtAccess(policy))
        self.client: Client = tclient_conn()
        self.client.proxy_mode, self.client.sni, self.client.peername = ProxyMode.parse(mode), None, (peer, 40_000)

    def dial(self, host: str, port: int = 443, *, tls: bool = False) -> Server:
        """What becomes of a server that a layer of mitmproxy's wants."""
        server = Server(address=(host, port))
        server.tls, server.error = tls, UNJUDGED
        asyncio.run(self.enforcement.server_connect(ServerConnectionHookData(server=server, client=self.client)))
        return server

    @property
    def reasons(self) -> list[str | None]:
        """Of what was told so far."""
        return [event.event.reason for event in self.told.events]


def test_what_is_admitted_is_dialled_at_the_address_that_was_checked_and_keeps_its_name() -> None:
    dialling = Dialling(SITE, "a.example:443:127.0.0.1:9")

    server = dialling.dial("a.example", tls=True)
    assert (server.error, server.address, server.sni) == (None, ("127.0.0.1", 9), "a.example")

    dialling.enforcement.server_connected(ServerConnectionHookData(server=server, client=dialling.client))
    assert server.address == ("a.example", 443)


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("evil.example", "unlisted"),
        ("198.51.100.1", "address-only"),
        ("192.0.2.9", "self-connect"),
        ("a..example", "malformed"),
    ],
)
def test_what_is_denied_is_not_dialled_and_told(host: str, reason: str) -> None:
    dialling = Dialling()

    server = dialling.dial(host)

    assert server.error == f"tierwall: {reason}"
    assert dialling.reasons == [reason]


def test_a_private_address_is_dialled_where_the_site_admits_its_network() -> None:
    assert Dialling().dial("10.0.0.5").error is None


def test_a_name_with_which_no_certificate_is_compared_is_told_and_not_dialled() -> None:
    dialling = Dialling(SITE, "a-.example:443:127.0.0.1:9")

    assert dialling.dial("a-.example").error is None
    assert "cannot be verified" in (dialling.dial("a-.example", tls=True).error or "")
    assert dialling.reasons == ["unreachable"]


def test_another_addons_refusal_stands() -> None:
    dialling = Dialling()
    server = Server(address=("192.0.2.1", 443))
    server.error = "no"

    asyncio.run(dialling.enforcement.server_connect(ServerConnectionHookData(server=server, client=dialling.client)))

    assert (server.error, dialling.reasons) == ("no", [])


def test_a_parent_proxy_is_dialled_as_it_is() -> None:
    dialling = Dialling(mode="upstream:http://198.51.100.1:3128")

    assert dialling.dial("198.51.100.1", 3128).error is None
    assert dialling.dial("198.51.100.1", 3129).error == "tierwall: address-only"


@pytest.mark.parametrize(("peer", "error"), [("10.77.0.1", None), ("10.78.0.1", "client-refused")])
def test_who_is_no_client_of_the_site_is_refused(peer: str, error: str | None) -> None:
    dialling = Dialling(peer=peer)
    dialling.client.error = UNJUDGED

    dialling.enforcement.client_connected(dialling.client)

    assert dialling.client.error == error


def test_a_dial_that_fails_is_told_with_what_was_asked_for() -> None:
    dialling = Dialling(SITE, "a.example:443:127.0.0.1:9")
    server = dialling.dial("a.example")
    server.error = "Connection refused"

    dialling.enforcement.server_connect_error(ServerConnectionHookData(server=server, client=dialling.client))

    event = dialling.told.only
    assert event.destination is not None
    assert (event.event.action, event.destination.domain) == ("failed", "a.example")
    assert server.address == ("a.example", 443)
