"""`tierwall demo --ui`: the demo's clients, again and again, through a proxy whose page shows what comes of them.

Knows the order of things, and ends with Ctrl-C. Leaves nothing behind.
"""

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tierwall.demo.runner import origin_of, outcome_of
from tierwall.demo.steps import SCENES, SITE_FILE, SITE_TEXT, Client, Step
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import HttpProxy
from tierwall.standins.process import Proxy, ProxyFailed, Screen, running

_PAUSE_S: Final = 0.4
"""Between two clients, so that one sees them come."""

_PERSISTENT: Final = {Client.SOCKET, Client.NATIVE}
_WIDTH: Final = 100
_PAGE: Final = "page "


def main(*, opens: bool) -> int:
    """Until Ctrl-C. 1 where the proxy failed."""
    status = 0
    try:
        asyncio.run(_show(opens=opens))
    except* ProxyFailed as failed:
        for fault in failed.exceptions:
            print(f"tierwall demo: {fault}", file=sys.stderr)
        status = 1
    except* (asyncio.CancelledError, KeyboardInterrupt):
        pass
    return status


async def _show(*, opens: bool) -> None:
    task = asyncio.current_task()
    if task is not None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    scene = SCENES[0]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="tierwall-demo-")))
        (folder / SITE_FILE).write_text(SITE_TEXT)
        (folder / "authority").mkdir()
        authority = Authority(folder / "authority")
        origins = [await stack.enter_async_context(origin_of(step, authority)) for step in scene.steps]
        resolve = [
            f"--resolve={step.host}:{step.port}:{origin.host}:{origin.port}"
            for step, origin in zip(scene.steps, origins, strict=True)
        ]
        options = ["--site", SITE_FILE, "--listen", "127.0.0.1:0", "--journal", "demo.jsonl", "--ui"]
        options += [] if opens else ["--no-open"]
        proxy = await stack.enter_async_context(
            running([*options, *resolve], folder, Screen(width=_WIDTH, is_terminal=False))
        )
        via = HttpProxy("127.0.0.1", proxy.port)
        async with asyncio.TaskGroup() as group:
            group.create_task(_say_where(proxy))
            for step in scene.steps:
                if step.client in _PERSISTENT:
                    group.create_task(_in_turn([step], via, authority))
            brief = [step for step in scene.steps if step.client not in _PERSISTENT]
            group.create_task(_in_turn(brief, via, authority))


async def _say_where(proxy: Proxy) -> None:
    """Its page's address, which a process of its own says as soon as it listens."""
    while not (found := [line for line in [*proxy.talk, *proxy.said] if line.startswith(_PAGE)]):
        await asyncio.sleep(_PAUSE_S)
    print(found[0])
    print("stop  Ctrl-C", flush=True)


async def _in_turn(steps: list[Step], via: HttpProxy, authority: Authority) -> None:
    while True:
        for step in steps:
            await outcome_of(step, via, authority.ca_pem)
            await asyncio.sleep(_PAUSE_S)
