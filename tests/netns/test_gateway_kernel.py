"""What the gateway's kernel does beside letting through: ICMP rejects, SYNs without an answer. And what a proxy does
that cannot reach its rules."""

import errno
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.e2e.running import Proxy
from tests.netns.command import tierwall
from tests.netns.dns_packets import A, Answered, NameServerOrigin, address, ask
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, GATEWAY, OTHER_SERVER, SERVER, SERVER_6, TUN, Lab
from tests.netns.looks import counted, eventually, listed
from tests.policy.catalogues import ports
from tierwall.demo.clients import udp_echo
from tierwall.demo.origins import UdpEchoOrigin
from tierwall.gateway.elements import fill
from tierwall.gateway.ruleset import Refused, Rejected, Unanswered

SITE = "admit: [{hosts: [turn.corp.example], ports: [udp/3478]}, {vendor: vevox}]"
RECORDS = {("turn.corp.example", A): address(OTHER_SERVER), ("acme.vevox.app", A): address(BRIDGE)}


@pytest.fixture
def up(lab: Lab) -> Iterator[None]:
    assert tierwall(lab.gateway, "gateway", "up", "--inside", "client", "--tun", TUN).status == 0
    yield
    tierwall(lab.gateway, "gateway", "down")


@pytest.fixture
def proxy(lab: Lab, up: None, site: Callable[[str], Path]) -> Iterator[Proxy]:
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    with (
        lab.server.serving(NameServerOrigin(RECORDS, host=SERVER)),
        tierwall_in(lab.gateway, "--gateway", "--site", site(SITE)) as proxy,
    ):
        eventually(lambda: "0x7457" in listed(lab.gateway, "lease"))
        yield proxy


def _refuse(lab: Lab, *refused: Refused) -> None:
    lab.gateway.nft(fill((), refused))


def _told(lab: Lab, there: str, port: int) -> int:
    """The errno that a datagram brings back; 0 where nothing comes."""

    def send() -> int:
        family = socket.AF_INET6 if ":" in there else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as client:
            client.settimeout(0.7)
            client.connect((there, port))
            client.send(b"\xc3hello")
            try:
                client.recv(100)
            except TimeoutError:
                return 0
            except OSError as told:
                return told.errno or 0
        return 0

    return lab.client.inside(send)


@pytest.mark.parametrize(("there", "told"), [(SERVER, errno.EHOSTUNREACH), (SERVER_6, errno.EACCES)])
def test_rejected_datagrams_are_answered_by_icmp_at_once(lab: Lab, up: None, there: str, told: int) -> None:
    before = lab.seen()

    silence = _told(lab, there, 443)
    _refuse(lab, Rejected(*ports("udp/443")))
    rejected = _told(lab, there, 443)
    other_port = _told(lab, there, 444)

    assert (silence, rejected, other_port) == (0, told, 0)
    assert counted(lab.gateway, "rejected") == (1,)
    assert lab.seen() == before


def test_where_all_datagrams_are_rejected_the_gateway_itself_still_answers(lab: Lab, up: None) -> None:
    _refuse(lab, Rejected(*ports("udp/any")))

    with lab.gateway.serving(UdpEchoOrigin(host=GATEWAY, port=2222)):
        assert lab.client.wait(lambda: udp_echo(GATEWAY, 2222)).ok


@pytest.mark.parametrize("there", [SERVER, SERVER_6])
def test_a_syn_that_is_not_to_be_answered_is_not(lab: Lab, proxy: Proxy, there: str) -> None:
    """Redirected, every SYN is answered by the machine itself: so it is before."""

    def connected() -> bool:
        family = socket.AF_INET6 if ":" in there else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as client:
            client.settimeout(0.7)
            try:
                client.connect((there, 443))
            except TimeoutError:
                return False
        return True

    before = lab.client.inside(connected)
    networks = (ip_network(f"{SERVER}/32"), ip_network(f"{SERVER_6}/128"))
    _refuse(lab, Unanswered(networks, ports("tcp/443")))

    assert before
    assert not lab.client.inside(connected)
    assert counted(lab.gateway, "unanswered")[0] >= 1


def test_an_answer_whose_elements_cannot_be_written_is_not_given(lab: Lab, proxy: Proxy) -> None:
    """The table is gone under the running proxy: names that open nothing are answered as ever, and it says so once."""
    lab.gateway.nft("delete table inet tierwall_gateway")

    opens = lab.client.inside(lambda: ask(GATEWAY, "turn.corp.example"))
    opens_nothing = lab.client.inside(lambda: ask(GATEWAY, "acme.vevox.app"))
    fault = proxy.wait_for(lambda event: event.event.action == "fault")

    assert (opens, opens_nothing) == (Answered("servfail"), Answered("noerror", (BRIDGE,)))
    assert fault.error is not None
    assert "nothing goes straight through the gateway" in (fault.error.message or "")
