"""After a 101 octets pass both ways, or nothing does, and the ends are passed on."""

import pytest
from mitmproxy.connection import ConnectionState

from tests.support.layers import Driven, context
from tierwall.proxy.mitmproxy.http.switched import Switched


def switched(*, silent: bool) -> Driven:
    inside = context()
    inside.server.address, inside.server.state = ("192.0.2.1", 80), ConnectionState.OPEN
    return Driven(Switched(inside, silent=silent))


@pytest.mark.parametrize("silent", [False, True])
def test_octets_pass_or_nothing_does(silent: bool) -> None:
    driven = switched(silent=silent)
    server = driven.layer.context.server

    heard = driven.says(server, b"\x81\x01a")
    driven.says(driven.client, b"\x01half a frame")

    assert heard == (b"" if silent else b"\x81\x01a")
    assert bytes(driven.sent[server]) == (b"" if silent else b"\x01half a frame")


@pytest.mark.parametrize("silent", [False, True])
def test_the_end_of_one_side_is_the_end_of_the_other_and_no_frame_is_made_up(silent: bool) -> None:
    driven = switched(silent=silent)
    driven.ends(driven.layer.context.server)

    assert not driven.client.state & ConnectionState.CAN_WRITE
    assert driven.sent[driven.client] == b""
