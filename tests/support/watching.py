"""`tierwall watch` as a process, for tests that look at its page.

Knows how to start it, where its page is, and how to end it by id.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlsplit

from tests.support.running import environment

_PAGE = re.compile(r"^page\s+(http://\S+?/)#token=(\S+)$")
_TOKEN: Final = "X-Tierwall-Token"  # noqa: S105 - the header's name
LIMIT_S: Final = 40.0


@dataclass(slots=True)
class Watched:
    """A page that is served."""

    process: subprocess.Popen[str] | None
    """None where it is a container's."""
    page: str
    token: str

    @property
    def address(self) -> str:
        """With the token, as it was printed."""
        return f"{self.page}#token={self.token}"

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text, with the token of this start."""
        return self._ask("GET", path, {_TOKEN: self.token} | headers)

    def do(self, action: str, given: object, token: str | None = None) -> tuple[int, str]:
        """An action, with the token of this start or another."""
        headers = {"Content-Type": "application/json", _TOKEN: self.token if token is None else token}
        return self._ask("POST", f"do/{action}", headers, json.dumps(given))

    def frames(self, query: str = "") -> Iterator[dict[str, Any]]:
        """The stream, frame by frame. It ends after LIMIT_S."""
        end = time.monotonic() + LIMIT_S
        with closing(self._connection()) as connection:
            connection.request("GET", f"/stream?{query}", headers={_TOKEN: self.token})
            for line in connection.getresponse():
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])
                if time.monotonic() > end:
                    return

    def _connection(self) -> HTTPConnection:
        return HTTPConnection(urlsplit(self.page).netloc, timeout=LIMIT_S)

    def _ask(self, method: str, path: str, headers: dict[str, str], body: str | None = None) -> tuple[int, str]:
        with closing(self._connection()) as connection:
            connection.request(method, f"/{path}", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


@contextmanager
def watched(*arguments: object, **env: str) -> Iterator[Watched]:
    """Run `tierwall watch` with these arguments on a free port while the block runs."""
    command = [sys.executable, "-m", "tierwall", "watch", "--no-open", "--listen", "127.0.0.1:0", *map(str, arguments)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment() | env
    )
    assert process.stderr is not None
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if found := _PAGE.match(line):
                yield Watched(process, found[1], found[2])
                break
        else:
            raise AssertionError("".join(said))
    finally:
        process.terminate()
        process.stderr.close()
        process.wait(LIMIT_S)


def until(page: Watched, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first frame that this holds for, with every row that was sent until then."""
    rows: dict[str, Any] = {}
    for frame in page.frames():
        rows |= {row["place"]: row for row in frame["rows"]}
        if holds(frame | {"rows": rows}):
            return frame | {"rows": rows}
    raise AssertionError("the stream ended")
