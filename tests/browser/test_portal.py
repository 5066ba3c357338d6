"""A real browser behind a captive portal: it is led to the page, somebody presses the button, and the web works."""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any

from tests.browser.conftest import FLAGS
from tests.support.journal_lines import about
from tests.support.running import Proxy, allow_private, needs, running_proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, serve_in_thread

SITE = """
version: 1
site: hotel
admit: [{hosts: [news.corp.example], ports: [tcp/80, tcp/443]}]
behaviours: [{behaviour: captive-portal, portal: portal.hotel.example}]
"""
LIMIT_S = 30.0
LOOK_EVERY_S = 0.1


@dataclass(slots=True)
class Browser:
    """Chromium, driven through its DevTools protocol: JSON over two pipes, a NUL after each message."""

    to: IO[bytes]
    come: IO[bytes]
    numbers: Iterator[int]
    session: str = ""

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command, and wait for its answer."""
        number = next(self.numbers)
        session = {"sessionId": self.session} if self.session else {}
        self.to.write(json.dumps({"id": number, "method": method, "params": params} | session).encode() + b"\0")
        self.to.flush()
        while True:
            message = self._next()
            if message.get("id") == number:
                assert "result" in message, message
                result: dict[str, Any] = message["result"]
                return result

    def attach(self) -> None:
        """Drive the first page."""
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]

    def does(self, script: str) -> Any:
        """What the page's own JavaScript answers."""
        return self.ask("Runtime.evaluate", expression=script)["result"].get("value")

    def until(self, script: str, holds: Callable[[Any], bool]) -> Any:
        """Wait for an answer that holds; pages load when they like."""
        end = time.monotonic() + LIMIT_S
        while not holds(answer := self.does(script)):
            assert time.monotonic() < end, answer
            time.sleep(LOOK_EVERY_S)
        return answer

    def _next(self) -> dict[str, Any]:
        octets = bytearray()
        while not octets.endswith(b"\0"):
            readable, _, _ = select.select([self.come], [], [], LIMIT_S)
            octet = self.come.read(1) if readable else b""
            assert octet, "Chromium has ended, or says nothing"
            octets += octet
        message: dict[str, Any] = json.loads(octets[:-1])
        return message


@contextmanager
def driven(proxy: Proxy, folder: Path, pin: str) -> Iterator[Browser]:
    """A new Chromium behind the proxy."""
    via = f"--proxy-server=http://127.0.0.1:{proxy.port}"
    with driven_with(folder, via, f"--ignore-certificate-errors-spki-list={pin}") as browser:
        yield browser


@contextmanager
def driven_with(folder: Path, *flags: str) -> Iterator[Browser]:
    """A new Chromium with these flags."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    always = [flag for flag in FLAGS if not flag.startswith("--remote-debugging")]
    command = [
        "bash",
        "-c",
        f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}',
        "bash",
        "chromium",
        *always,
        "--remote-debugging-pipe",
        f"--user-data-dir={folder / 'profile'}",
        *flags,
        "about:blank",
    ]
    with (
        (folder / "chromium.log").open("wb") as log,
        os.fdopen(ours_out, "wb") as to,
        os.fdopen(ours_in, "rb", 0) as come,
    ):
        browser = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | {"HOME": str(folder)},
            pass_fds=(theirs_in, theirs_out),
            start_new_session=True,  # its processes are a group of their own, which ends as one
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            driver = Browser(to, come, count(1))
            driver.attach()
            yield driver
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()


@needs("chromium")
def test_the_button_of_the_portals_page_opens_the_web_and_leads_back_to_the_page_asked_for(tmp_path: Path) -> None:
    (tmp_path / "authority").mkdir()
    authority, site = Authority(tmp_path / "authority"), tmp_path / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    with (
        serve_in_thread(HttpsOrigin(authority, ["news.corp.example"])) as web,
        serve_in_thread(RedirectOrigin()) as port_80,
    ):
        to = allow_private("news.corp.example", 443, web.port) + allow_private("news.corp.example", 80, port_80.port)
        with running_proxy("--site", site, *to) as proxy, driven(proxy, tmp_path, authority.spki_pin) as browser:
            browser.ask("Page.navigate", url="http://news.corp.example/")
            shown = browser.until("document.body && document.body.innerText", bool)
            before = web.reached.connections + port_80.reached.connections
            browser.does("document.querySelector('button').click()")
            browser.until("document.title", lambda title: title == "You are connected")
            browser.until("document.title", lambda title: title.startswith("socket: "))

    assert "Accept the terms of this network" in shown
    assert before == 0
    assert "/told/hello" in web.reached.targets


@needs("chromium")
def test_the_block_page_says_who_when_and_which_event_and_copies_the_line_for_the_ticket(tmp_path: Path) -> None:
    (tmp_path / "authority").mkdir()
    authority = Authority(tmp_path / "authority")
    with running_proxy("--site", "closed") as proxy, driven(proxy, tmp_path, authority.spki_pin) as browser:
        browser.ask("Page.navigate", url="http://blocked.corp.example/")
        shown = browser.until("document.body && document.body.innerText", lambda text: text and "blocked here" in text)
        line = browser.until("document.querySelector('textarea').value", bool)
        browser.does("document.querySelector('button').click()")
        pressed = browser.until("document.querySelector('button').textContent", lambda text: text == "Copied")
        event = proxy.wait_for(about("blocked.corp.example"))

    assert event.event.id in shown
    assert f"client 127.0.0.1; event {event.event.id}" in line
    assert pressed == "Copied"
