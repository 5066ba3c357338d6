"""A program that tests run with a package of their own: `python -m tests.docs.behaviour_at_work SITE`, JSON comes out.

Loads the site file and puts its behaviours over a tunnel; then switches them as `tierwall behaviour` does.
"""

import asyncio
import json
import sys

import tierwall
from tests.support.endpoints import run, until
from tests.support.standing_tunnels import standing
from tierwall.loader import load_catalogue, load_site
from tierwall.loader.forms.switches import switch_on
from tierwall.policy.behaviour import Behaviour, does
from tools import behaviour_page, schemas


def main(site_file: str) -> None:
    """Say what is found with that site."""
    catalogue = load_catalogue([])
    site = load_site(site_file, catalogue)
    (name,) = {behaviour.NAME for behaviour in site.behaviours}
    switched = switch_on(name, ["every=125ms"], site, catalogue)
    found = {
        "package": tierwall.__file__,
        "without": _passed(),
        "with": _passed(*site.behaviours),
        "switched": [does(behaviour) for behaviour in switched.instead],
        "documented": f"### `{name}`" in behaviour_page.page(),
        "in schema": name in "".join(schemas.schema_texts().values()),
    }
    print(json.dumps(found))


def _passed(*behaviours: Behaviour) -> dict[str, object]:
    """What a server hears of what a client says, when, by the event loop's clock, and what is journalled."""

    async def scene() -> dict[str, object]:
        async with standing(*behaviours) as tunnel:
            acts, sent = tunnel.relay.behaviours is not None, asyncio.get_running_loop().time()
            await tunnel.client.send(b"some ")
            await until(lambda: tunnel.relay.client.octets)
            await tunnel.client.send(b"words")
            heard = await tunnel.server.read(10)
            return {
                "acts": acts,
                "heard": heard.decode(),
                "sent": sent,
                "arrived": asyncio.get_running_loop().time(),
                "told": [
                    (event.event.action, event.tierwall.behaviour, event.tierwall.detail)
                    for event in tunnel.told.events
                ],
            }

    return run(scene)


if __name__ == "__main__":
    main(sys.argv[1])
