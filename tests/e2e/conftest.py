"""What the end-to-end tests share: one lab with a proxy and stand-in origins, each with a record of what reached it.

Starting a proxy takes seconds, so tests that can live with the lab's site use the lab, each with host names of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.origins import EndsFirstOrigin, RecordingOrigin
from tests.support.running import Proxy, allow_private, running_proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import HttpProxy, Socks5Proxy
from tierwall.standins.origins import (
    HttpsOrigin,
    RedirectOrigin,
    SpeaksFirstOrigin,
    TcpEchoOrigin,
    TcpOrigin,
    serve_in_thread,
)

NAMES = ["8x8.vc", "*.8x8.vc", "api.amplitude.com", "vevox.app", "*.vevox.app", "*.corp.example", "*.evil.example"]

SITE = """
version: 1
site: lab
admit:
  - {vendor: 8x8, tiers: [core]}
  - {hosts: ["*.corp.example"], ports: [tcp/7, tcp/22, tcp/80, tcp/443, tcp/9999]}
  - {hosts: [http.invalid, https.invalid], ports: [tcp/80, tcp/443]}
  - {hosts: [localhost], ports: [tcp/1-65535]}
  - {networks: [127.0.0.3/32], ports: [tcp/1-65535]}
"""

CLOSED_PORT = 1
"""tcpmux: nobody listens there."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A proxy under SITE, in modes regular and socks5, and who is behind it."""

    proxy: Proxy
    https: HttpsOrigin
    """`*.corp.example:443` and `8x8.vc:443`: a vendor's web server."""
    port_80: RedirectOrigin
    """`*.corp.example:80`."""
    echo: TcpEchoOrigin
    """`*.corp.example:7`, which says `bye` after the client's FIN."""
    echo_by_address: TcpEchoOrigin
    """At 127.0.0.3."""
    ends_first: EndsFirstOrigin
    """`ends-first.corp.example:9999`."""
    recording: RecordingOrigin
    """`recording.corp.example:443`."""
    forbidden: HttpsOrigin
    """`*.evil.example` and `api.amplitude.com` on every port: nothing ever arrives."""
    dialled: RecordingOrigin
    """`dialled.corp.example:443`: a connection may arrive, octets never."""

    @property
    def via(self) -> HttpProxy:
        """The way through it as an HTTP proxy."""
        way = self.proxy.at("127.0.0.1")
        assert isinstance(way, HttpProxy)
        return way

    @property
    def socks(self) -> Socks5Proxy:
        """The way through it as a SOCKS5 proxy."""
        way = self.proxy.at("127.0.0.2")
        assert isinstance(way, Socks5Proxy)
        return way


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs for the origins."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def ca(authority: Authority) -> Path:
    """What clients trust."""
    return authority.ca_pem


@pytest.fixture(scope="session")
def standing_lab(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The lab, for all tests."""
    site = tmp_path_factory.mktemp("lab") / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    with ExitStack() as stack:

        def serve[O: TcpOrigin](origin: O) -> O:
            return stack.enter_context(serve_in_thread(origin))

        https, port_80, echo = serve(HttpsOrigin(authority, NAMES)), serve(RedirectOrigin()), serve(TcpEchoOrigin())
        ends_first, recording, dialled = serve(EndsFirstOrigin()), serve(RecordingOrigin()), serve(RecordingOrigin())
        forbidden, speaks_first = serve(HttpsOrigin(authority, NAMES)), serve(SpeaksFirstOrigin())
        sent = [
            ("8x8.vc", 443, https),
            ("recording.corp.example", 443, recording),
            ("dialled.corp.example", 443, dialled),
            ("ends-first.corp.example", 9999, ends_first),
            ("*.closed.corp.example", 9999, None),
            ("*.corp.example", 443, https),
            ("*.corp.example", 80, port_80),
            ("*.corp.example", 22, speaks_first),
            ("*.corp.example", 7, echo),
            ("*.evil.example", 443, forbidden),
            ("*.evil.example", 80, forbidden),
            ("api.amplitude.com", 443, forbidden),
        ]
        resolve = [
            text for host, port, to in sent for text in allow_private(host, port, to.port if to else CLOSED_PORT)
        ]
        modes = ("--mode", "regular@127.0.0.1:0", "--mode", "socks5@127.0.0.2:0")
        proxy = stack.enter_context(running_proxy("--site", site, *modes, *resolve))
        yield Lab(
            proxy=proxy,
            https=https,
            port_80=port_80,
            echo=echo,
            echo_by_address=serve(TcpEchoOrigin(host="127.0.0.3")),
            ends_first=ends_first,
            recording=recording,
            forbidden=forbidden,
            dialled=dialled,
        )


@pytest.fixture
def lab(standing_lab: Lab) -> Iterator[Lab]:
    """The lab; where a test fails, what its proxy said and journalled meanwhile is printed."""
    lines, talk = len(standing_lab.proxy.lines()), len(standing_lab.proxy.console())
    yield standing_lab
    print(standing_lab.proxy.console()[talk:], *standing_lab.proxy.lines()[lines:], sep="\n")
    assert standing_lab.forbidden.reached.connections == 0
    assert standing_lab.dialled.reached.octets == 0


@pytest.fixture
def site(tmp_path: Path) -> Callable[[str], Path]:
    """Write a site file."""

    def write(text: str) -> Path:
        path = tmp_path / "site.yaml"
        path.write_text(f"version: 1\nsite: e2e\n{text}", encoding="utf-8")
        return path

    return write
