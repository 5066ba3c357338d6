"""What the end-to-end tests share: an authority, and stand-in origins that keep a record of what reached them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tierwall.demo.certificates import Authority
from tierwall.demo.origins import HttpsOrigin, RedirectOrigin, SpeaksFirstOrigin, TcpEchoOrigin, serve_in_thread

NAMES = ["8x8.vc", "*.8x8.vc", "api.amplitude.com", "vevox.app", "*.vevox.app", "*.vevox.com", "*.corp.example"]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs for the origins."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def ca(authority: Authority) -> Path:
    """What clients trust."""
    return authority.ca_pem


@pytest.fixture
def https(authority: Authority) -> Iterator[HttpsOrigin]:
    """A vendor's web server: pages, a WebSocket, and the native protocol. New for each test, as is its record."""
    with serve_in_thread(HttpsOrigin(authority, NAMES)) as origin:
        yield origin


@pytest.fixture
def forbidden(authority: Authority) -> Iterator[HttpsOrigin]:
    """Such a server where nothing is to arrive."""
    with serve_in_thread(HttpsOrigin(authority, NAMES)) as origin:
        yield origin
        assert origin.reached.connections == 0


@pytest.fixture
def port_80() -> Iterator[RedirectOrigin]:
    """A vendor's port 80, which redirects to https."""
    with serve_in_thread(RedirectOrigin()) as origin:
        yield origin


@pytest.fixture
def echo() -> Iterator[TcpEchoOrigin]:
    """A TCP server that echoes, and says `bye` after the client's FIN."""
    with serve_in_thread(TcpEchoOrigin()) as origin:
        yield origin


@pytest.fixture
def speaks_first() -> Iterator[SpeaksFirstOrigin]:
    """A TCP server that greets."""
    with serve_in_thread(SpeaksFirstOrigin()) as origin:
        yield origin


@pytest.fixture
def site(tmp_path: Path) -> Callable[[str], Path]:
    """Write a site file."""

    def write(text: str) -> Path:
        path = tmp_path / "site.yaml"
        path.write_text(f"version: 1\nsite: e2e\n{text}", encoding="utf-8")
        return path

    return write
