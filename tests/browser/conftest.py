"""A vendor's web app on loopback, and Debian's Chromium started as a corporate browser: with the proxy configured."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

import pytest

from tests.support.running import Proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import serve_in_thread
from tierwall.standins.origins.base import TlsOrigin
from tierwall.standins.origins.http import Answer, Asked, Upgrade, Upgraded, serve_http, text
from tierwall.standins.origins.websocket import serve_websocket
from tierwall.standins.streams import TcpStream, TlsStream

PAGE: Final = """<!doctype html>
<meta charset="utf-8">
<title>A vendor's web app</title>
<link rel="icon" href="data:,">
<script>
  const tell = (what) => fetch("/told/" + encodeURIComponent(what));
  const socket = new WebSocket("wss://" + location.host + "/socket");
  socket.onopen = () => socket.send("hello");
  socket.onmessage = (message) => { if (message.data === "hello") tell("socket: hello"); };
  socket.onerror = () => tell("socket: failed");
  fetch("https://api.amplitude.com/2/httpapi", {method: "POST", mode: "no-cors", body: "{}"})
    .then(() => tell("analytics: sent"), () => tell("analytics: failed"));
</script>
"""
"""Opens its WebSocket and sends analytics, as such apps do, and tells its own server what came of both."""

FLAGS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--metrics-recording-only",
    "--remote-debugging-port=0",
]


class WebAppOrigin(TlsOrigin):
    """Serves the page and its WebSocket; keeps how long each ClientHello was."""

    def __init__(self, authority: Authority, names: list[str]) -> None:
        super().__init__(authority, names)
        self.hello_octets: list[int] = []

    async def serve(self, tcp: TcpStream) -> None:
        """Look at the first TLS record, which holds the whole ClientHello, on its way in."""
        if opening := await tcp.read():
            self.hello_octets.append(int.from_bytes(opening[3:5]))
            tcp.unread(opening)
            await super().serve(tcp)

    async def serve_tls(self, tls: TlsStream, name: str | None) -> None:
        """HTTP, until it becomes a WebSocket."""
        ending = await serve_http(tls, b"", self.reached, _answer)
        if isinstance(ending, Upgraded):
            await serve_websocket(tls, ending, self.reached)


def _answer(asked: Asked) -> Answer | Upgrade:
    match asked.target.strip("/").split("/"):
        case [""]:
            return text(PAGE, media_type="text/html; charset=utf-8")
        case ["told", _]:
            return text("noted\n")
        case ["socket"]:
            return Upgrade()
        case _:
            return text("nothing here\n", status=HTTPStatus.NOT_FOUND)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Whose certificates the browser is told to trust."""
    (tmp_path / "authority").mkdir()
    return Authority(tmp_path / "authority")


@pytest.fixture
def web_app(authority: Authority) -> Iterator[WebAppOrigin]:
    """The vendor's server."""
    with serve_in_thread(WebAppOrigin(authority, ["8x8.vc"])) as origin:
        yield origin


@pytest.fixture
def analytics(authority: Authority) -> Iterator[WebAppOrigin]:
    """The analytics provider's, where nothing is to arrive."""
    with serve_in_thread(WebAppOrigin(authority, ["api.amplitude.com"])) as origin:
        yield origin


@pytest.fixture
def browse(authority: Authority, tmp_path: Path) -> Callable[..., object]:
    """Open a URL in a new Chromium that has this proxy, or that finds it by flags, for as long as the block runs.

    It trusts the servers' own authority, or the one with this pin instead.
    """

    @contextmanager
    def open_url(proxy: Proxy, url: str, *flags: str, pin: str = authority.spki_pin) -> Iterator[None]:
        command = [
            "chromium",
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            *(flags or [f"--proxy-server=http://127.0.0.1:{proxy.port}"]),
            f"--ignore-certificate-errors-spki-list={pin}",
            url,
        ]
        with (tmp_path / "chromium.log").open("wb") as log:
            browser = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"HOME": str(tmp_path)},
                start_new_session=True,  # its processes are a group of their own, which ends as one
            )
            try:
                yield
            finally:
                os.killpg(browser.pid, signal.SIGKILL)
                browser.wait()

    return open_url
