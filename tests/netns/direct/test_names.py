"""A name that a site admits opens its addresses, on its own ports, before the client knows them."""

from tests.netns.direct.scene import PRIVATE, SOMEBODY
from tests.netns.dns_packets import Answered, ask
from tests.netns.events import denied, watch
from tests.netns.lab import BRIDGE, OTHER_SERVER, Lab
from tests.netns.looks import counted
from tests.support.running import Proxy, needs
from tierwall.standins.clients import Cause, stun_binding, udp_echo

pytestmark = needs("turnserver", "turnutils_uclient", "ss")


def test_what_the_sites_deny_names_by_address_is_not_direct(lab: Lab, proxy: Proxy) -> None:
    lab.server.ip("addr add 152.67.144.11/32 dev gateway")

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo("152.67.144.11", 10000, limit_s=0.7)))

    assert happened.outcome.cause is Cause.TIMEOUT
    assert happened.arrived.udp == 0
    assert (happened.event["event"]["reason"], happened.event["tierwall"]["tier"]) == ("site-denied", "core")


def test_a_name_opens_its_addresses_before_the_client_knows_them(lab: Lab, proxy: Proxy) -> None:
    """The datagram follows the answer at once, and is direct: the answer waited for the kernel."""
    before = watch(lab, proxy, lambda: lab.client.wait(lambda: stun_binding(OTHER_SERVER, 50000, limit_s=0.7)))
    through, direct = counted(lab.gateway, "through_proxy", "directly")

    answer = lab.client.inside(lambda: ask(SOMEBODY, "turn.corp.example"))
    outcome = lab.client.wait(lambda: stun_binding(OTHER_SERVER, 50000))

    assert before.event == denied(
        "address-only",
        stage="udp",
        refusal="drop",
        destination={"ip": OTHER_SERVER, "port": 50000},
        network={"transport": "udp"},
    )
    assert answer == Answered("noerror", (OTHER_SERVER,))
    assert outcome.ok
    assert counted(lab.gateway, "through_proxy", "directly") == (through, direct + 1)


def test_a_name_opens_its_own_ports_alone(lab: Lab, proxy: Proxy) -> None:
    lab.client.inside(lambda: ask(SOMEBODY, "turn.corp.example"))

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo(OTHER_SERVER, 50001, limit_s=0.7)))

    assert happened.arrived.udp == 0
    assert happened.event["event"]["reason"] == "port-closed"
    assert happened.event["destination"] == {"domain": "turn.corp.example", "ip": OTHER_SERVER, "port": 50001}


def test_a_name_that_leads_to_a_private_address_opens_nothing(lab: Lab, proxy: Proxy) -> None:
    lab.client.inside(lambda: ask(SOMEBODY, "inside.corp.example"))

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: stun_binding(PRIVATE, 50000, limit_s=0.7)))

    assert happened.arrived.udp == 0
    assert happened.event["event"]["reason"] == "private-address"


def test_a_denied_name_takes_its_address_out_of_an_admitted_network(lab: Lab, proxy: Proxy) -> None:
    before = lab.client.wait(lambda: udp_echo(BRIDGE, 10000))
    lab.client.inside(lambda: ask(SOMEBODY, "bad.corp.example"))

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo(BRIDGE, 10000, limit_s=0.7)))

    assert before.ok
    assert happened.outcome.cause is Cause.TIMEOUT
    assert happened.arrived.udp == 0
    assert happened.event["event"]["reason"] == "site-denied"
    assert happened.event["destination"] == {"domain": "bad.corp.example", "ip": BRIDGE, "port": 10000}
