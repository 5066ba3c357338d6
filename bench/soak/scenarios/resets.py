"""Servers that reset in the middle. A FIN instead would tell the client that nothing is missing."""

from bench.soak.client import each, tunnel
from bench.soak.scene import Scene
from tierwall.events import Action, ClosedBy

_OCTETS = 300_000


async def run(scene: Scene) -> None:
    """Each client gets all that was sent, then the reset; the journal says who ended the tunnel."""
    count = scene.scale.resets
    got: list[tuple[int, bool]] = []
    ports: set[int] = set()

    async def one(_: int) -> None:
        opened = await tunnel(proxy.port, b"R" + _OCTETS.to_bytes(8))
        got.append(await opened.read_to_end())
        ports.add(opened.source_port)
        await opened.close()

    async with scene.proxy() as (proxy, _):
        before = proxy.descriptors()
        await each(range(count), one, at_once=10)
        await scene.until(lambda: len(proxy.events(Action.CLOSED)) >= count, "every tunnel is in the journal")
        await scene.until(lambda: proxy.descriptors() <= before, "every descriptor is free again")
        closed = [event for event in proxy.events(Action.CLOSED) if event.source and event.source.port in ports]
        by_server = sum(event.tierwall.closed_by is ClosedBy.SERVER for event in closed)
        resets = sum(was_reset for _, was_reset in got)
        whole = sum(octets == _OCTETS for octets, _ in got)
        scene.figure("clients that saw the reset", f"{resets} of {count}")
        scene.figure("after all that the server sent", f"{whole} of {count}")
        scene.figure("journalled as closed by the server", f"{by_server} of {count}")
        scene.check("a client took it for an end", holds=resets == count)
        scene.check("octets were lost before a reset", holds=whole == count)
        scene.check("the journal says otherwise", holds=by_server == count)
