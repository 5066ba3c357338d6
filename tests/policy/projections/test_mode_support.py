"""Which modes can show which behaviour, and the line that people read where none of theirs can."""

import pytest

from tierwall.policy.behaviour import (
    Behaviour,
    ConnectPorts,
    DnsFilter,
    NoHttp2,
    NoIpConnect,
    NoQuic,
    NoUdp,
    ProxyAuth,
    SplitDns,
    StaleAddresses,
    UdpStop,
    UdpTimeout,
)
from tierwall.policy.behaviour.parameters import HostName, Seconds
from tierwall.policy.projections.mode_support import Mode, shown_in, unshown

SPLIT = SplitDns(answers=((HostName("8x8.vc"), ()),))
PACKETS = {"tun", "wireguard", "local"}
EXPLICIT = {"regular", "socks5", "reverse"}


@pytest.mark.parametrize(
    ("behaviour", "modes"),
    [
        pytest.param(NoUdp(), PACKETS, id="no-udp dropped"),
        pytest.param(NoUdp(how=UdpStop.REJECT), {"tun"}, id="no-udp rejected"),
        pytest.param(NoQuic(), PACKETS, id="no-quic dropped"),
        pytest.param(NoQuic(how=UdpStop.REJECT), {"tun"}, id="no-quic rejected"),
        pytest.param(UdpTimeout(after=Seconds(1.0)), PACKETS, id="udp-timeout"),
        pytest.param(DnsFilter(), PACKETS | EXPLICIT | {"dns"}, id="dns-filter"),
        pytest.param(SPLIT, PACKETS | EXPLICIT | {"dns"}, id="split-dns"),
        pytest.param(StaleAddresses(), PACKETS | EXPLICIT | {"transparent"}, id="stale-addresses"),
        pytest.param(ProxyAuth(users=frozenset()), {"regular", "upstream", "socks5"}, id="proxy-auth"),
        pytest.param(ConnectPorts(), {"regular", "upstream"}, id="connect-ports"),
        pytest.param(NoIpConnect(), {"regular", "upstream"}, id="no-ip-connect"),
        pytest.param(NoHttp2(), set(Mode) - {"dns"}, id="on TCP"),
    ],
)
def test_a_behaviour_is_shown_where_its_traffic_comes(behaviour: Behaviour, modes: set[str]) -> None:
    assert {str(mode) for mode in shown_in(behaviour)} == {str(mode) for mode in modes}


def test_one_mode_that_can_is_enough() -> None:
    assert list(unshown([NoUdp(), NoHttp2(), DnsFilter()], {"transparent", "tun"})) == []


def test_each_behaviour_that_cannot_be_shown_is_a_line_with_the_mend() -> None:
    assert list(unshown([NoUdp(), NoHttp2(), SPLIT, StaleAddresses()], {"upstream"})) == [
        (
            "behaviour no-udp cannot be shown in mode upstream: no UDP comes here; modes tun and wireguard can; "
            "`tierwall gateway up` leads clients into tun"
        ),
        (
            "behaviour split-dns cannot be shown in mode upstream: no name is looked up here; "
            "modes regular, socks5, reverse, tun, wireguard and dns can"
        ),
        (
            "behaviour stale-addresses cannot be shown in mode upstream: no address is dialled here; "
            "modes regular, socks5, reverse, transparent, tun and wireguard can"
        ),
    ]


def test_a_rejection_needs_a_client_that_icmp_reaches() -> None:
    (line,) = unshown([NoQuic(how=UdpStop.REJECT)], {"wireguard", "dns"})

    assert line == (
        "behaviour no-quic cannot be shown in mode dns and wireguard: `how: reject` needs a client that ICMP reaches; "
        "mode tun can; `tierwall gateway up` leads clients into tun"
    )
