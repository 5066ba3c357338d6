"""In which words a client is told of a refusal, by what it was seen to speak; and what a cut leaves of a connection."""

import asyncio

import pytest

from tests.policy.catalogues import CATALOGUE
from tests.support.endpoints import connection, run
from tests.support.front_doors import Door
from tierwall.events import Stage
from tierwall.opening import read_tunnel
from tierwall.policy.site import Site
from tierwall.proxy.connection.client_connection import ClientConnection
from tierwall.proxy.connection.states import Happens
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.state.refusal import Spoken

POLICY = ActivePolicy(Site(id="closed"), CATALOGUE)


@pytest.mark.parametrize(
    ("octets", "spoken", "stage"),
    [
        (b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", Spoken.HTTP, Stage.REQUEST),
        (b"\x00opaque", Spoken.OTHER, Stage.CONNECT),
    ],
)
def test_what_is_spoken_decides_in_which_words_it_is_refused(octets: bytes, spoken: Spoken, stage: Stage) -> None:
    async def scene() -> tuple[Spoken, Stage, str | None]:
        async with connection() as (end, _):
            door = Door()
            recorder = Recorder(door.told, POLICY, everything=False)
            client_connection = ClientConnection(
                end, door.listener(), Caller(None, 0), recorder, POLICY, stage=Stage.CONNECT
            )
            client_connection.speaks(read_tunnel(octets))
            return client_connection.spoken, client_connection.stage, client_connection.caller.url

    assert run(scene) == (spoken, stage, "http://a.example/" if spoken is Spoken.HTTP else None)


@pytest.mark.parametrize("has_begun", [False, True], ids=["before its first step", "in its midst"])
@pytest.mark.filterwarnings("error")
def test_a_cut_ends_a_connection_that_a_task_serves(has_begun: bool) -> None:
    """Once, and with nothing left that nobody awaits."""

    async def scene() -> tuple[int, bool, bool]:
        async with connection() as (end, client):
            door, over = Door(), list[ClientConnection]()
            recorder = Recorder(door.told, POLICY, everything=False)
            served = ClientConnection(end, door.listener(), Caller(None, 0), recorder, POLICY, over.append)
            begun = asyncio.Event()

            async def work() -> None:
                begun.set()
                await asyncio.Event().wait()

            served.step(Happens.RESOLVE)
            served.serve(work())
            if has_begun:
                await begun.wait()
            served.cut()
            assert served.task is not None
            await asyncio.wait([served.task])
            return len(over), begun.is_set(), await client.read_to_end() == b""

    assert run(scene) == (1, has_begun, True)
