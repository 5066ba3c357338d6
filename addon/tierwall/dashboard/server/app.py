"""What the page's server answers: its files, `/stream`, `/detail`, and `/do/…` for actions.

Knows tornado. Nothing that is read from a request becomes more than a filter, a number, or an argument of the Feed.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, ClassVar, Final, cast

import msgspec
from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler

from tierwall.dashboard.picture.filters import read_filter
from tierwall.dashboard.picture.frames import View
from tierwall.dashboard.server.access import HEADERS, lacks_token, refusal
from tierwall.dashboard.server.detail import detail
from tierwall.dashboard.sources.feed import CannotDo, Feed

TICK_S: Final = 0.25
HEARTBEAT_S: Final = 10.0
BODY_OCTETS: Final = 16 * 1024

_MEDIA_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


_WORDS: Final = {404: "There is no such page.", 405: "That is not done this way."}


@dataclass(frozen=True, slots=True)
class Served:
    """What all requests are about."""

    feed: Feed
    token: str
    only_with_token: bool
    """Looking needs it too, as acting does: the port can be reached from elsewhere."""


def application(served: Served) -> Application:
    """The server's routes."""
    given = {"served": served}
    return Application(
        [
            (r"/stream", _Stream, given),
            (r"/detail", _Detail, given),
            (r"/choices", _Choices, given),
            (r"/do/([a-z-]+)", _Do, given),
            (r"/(.*)", _File, given | {"files": page_files()}),
        ],
        log_function=lambda _: None,
    )


def page_files() -> dict[str, tuple[str, bytes]]:
    """The page's own files by path, with their media types."""
    found = {}
    for entry in files("tierwall.dashboard").joinpath("page").iterdir():
        media_type = _MEDIA_TYPES.get(entry.name.rpartition(".")[2])
        if media_type is not None:
            found[entry.name] = (media_type, entry.read_bytes())
    found[""] = found["index.html"]
    return found


class _Guarded(RequestHandler):
    shows: ClassVar[bool] = True
    """Whether it tells what clients did."""

    served: Served

    def initialize(self, served: Served) -> None:
        self.served = served

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        method, headers = self.request.method or "", self.request.headers
        refused = refusal(method, headers)
        if refused is None and (method not in {"GET", "HEAD"} or (self.shows and self.served.only_with_token)):
            refused = lacks_token(headers, self.served.token)
        if refused is not None:
            self.say(refused[1], refused[0])
            self.finish()

    def say(self, text: str, status: int) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write(text + "\n")

    def write_error(self, status_code: int, **_: object) -> None:
        """No traceback, and nothing that was asked."""
        self.say(_WORDS.get(status_code, "Failed."), status_code)
        self.finish()

    def query(self) -> Mapping[str, str]:
        return {name: self.get_query_argument(name) for name in self.request.query_arguments}

    def give(self, value: object) -> None:
        self.set_header("Content-Type", "application/json")
        self.write(msgspec.json.encode(value))


class _File(_Guarded):
    shows = False
    files: Mapping[str, tuple[str, bytes]]

    def initialize(self, served: Served, files: Mapping[str, tuple[str, bytes]]) -> None:  # type: ignore[override]
        super().initialize(served)
        self.files = files

    def get(self, path: str) -> None:
        found = self.files.get(path)
        if found is None:
            self.send_error(404)
            return
        self.set_header("Content-Type", found[0])
        self.write(found[1])

    head = get


class _Stream(_Guarded):
    async def get(self) -> None:
        """Frames as server-sent events, a quarter of a second apart, as long as there is something new."""
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("X-Accel-Buffering", "no")
        view, feed = View(read_filter(self.query())), self.served.feed
        seen: tuple[int, object] = (-1, None)
        silent_s = 0.0
        try:
            while True:
                about = feed.about()
                now = (feed.picture.revision, about)
                if now != seen:
                    frame = view.frame(feed.picture) | {"about": about}
                    self.write(b"data: " + msgspec.json.encode(frame) + b"\n\n")
                    seen, silent_s = now, 0.0
                elif silent_s >= HEARTBEAT_S:
                    self.write(b": still here\n\n")
                    silent_s = 0.0
                await self.flush()  # waits for a page that is slow: the next frame then holds more
                await asyncio.sleep(TICK_S)
                silent_s += TICK_S
        except StreamClosedError:
            return


class _Detail(_Guarded):
    async def get(self) -> None:
        """All about one destination."""
        number = self.get_query_argument("number", "")
        found = await detail(self.served.feed, number, self.get_query_argument("dialect", "literal"))
        if found is None:
            self.send_error(404)
        else:
            self.give(found)


class _Choices(_Guarded):
    def get(self) -> None:
        """What can be switched."""
        self.give(self.served.feed.choices())


class _Do(_Guarded):
    async def post(self, action: str) -> None:
        """One of ACTIONS."""
        todo = ACTIONS.get(action)
        if todo is None:
            self.send_error(404)
            return
        try:
            given = json.loads(self.request.body)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            self.say("Actions are JSON objects.", 400)
            return
        try:
            done = await todo(self.served.feed, cast("dict[str, Any]", given))
        except CannotDo as fault:
            self.say(str(fault), 409)
            return
        self.give(done)


async def _clear(feed: Feed, _: dict[str, Any]) -> dict[str, Any]:
    feed.picture.clear()
    return {}


async def _report(feed: Feed, _: dict[str, Any]) -> dict[str, Any]:
    return {"html": await feed.report()}


async def _tell(feed: Feed, given: dict[str, Any]) -> dict[str, Any]:
    await feed.do(given)
    return {}


ACTIONS: Final[dict[str, Callable[[Feed, dict[str, Any]], Awaitable[dict[str, Any]]]]] = {
    "clear": _clear,
    "report": _report,
    "tell": _tell,
}
"""What the page can have done, by the path behind `/do/`."""
