"""mitmproxy's connection handler, made safe: what crashes ends its connection and is told, once."""

import asyncio
import logging
from typing import Any

import pytest
from mitmproxy.connection import ConnectionState
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layer import CommandGenerator, Layer
from mitmproxy.proxy.layers.tls import TlsStartServerHook
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.tls import TlsData

from tests.support.layers import context
from tests.support.mitmproxys import Writer
from tierwall.proxy.mitmproxy.handler import IDLE_S, GuardedHandler
from tierwall.proxy.mitmproxy.http.told import TierwallCrashedHook, TierwallRefusedHook


class Crashes(Layer):
    """Raises at whatever happens."""

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        yield from ()
        raise LookupError("of ours")


class Silent(Layer):
    """Waits."""

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        yield from ()


class Addons:
    """Hears every hook."""

    def __init__(self) -> None:
        self.heard: list[commands.StartHook] = []

    async def handle_lifecycle(self, hook: commands.StartHook) -> None:
        self.heard.append(hook)


class Handled:
    """One connection."""

    def __init__(self, layer: type[Layer]) -> None:
        self.addons, self.writer = Addons(), Writer()
        master: Any = type("Master", (), {"addons": self.addons})()
        given: Any = self.writer
        self.handler = GuardedHandler(master, given, given, Options(), ProxyMode.parse("regular"))
        self.handler.layer = layer(self.handler.layer.context)

    async def happens(self, times: int = 1) -> list[str]:
        """Something; the names of hooks that follow."""
        for _ in range(times):
            await self.handler.server_event(events.Start())
        for _ in range(3):
            await asyncio.sleep(0)
        return [hook.name for hook in self.addons.heard]


def test_a_crash_ends_the_connection_at_once_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> tuple[list[str], bool, object]:
        handled = Handled(Crashes)
        told = await handled.happens(3)
        return told, handled.writer.closed, handled.addons.heard[0]

    with caplog.at_level(logging.CRITICAL):
        told, closed, hook = asyncio.run(scene())

    assert (told, closed) == (["tierwall_crashed"], True)
    assert isinstance(hook, TierwallCrashedHook)
    assert hook.crash.failure == "LookupError: of ours"


def test_a_handshake_that_is_not_finished_in_time_is_refused_and_told() -> None:
    async def scene() -> tuple[list[str], bool, object]:
        handled = Handled(Silent)
        handled.handler.give_up_handshake()
        handled.handler.give_up_handshake()
        told = await handled.happens()
        return told, handled.writer.closed, handled.addons.heard[0]

    told, closed, hook = asyncio.run(scene())

    assert (told, closed) == (["tierwall_refused"], True)
    assert isinstance(hook, TierwallRefusedHook)
    assert hook.refused.why == "a TLS handshake that is not finished in time"


def test_one_that_stands_is_left_alone() -> None:
    async def scene() -> bool:
        handled = Handled(Silent)
        handled.handler.client.timestamp_tls_setup = 1.0
        handled.handler.give_up_handshake()
        return handled.writer.closed

    assert not asyncio.run(scene())


def test_mitmproxys_own_limit_ends_no_connection() -> None:
    async def scene() -> int:
        return int(Handled(Silent).handler.timeout_watchdog.timeout)

    assert asyncio.run(scene()) == IDLE_S


@pytest.mark.parametrize(("name", "stands"), [("8x8.vc", True), ("a-.8x8.vc", False)])
def test_tls_with_a_server_whose_name_no_certificate_has_is_not_begun(name: str, stands: bool) -> None:
    async def scene() -> object:
        inside = context(address=(name, 443))
        inside.server.sni, inside.server.state = name, ConnectionState.OPEN
        begun: Any = TlsData(inside.server, inside)
        begun.ssl_conn = object()
        await Handled(Silent).handler.handle_hook(TlsStartServerHook(begun))
        return begun.ssl_conn

    assert (asyncio.run(scene()) is not None) is stands
