"""What the tests of the door and the opening share: origins, a proxy without and one with behaviours, whole events."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.e2e.behaviours.inspected import event
from tests.support.running import Proxy, allow_private, running_proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import HttpProxy, Socks5Proxy
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, TcpOrigin, serve_in_thread

NAMES: Final = ["*.vevox.app", "8x8.vc", "*.corp.example"]
ADDRESS: Final = "127.0.0.4"
ADMITTED: Final = f"""
admit:
  - {{vendor: vevox}}
  - {{vendor: 8x8, tiers: [core]}}
  - {{hosts: ["*.corp.example"], ports: [tcp/80, tcp/443, tcp/8443]}}
  - {{networks: [{ADDRESS}/32], ports: [tcp/1-65535]}}
"""
SHORT_LIMITS: Final = "from tierwall.policy import limits\nlimits.FIRST_BYTES_S = 0.4\nlimits.DIAL_S = 0.4"
"""Run in the proxy's process before anything of it is imported."""

CURL: Final = "curl of the tests"
ON_443: Final = {"dashboard": "core", "web-attendee": "core", "native-attendee": "core", "content": "core"}
ON_80: Final = {"http-redirect": "auxiliary"}


@dataclass(frozen=True, slots=True)
class Behind:
    """Two proxies, in modes regular and socks5, before the same origins."""

    free: Proxy
    """Its site has no behaviours."""
    proxy: Proxy
    https: HttpsOrigin
    """Every name on 443 and 8443; at ADDRESS."""
    http: RedirectOrigin
    """Every name on 80."""

    @property
    def via(self) -> HttpProxy | Socks5Proxy:
        """The way through the one with behaviours, as an HTTP proxy."""
        return http_of(self.proxy)

    @property
    def socks(self) -> HttpProxy | Socks5Proxy:
        """The same as a SOCKS5 proxy."""
        return socks_of(self.proxy)

    @property
    def arrived(self) -> int:
        """Connections that have reached any origin."""
        return self.https.reached.connections + self.http.reached.connections


def http_of(proxy: Proxy) -> HttpProxy | Socks5Proxy:
    """The way through it as an HTTP proxy."""
    return proxy.at("127.0.0.1")


def socks_of(proxy: Proxy) -> HttpProxy | Socks5Proxy:
    """The way through it as a SOCKS5 proxy."""
    return proxy.at("127.0.0.2")


@contextmanager
def behind(folder: Path, authority: Authority, behaviours: str, *more: str) -> Iterator[Behind]:
    """Serve the origins, and run the proxies. `more`: arguments for both."""
    free, site = folder / "free.yaml", folder / "site.yaml"
    free.write_text(f"version: 1\nsite: lab\n{ADMITTED}", encoding="utf-8")
    site.write_text(f"version: 1\nsite: lab\n{ADMITTED}behaviours:\n{behaviours}", encoding="utf-8")
    with ExitStack() as stack:

        def serve[O: TcpOrigin](origin: O) -> O:
            return stack.enter_context(serve_in_thread(origin))

        https = serve(HttpsOrigin(authority, [*NAMES, ADDRESS], host=ADDRESS))
        http = serve(RedirectOrigin())
        to = [(name, port, https.port, ADDRESS) for name in NAMES for port in (443, 8443)]
        to += [(name, 80, http.port, "127.0.0.1") for name in NAMES] + [(ADDRESS, 443, https.port, ADDRESS)]
        resolve = [text for name, port, there, at in to for text in allow_private(name, port, there, address=at)]
        modes = ("--mode", "regular@127.0.0.1:0", "--mode", "socks5@127.0.0.2:0")

        def run(under: Path) -> Proxy:
            return stack.enter_context(running_proxy("--site", under, *more, *modes, *resolve, code=SHORT_LIMITS))

        yield Behind(run(free), run(site), https, http)


def of_vevox(behaviour: str, domain: str, detail: str, **said: Any) -> dict[str, Any]:
    """The whole event of a CONNECT to a Vevox host that was broken before anything was seen inside.

    `said`: fields of `tierwall`, or `top` for others; what is None is left out.
    """
    top = said.pop("top", {})
    said = {"stage": "connect", "behaviour": behaviour, "detail": detail} | said
    whole = event(domain, "vevox/*.vevox.app", reason="behaviour", tier="core", services=ON_443, **said)
    whole |= {"network": {"transport": "tcp"}, "tls": None, "user_agent": {"original": CURL}} | top
    return {key: value for key, value in whole.items() if value is not None}
