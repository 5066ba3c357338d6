"""What mitmproxy accepted itself is refused without a live door, and an admitted UDP flow may be silent for minutes."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy.options import Options
from mitmproxy.proxy import server_hooks
from mitmproxy.proxy.mode_specs import ProxyMode

from tests.support.endpoints import run
from tests.support.mitmproxys import Writer
from tierwall.proxy.listeners.fronted_handler import UDP_IDLE_S, FrontedHandler
from tierwall.proxy.listeners.live_door import LIVE_DOOR
from tierwall.proxy.mitmproxy.handler import IDLE_S, GuardedHandler


async def _heard(_: object) -> None:
    """Every hook."""


def _handler(spec: str = "regular") -> tuple[FrontedHandler, Writer]:
    writer: Any = Writer()
    master: Any = SimpleNamespace(addons=SimpleNamespace(handle_lifecycle=_heard))
    return FrontedHandler(master, writer, writer, Options(), ProxyMode.parse(spec)), writer


def test_without_a_live_door_nothing_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LIVE_DOOR, "_door", None)

    async def scene() -> bool:
        handler, writer = _handler()
        await handler.handle_client()
        return writer.closed

    assert run(scene)


@pytest.mark.parametrize(("spec", "transport"), [("reverse:http://192.0.2.1", "tcp"), ("regular", "udp")])
def test_what_does_not_come_through_the_door_is_mitmproxys(
    spec: str, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []

    async def handle_client(self: GuardedHandler) -> None:
        served.append(self.client.proxy_mode.full_spec)

    monkeypatch.setattr(GuardedHandler, "handle_client", handle_client)
    monkeypatch.setattr(LIVE_DOOR, "_door", object())

    async def scene() -> None:
        handler, _ = _handler(spec)
        handler.client.transport_protocol = transport  # type: ignore[assignment]
        await handler.handle_client()

    run(scene)

    assert served == [spec]


@pytest.mark.parametrize(("transport", "seconds"), [("udp", UDP_IDLE_S), ("tcp", IDLE_S)])
def test_an_admitted_flow_may_be_silent_for_as_long_as_a_muted_call(transport: str, seconds: int) -> None:
    async def scene() -> float:
        handler, _ = _handler()
        handler.client.transport_protocol = transport  # type: ignore[assignment]
        data: Any = SimpleNamespace(server=SimpleNamespace(), client=handler.client)
        handler._wire = lambda _: None  # type: ignore[method-assign]
        await handler.handle_hook(server_hooks.ServerConnectedHook(data))
        await asyncio.sleep(0)
        return handler.timeout_watchdog.timeout

    assert run(scene) == seconds
