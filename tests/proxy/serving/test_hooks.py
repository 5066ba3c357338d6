"""Every hook asks what is in force now, and where nothing is, the denial that was set before stands."""

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy import hooks as mitmproxys
from mitmproxy.addonmanager import Loader  # noqa: F401 - which registers mitmproxy's own events

from tierwall.proxy.mitmproxy.http import told  # noqa: F401 - which registers ours
from tierwall.proxy.serving.hooks import hooks

HOOKS: list[tuple[object, str]] = [
    (addon, name)
    for addon in hooks(lambda _: None)
    for name, _ in inspect.getmembers(type(addon), inspect.isfunction)
    if not name.startswith("_")
]

CLIENT = object()
ABOUT: Any = SimpleNamespace(client=CLIENT, client_conn=CLIENT, context=SimpleNamespace(client=CLIENT))
"""What any hook is about, of which only the client is looked at."""


class Recording:
    """In the place of an Enforcement: what is asked of it."""

    def __init__(self, asked: list[str], prefix: str = "") -> None:
        self._asked, self._prefix = asked, prefix

    def __getattr__(self, name: str) -> Any:
        if name in {"requests", "inspection"}:
            return Recording(self._asked, f"{name}.")
        return self._hear(name)

    def _hear(self, name: str) -> Callable[[object], Any]:
        def called(_: object) -> Any:
            self._asked.append(f"{self._prefix}{name}")
            return Nothing()

        return called


class Nothing:
    """What a hook may wait for, or not."""

    def __await__(self) -> Any:
        return iter(())


@pytest.mark.parametrize(("addon", "name"), HOOKS, ids=[name for _, name in HOOKS])
def test_mitmproxy_knows_it(addon: object, name: str) -> None:
    assert name in mitmproxys.all_hooks


@pytest.mark.parametrize("name", [name for _, name in HOOKS])
def test_it_asks_what_is_in_force_for_the_same(name: str) -> None:
    asked: list[str] = []
    recording: Any = Recording(asked)
    [hook] = [getattr(addon, name) for addon in hooks(lambda _: recording) if hasattr(addon, name)]

    _end(hook(ABOUT))

    assert [each.rpartition(".")[2] for each in asked] == [name]


@pytest.mark.parametrize(("addon", "name"), HOOKS, ids=[name for _, name in HOOKS])
def test_where_nothing_is_in_force_it_does_nothing(addon: object, name: str) -> None:
    _end(getattr(addon, name)(ABOUT))


def _end(running: Any) -> None:
    if inspect.iscoroutine(running):
        with pytest.raises(StopIteration):
            running.send(None)
