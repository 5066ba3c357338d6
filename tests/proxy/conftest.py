"""Both kinds of endpoint, for the tests that say they hold for both."""

import pytest

from tierwall.proxy.transport.socket_poll import SocketPoll


@pytest.fixture(params=["sockets", "asyncio"])
def both_endpoints(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once over sockets on the shared epoll, once as where there is no epoll."""
    if request.param == "asyncio":
        monkeypatch.setattr(SocketPoll, "here", lambda: None)
