"""Open UDP flows take up the behaviours of a site that changes."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, REDIRECT, TUN, Lab, bound
from tierwall.standins.origins import UdpEchoOrigin

ADMIT = "admit: [{vendor: 8x8, tiers: [core]}]\n"
SILENT_S = 0.7


def test_a_flow_that_stands_is_stopped_when_the_site_changes(lab: Lab, site: Callable[[str], Path]) -> None:
    lab.gateway.nft(REDIRECT)
    file = site(ADMIT)
    modes = ("--mode", "transparent", "--mode", f"tun:{TUN}")

    def talk() -> tuple[bytes, bool]:
        with bound(socket.SOCK_DGRAM) as client:
            client.connect((BRIDGE, 10000))
            client.send(b"before")
            before = client.recv(100)
            file.write_text(
                f"version: 1\nsite: gateway\n{ADMIT}behaviours: [{{behaviour: no-udp}}]\n", encoding="utf-8"
            )
            client.settimeout(SILENT_S)
            for _ in range(20):
                client.send(b"after")
                try:
                    client.recv(100)
                except TimeoutError:
                    return before, True
                threading.Event().wait(0.1)  # a call's pace: the reload is looked for twice a second
        return before, False

    with (
        lab.server.serving(UdpEchoOrigin(host=BRIDGE, port=10000)),
        tierwall_in(lab.gateway, *modes, "--site", file) as proxy,
        lab.through_tun("udp"),
    ):
        heard = lab.client.inside(talk)
        event = proxy.wait_for(lambda event: event.event.action == "broken")

    assert heard == (b"before", True)
    assert (event.tierwall.behaviour, event.tierwall.detail) == ("no-udp", "no UDP passes")
