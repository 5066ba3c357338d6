"""What the tests of behaviours share: a proxy under a site with behaviours, and an origin that it believes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.support.running import Proxy, allow_private, running_proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, serve_in_thread

NAMES = ["vevox.app", "*.vevox.app", "8x8.vc", "*.8x8.vc", "*.corp.example"]
PORTS = "[tcp/80, tcp/443, tcp/8443]"

ADMIT = f"""
admit:
  - {{vendor: vevox}}
  - {{vendor: 8x8, tiers: [core]}}
  - {{hosts: ["*.corp.example"], ports: {PORTS}}}
  - {{networks: [127.0.0.3/32], ports: [tcp/1-65535]}}
"""

type Start = Callable[..., AbstractContextManager[Proxy]]


@pytest.fixture(scope="session")
def web(authority: Authority) -> Iterator[HttpsOrigin]:
    """Every name's server: web app, WebSocket and the native app's protocol on one port."""
    with serve_in_thread(HttpsOrigin(authority, NAMES)) as origin:
        yield origin


@pytest.fixture(scope="session")
def under(web: HttpsOrigin, ca: Path, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Run a proxy whose site has these behaviours; every name leads to `web`."""

    @contextmanager
    def start(behaviours: str, *arguments: str, rest: str = "") -> Iterator[Proxy]:
        site = tmp_path_factory.mktemp("behaviours") / "site.yaml"
        site.write_text(f"version: 1\nsite: lab\n{ADMIT}{rest}behaviours:\n{behaviours}", encoding="utf-8")
        to = [text for name in NAMES for text in allow_private(name, 443, web.port)]
        to += [text for name in ("*.vevox.app", "*.corp.example") for text in allow_private(name, 80, web.port)]
        with running_proxy("--site", site, "--trust", ca, *arguments, *to) as proxy:
            yield proxy

    return start
