"""Where no SYN is answered none is sent: who asked a proxy waits for as long as a dial lasts, others for ever."""

import pytest

from tests.support.asked import Asking
from tests.support.endpoints import run
from tierwall.policy.behaviour import DialBlackhole, Latency
from tierwall.policy.behaviour.parameters import Seconds
from tierwall.proxy.connection.client_connection import Speaks
from tierwall.proxy.middlebox.access import dial_blackhole
from tierwall.proxy.middlebox.access.dial_blackhole import UNANSWERED, blackhole, blackholes
from tierwall.proxy.state.refusal import Spoken


async def _swallowed(asking: Asking) -> tuple[bytes, list[tuple[str | None, str | None, str | None]]]:
    async with asking.connected() as (asked, peer):
        request = asking.hit_by(asked)
        effect = blackholes(request)
        assert effect is not None
        await blackhole(request, effect)
        peer.end()
        return await peer.read_to_end(), asking.broke


def test_only_the_behaviour_itself_keeps_a_destination_from_being_dialled() -> None:
    async def scene() -> object:
        asking = Asking((Latency(delay=Seconds(1.0)),))
        async with asking.connected() as (asked, _):
            return blackholes(asking.hit_by(asked))

    assert run(scene) is None


@pytest.mark.parametrize(
    ("spoken", "heard"),
    [(Spoken.CONNECT, b"HTTP/1.1 504 "), (Spoken.HTTP, b"HTTP/1.1 504 "), (Spoken.SOCKS, b"\x05\x06")],
)
def test_who_asks_a_proxy_is_answered_when_the_limit_is_over(
    spoken: Spoken, heard: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dial_blackhole, "DIAL_S", 0.02)

    answer, broke = run(lambda: _swallowed(Asking((DialBlackhole(),), spoken=spoken)))

    assert answer.startswith(heard)
    assert [(name, detail) for name, detail, _ in broke] == [("dial-blackhole", UNANSWERED)]


@pytest.mark.parametrize("spoken", [Spoken.TLS, Spoken.HTTP])
def test_who_was_told_that_its_connection_stands_is_never_answered(spoken: Spoken) -> None:
    asking = Asking((DialBlackhole(),), speaks=Speaks.ANYTHING, spoken=spoken)

    assert run(lambda: _swallowed(asking)) == (b"", [("dial-blackhole", UNANSWERED, "drop")])


def test_it_is_journalled_before_the_limit_is_over_and_ends_with_a_client_that_leaves() -> None:
    async def scene() -> bool:
        asking = Asking((DialBlackhole(),))
        async with asking.connected() as (asked, peer):
            request = asking.hit_by(asked)
            effect = blackholes(request)
            assert effect is not None
            peer.leave()
            await blackhole(request, effect)  # long before DIAL_S
            return asking.broke != []

    assert run(scene)
