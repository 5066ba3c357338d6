"""Real browsers with the exported policy: pages that are listed load, and nothing of what is not listed is asked for.

Every request goes to a server on loopback that both take for their proxy, so that nothing leaves this machine.
"""

import os
import shutil
import signal
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.conftest import FLAGS
from tests.export.test_read_back import CATALOGUE, REFERENCE, STAMP
from tests.support.needs import needs
from tierwall.export import List, ProductId, Wanted, select, write

WITHIN_S = 60.0
CHROMIUM = Path("/etc/chromium/policies/managed/tierwall-test.json")
FIREFOX = Path("/usr/lib/firefox-esr/distribution/policies.json")

FIRST = "a.vevox.com"
"""No name below .app will do: browsers know that all of it is HTTPS."""

LISTED = {FIRST, "b.a.meetoo.io", "c.lumireactor.com"}
STRANGERS = {"evilvevox.com", "example.com", "a.vevox.com.evil.example"}
FRAMES = "".join(f'<iframe src="http://{host}/frame"></iframe>' for host in sorted((LISTED | STRANGERS) - {FIRST}))
PAGE = f"<!doctype html>{FRAMES}<script>onload = () => fetch('/done');</script>"
"""`load` comes when every frame has, or shows why it has not."""


class Web(socketserver.ThreadingTCPServer):
    """A proxy that is every server itself: who was asked for, and when the page was done."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: set[str] = set()
        self.done = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Answer(socketserver.StreamRequestHandler):
    """One request of HTTP to a proxy; CONNECT is refused, because no page here needs it."""

    server: Web

    def handle(self) -> None:
        method, target, _ = self.rfile.readline().decode().split(" ", 2)
        while self.rfile.readline().strip():
            pass
        if method == "CONNECT":
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        host, _, path = target.removeprefix("http://").partition("/")
        if path in {"", "frame"}:
            self.server.asked.add(host)
        elif path == "done":
            self.server.done.set()
        body = (PAGE if path == "" else "<p>here</p>").encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.wfile.write(head.encode() + body)


@contextmanager
def managed(path: Path, text: str | None) -> Iterator[None]:
    """The policy where the browser looks for it, and everything as it was after that."""
    if text is None:
        yield
        return
    made = [folder for folder in path.parents if not folder.exists()]
    before = path.read_bytes() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        path.unlink() if before is None else path.write_bytes(before)
        for folder in made:
            folder.rmdir()


def asked_for(browser: list[str], web: Web, folder: Path) -> set[str]:
    """The hosts that the browser asked for when it opened the page, once the page is done."""
    with (folder / "browser.log").open("wb") as log:
        process = subprocess.Popen(
            browser, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env=os.environ | {"HOME": str(folder), "MOZ_HEADLESS": "1"},
        )  # fmt: skip
    try:
        assert web.done.wait(WITHIN_S), (folder / "browser.log").read_text(errors="replace")[-2000:]
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return web.asked & (LISTED | STRANGERS)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def _policy(product: ProductId) -> str:
    selection = select(Wanted(vendors=("vevox",)), REFERENCE, CATALOGUE)
    return write(product, selection, (List.ALLOW,), STAMP).files[0].text


@needs("chromium", "root")
@pytest.mark.parametrize("with_policy", [False, True], ids=["without", "with the policy"])
def test_chromium_loads_what_is_listed_and_nothing_else(with_policy: bool, web: Web, tmp_path: Path) -> None:
    command = [
        "chromium", *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--proxy-server=http://127.0.0.1:{web.port}",
        "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable", f"http://{FIRST}/",
    ]  # fmt: skip

    with managed(CHROMIUM, _policy(ProductId.CHROME_POLICY) if with_policy else None):
        found = asked_for(command, web, tmp_path)

    assert found == (LISTED if with_policy else LISTED | STRANGERS)


PREFERENCES = """
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", {port});
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", {port});
user_pref("network.proxy.allow_hijacking_localhost", true);
user_pref("dom.security.https_first", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
"""


@needs("firefox-esr", "root")
@pytest.mark.parametrize("with_policy", [False, True], ids=["without", "with the policy"])
def test_firefox_loads_what_is_listed_and_nothing_else(with_policy: bool, web: Web, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(PREFERENCES.format(port=web.port))
    program = shutil.which("firefox-esr") or "firefox-esr"
    command = [program, "--headless", "--no-remote", "--profile", str(profile), f"http://{FIRST}/"]

    with managed(FIREFOX, _policy(ProductId.FIREFOX_POLICY) if with_policy else None):
        found = asked_for(command, web, tmp_path)

    assert found == (LISTED if with_policy else LISTED | STRANGERS)
