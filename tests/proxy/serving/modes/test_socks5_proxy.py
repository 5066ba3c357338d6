"""Mode socks5: a name is dialled before the reply, an address once its client has said its name."""

import pytest

from tests.support.endpoints import run
from tests.support.front_doors import Door, said_to, said_to_echo
from tests.support.programs import client_hello
from tierwall.policy.attempt import Reason
from tierwall.proxy.connection.client_connection import Speaks
from tierwall.proxy.state.refusal import ACCESS_DENIED

pytestmark = pytest.mark.usefixtures("both_endpoints")


def _socks(host: str, port: int, command: int = 1) -> bytes:
    return b"\x05\x01\x00\x05" + bytes([command, 0, 3, len(host)]) + host.encode() + port.to_bytes(2)


def test_socks_with_a_name_is_dialled_before_the_reply() -> None:
    door = Door(speaks=Speaks.SOCKS5)

    heard = run(lambda: said_to_echo(door, _socks("a.corp.example", 7), b"\x00ping"))

    assert heard == b"\x05\x00" + b"\x05\x00\x00\x01" + bytes(6) + b"\x00pingbye"


def test_socks_with_a_denied_name_is_not_allowed_by_ruleset() -> None:
    heard = run(lambda: said_to(Door(speaks=Speaks.SOCKS5), _socks("evil.example", 443)))

    assert heard == b"\x05\x00" + b"\x05\x02\x00\x01" + bytes(6)


@pytest.mark.parametrize("command", [2, 3])
def test_socks_does_nothing_butasks_for(command: int) -> None:
    heard = run(lambda: said_to(Door(speaks=Speaks.SOCKS5), _socks("a.corp.example", 7, command)))

    assert heard[:4] == b"\x05\x00\x05\x07"


def test_socks_with_an_address_is_answered_at_once_and_judged_by_what_is_said_then() -> None:
    door = Door(speaks=Speaks.SOCKS5)
    asked = b"\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb"

    heard = run(lambda: said_to(door, asked, client_hello("evil.example")))

    assert heard == b"\x05\x00" + b"\x05\x00\x00\x01" + bytes(6) + ACCESS_DENIED
    assert door.reasons == [Reason.UNLISTED]
