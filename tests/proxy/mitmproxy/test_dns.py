"""A question that is no DNS message is told, whatever its parser raises; one that is one is asked as ever."""

from typing import Any

import pytest
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events, mode_specs
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.dns import DnsRequestHook
from mitmproxy.test.tutils import tdnsreq

from tierwall.events import Stage
from tierwall.proxy.mitmproxy.dns import DnsLayer
from tierwall.proxy.mitmproxy.http.told import TierwallRefusedHook


def _asked(octets: bytes) -> list[Any]:
    client = Client(
        peername=("127.0.0.1", 50_000),
        sockname=("127.0.0.1", 53),
        transport_protocol="udp",
        state=ConnectionState.OPEN,
        proxy_mode=mode_specs.ProxyMode.parse("dns"),
    )
    context = Context(client, Options())
    context.server = Server(address=("192.0.2.53", 53), transport_protocol="udp")
    layer = DnsLayer(context)
    list(layer.handle_event(events.Start()))
    return list(layer.handle_event(events.DataReceived(client, octets)))


@pytest.mark.parametrize("octets", [b"x", b"\0" * 11, bytes(12)[:4] + b"\xff\xff" + bytes(6), b"\xc0\x0c" * 20])
def test_what_is_no_message_is_told(octets: bytes) -> None:
    done = _asked(octets)

    told = [command for command in done if isinstance(command, TierwallRefusedHook)]
    assert [(hook.refused.why, hook.refused.stage) for hook in told] == [("a question is no DNS message", Stage.DNS)]
    assert any(isinstance(command, commands.CloseConnection) for command in done)


def test_what_is_one_is_asked() -> None:
    assert [type(command) for command in _asked(tdnsreq().packed)] == [DnsRequestHook]
