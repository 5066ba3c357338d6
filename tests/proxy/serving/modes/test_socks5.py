"""The messages before a SOCKS5 tunnel, and what is said of a client that does not finish them."""

import pytest

from tests.policy.catalogues import CATALOGUE
from tests.support.endpoints import connection, run
from tests.support.front_doors import Door, said_to
from tierwall.opening import Malformed
from tierwall.proxy.connection.client_connection import ClientConnection, Speaks
from tierwall.proxy.serving.modes.socks5 import Wanted, negotiate
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller, Recorder

pytestmark = pytest.mark.usefixtures("both_endpoints")


def test_socks_without_a_free_method_is_told_so() -> None:
    heard = run(lambda: said_to(Door(speaks=Speaks.SOCKS5), b"\x05\x01\x02"))

    assert heard == b"\x05\xff"


class Asking:
    """A connection that says these octets and ends."""

    @staticmethod
    async def for_(*said: bytes, logins: bool = False) -> tuple[object, bytes]:
        """What it comes to, and what the client heard meanwhile."""
        door = Door(speaks=Speaks.SOCKS5)
        policy = ActivePolicy(door.site, CATALOGUE)
        async with connection() as (end, peer):
            recorder = Recorder(door.told, policy, everything=True)
            asking = ClientConnection(end, door.listener(), Caller(None, 0), recorder, policy)
            for piece in said:
                await peer.send(piece)
            peer.end()
            came = await negotiate(asking, logins=logins)
            end.close_after(b"")
            return came, await peer.read_to_end()


REQUEST = b"\x05\x01\x00\x03\x09a.example\x01\xbb"


def test_without_logins_nobody_is_asked_who_it_is() -> None:
    came, heard = run(lambda: Asking.for_(b"\x05\x02\x00\x02", REQUEST))

    assert isinstance(came, Wanted)
    assert (came.request.host, came.request.port, came.login, heard) == ("a.example", 443, None, b"\x05\x00")


def test_with_logins_a_client_that_can_says_who_it_is_before_what_it_wants() -> None:
    came, heard = run(lambda: Asking.for_(b"\x05\x02\x00\x02", b"\x01\x04anna\x06secret", REQUEST, logins=True))

    assert isinstance(came, Wanted)
    assert (came.login, heard) == (b"anna:secret", b"\x05\x02\x01\x00")
    assert "secret" not in repr(came)


def test_one_that_cannot_is_let_on_without_and_judged_so() -> None:
    came, _ = run(lambda: Asking.for_(b"\x05\x01\x00", REQUEST, logins=True))

    assert isinstance(came, Wanted)
    assert came.login is None


@pytest.mark.parametrize(
    ("said", "logins"), [((b"\x05\x01\x00", REQUEST[:5]), False), ((b"\x05\x01\x02", b"\x01\x04an"), True)]
)
def test_what_is_begun_and_not_finished_is_malformed(said: tuple[bytes, ...], logins: bool) -> None:
    came, _ = run(lambda: Asking.for_(*said, logins=logins))

    assert isinstance(came, Malformed)


def test_who_says_nothing_wants_nothing() -> None:
    assert run(Asking.for_) == (None, b"")
