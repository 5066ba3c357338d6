"""What the tests of stock mitmproxy share: one mitmdump with stand-in origins behind it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import NAMES
from tests.stock.stock import Stock, stock_mitmproxy
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, TcpEchoOrigin, serve_in_thread

SITE = """
version: 1
site: stock
admit:
  - {vendor: 8x8, tiers: [core]}
  - {hosts: ["*.corp.example"], ports: [tcp/7, tcp/80, tcp/443]}
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """The servers behind a proxy, and the names that lead to them."""

    https: HttpsOrigin
    """`*.corp.example:443` and `8x8.vc:443`."""
    port_80: RedirectOrigin
    """`*.corp.example:80`."""
    echo: TcpEchoOrigin
    """`*.corp.example:7`."""
    forbidden: RedirectOrigin
    """`api.amplitude.com` and `*.evil.example`: nothing ever arrives."""

    def resolve(self) -> tuple[str, ...]:
        """What tierwall_resolve is set to."""
        lead = [
            ("8x8.vc:443", self.https.port),
            ("*.corp.example:443", self.https.port),
            ("*.corp.example:80", self.port_80.port),
            ("*.corp.example:7", self.echo.port),
            ("api.amplitude.com:443", self.forbidden.port),
            ("*.evil.example:*", self.forbidden.port),
        ]
        return tuple(f"{host}:127.0.0.1:{port}" for host, port in lead)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs for the origins."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def ca(authority: Authority) -> Path:
    """What clients trust."""
    return authority.ca_pem


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site file with SITE."""
    path = tmp_path_factory.mktemp("site") / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    return path


@pytest.fixture
def behind(authority: Authority) -> Iterator[Behind]:
    """New servers for each test; where nothing is to arrive nothing did."""
    with ExitStack() as stack:
        forbidden = stack.enter_context(serve_in_thread(RedirectOrigin()))
        yield Behind(
            https=stack.enter_context(serve_in_thread(HttpsOrigin(authority, NAMES))),
            port_80=stack.enter_context(serve_in_thread(RedirectOrigin())),
            echo=stack.enter_context(serve_in_thread(TcpEchoOrigin())),
            forbidden=forbidden,
        )
        assert forbidden.reached.connections == 0


@pytest.fixture
def mitmdump(behind: Behind, site: Path) -> Iterator[Stock]:
    """A mitmdump under SITE, with nothing but tierwall's options set."""
    with stock_mitmproxy(site=site, resolve=behind.resolve()) as proxy:
        yield proxy
