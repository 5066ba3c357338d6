"""Only what was judged is dialled; several addresses are tried; a failure says its cause."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import pytest

from tests.policy.catalogues import CATALOGUE, connect, listed
from tests.support.endpoints import run
from tierwall.policy.attempt import Attempt, Reason
from tierwall.policy.model import Address
from tierwall.policy.site import Site
from tierwall.proxy.connection import dial as dialling
from tierwall.proxy.connection.dial import Denied, Dialled, Unreachable, check, dial
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destination, Destinations

pytestmark = pytest.mark.usefixtures("both_endpoints")

POLICY = ActivePolicy(
    Site(id="lab", admit=(listed("*.corp.example", "127.0.0.0/8", on=["tcp/any"], label="admit[0]"),)), CATALOGUE
)


class Found(Destinations):
    """Destinations whose DNS answers with these addresses."""

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self._addresses = tuple(ip_address(address) for address in addresses)

    async def find(self, host: str | Address, port: int) -> Destination:
        return Destination(self._addresses, port)


class NeverFound(Destinations):
    """Destinations whose DNS does not answer."""

    async def find(self, host: str | Address, port: int) -> Destination:
        return await asyncio.get_running_loop().create_future()


@contextmanager
def _listener(address: str = "127.0.0.1", port: int = 0) -> Iterator[tuple[int, socket.socket]]:
    with socket.create_server((address, port)) as listener:
        listener.setblocking(False)
        yield listener.getsockname()[1], listener


def _closed_port() -> int:
    with _listener() as (port, _):
        return port


def _dialled(destinations: Destinations, attempt: Attempt) -> Dialled | Denied | Unreachable:
    async def scene() -> Dialled | Denied | Unreachable:
        outcome = await dial(POLICY, destinations, attempt, "a.corp.example")
        if isinstance(outcome, Dialled):
            outcome.server.abort()
            await asyncio.sleep(0)
        return outcome

    return run(scene)


def test_the_address_that_was_judged_is_dialled() -> None:
    with _listener() as (port, _):
        outcome = _dialled(Found("127.0.0.1"), connect("a.corp.example", port))

    assert isinstance(outcome, Dialled)
    assert outcome.address == ip_address("127.0.0.1")


def test_a_name_that_leads_inside_is_denied_and_nothing_is_sent() -> None:
    closed = ActivePolicy(Site(id="lab", admit=(listed("*.corp.example", on=["tcp/any"]),)), CATALOGUE)

    async def scene(port: int) -> Dialled | Denied | Unreachable:
        return await dial(closed, Found("127.0.0.1"), connect("a.corp.example", port), "a.corp.example")

    with _listener() as (port, listener):
        outcome = run(lambda: scene(port))
        with pytest.raises(BlockingIOError):
            listener.accept()

    assert isinstance(outcome, Denied)
    assert (outcome.verdict.reason, outcome.attempt.dialled) == (Reason.PRIVATE_ADDRESS, ip_address("127.0.0.1"))


def test_of_several_addresses_those_that_are_denied_are_left_out() -> None:
    found = Found("10.0.0.1", "169.254.169.254", "127.0.0.5")

    checked = run(lambda: check(POLICY, found, connect("a.corp.example"), "a.corp.example"))

    assert checked == Destination((ip_address("127.0.0.5"),), 443)


def test_when_the_first_address_refuses_the_next_is_tried() -> None:
    with _listener("127.0.0.2") as (port, _):
        outcome = _dialled(Found("127.0.0.3", "127.0.0.2"), connect("a.corp.example", port))

    assert isinstance(outcome, Dialled)
    assert outcome.address == ip_address("127.0.0.2")


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("127.0.0.1", "127.0.0.2")])
def test_a_refused_connection_is_called_so(addresses: tuple[str, ...]) -> None:
    outcome = _dialled(Found(*addresses), connect("a.corp.example", _closed_port()))

    assert isinstance(outcome, Unreachable)
    assert (outcome.timed_out, "refused" in outcome.cause.lower()) == (False, True)


def test_a_name_that_does_not_resolve_is_called_so() -> None:
    class NoName(Destinations):
        async def find(self, host: str | Address, port: int) -> Destination:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    outcome = _dialled(NoName(), connect("a.corp.example"))

    assert outcome == Unreachable("a.corp.example does not resolve: Name or service not known")


def test_the_dial_has_a_limit_that_resolving_counts_toward(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialling, "DIAL_S", 0.01)

    outcome = _dialled(NeverFound(), connect("a.corp.example"))

    assert isinstance(outcome, Unreachable)
    assert outcome.timed_out


def test_the_proxy_never_dials_itself_by_whatever_name() -> None:
    with _listener() as (port, listener):
        destinations = Found("127.0.0.1")
        destinations.listen([("127.0.0.1", port)])
        outcome = _dialled(destinations, connect("a.corp.example", port))
        with pytest.raises(BlockingIOError):
            listener.accept()

    assert isinstance(outcome, Denied)
    assert outcome.verdict.reason is Reason.SELF_CONNECT
