"""What keeps a gateway from being set up: one line each, all at once, each with its mend."""

from ipaddress import ip_address, ip_network

import pytest

from tests.gateway.machines import LAN, TOPOLOGY, WAN, interface, machine
from tierwall.gateway.checks import faults, may_not, outside_of, remains, settings_for, standing, warnings
from tierwall.gateway.facts import Facts, Route, Rule, Session
from tierwall.gateway.steps import Ipv6, Remains, Setting, routing_rules
from tierwall.gateway.topology import Standing, Topology, written

ALIAS = written(Standing(topology=TOPOLOGY, before=(("net.ipv4.ip_forward", "0"),)))
SSH_CUT_OFF = (
    "this SSH session (10.77.1.2 to 203.0.113.9) comes through --inside and would be cut off: work on the machine's "
    "console"
)
OURS = tuple(Rule("-4", rule) for rule in routing_rules(["lan"]))


def _session(client: str, server: str, port: int = 22) -> Session:
    return Session(client=ip_address(client), server=ip_address(server), port=port, client_by="lan", server_by="wan")


def test_a_machine_with_two_networks_may_be_a_gateway() -> None:
    assert faults(TOPOLOGY, machine()) == []
    assert may_not(machine()) == []


@pytest.mark.parametrize(
    ("topology", "facts", "said"),
    [
        (TOPOLOGY, machine(missing=("nft is not installed",)), "nft is not installed"),
        (
            Topology(inside=("lam",), outside="wan"),
            machine(),
            "--inside lam: there is no such interface; did you mean lan?",
        ),
        (
            Topology(inside=("lan",), outside="eth9"),
            machine(),
            "--outside eth9: there is no such interface; there are lan, wan",
        ),
        (
            Topology(inside=("lan",), outside=""),
            machine(),
            "there is no default route: name the interface to the internet with --outside",
        ),
        (
            Topology(inside=("lan",), outside="lan"),
            machine(),
            "--outside lan: the same interface is --inside; clients would be on both sides of it",
        ),
        (
            TOPOLOGY,
            machine(interfaces=(interface("lan"), WAN)),
            "--inside lan: it has no address; clients need one as their default route",
        ),
        (
            TOPOLOGY,
            machine(interfaces=(LAN, WAN, interface("docker0", "10.77.0.1/16"))),
            "--inside lan: its network 10.77.1.0/24 overlaps 10.77.0.0/16 of docker0; give the clients another one",
        ),
        (
            TOPOLOGY,
            machine(routes=[Route(network=ip_network("fd77::/16"), device="wan", version=6)]),
            "--inside lan: its network fd77:1::/64 overlaps fd77::/16 of wan; give the clients another one",
        ),
        (
            TOPOLOGY,
            machine(has_table=True),
            "the nftables table inet tierwall_gateway is somebody else's: nft delete table inet tierwall_gateway",
        ),
        (
            TOPOLOGY,
            machine(has_table=True, owns_table=True),
            "the nftables table inet tierwall_gateway of a former gateway is left over: `tierwall gateway down` first",
        ),
        (
            TOPOLOGY,
            machine(routed=("-4",)),
            "routing table 7457 or rules of priority 7457-7459 are in use: see `ip rule` and `ip -6 rule`",
        ),
        (
            TOPOLOGY,
            machine(interfaces=(LAN, WAN, interface("twtun", kind="tun", alias=ALIAS)), rules=OURS, owns_table=True),
            "a gateway is up here already: `tierwall gateway down` first",
        ),
        (
            TOPOLOGY,
            machine(interfaces=(LAN, WAN, interface("twtun", kind="tun"))),
            "--tun twtun: the device is there already; stop the proxy that made it, `run` comes after `up`",
        ),
        (
            TOPOLOGY,
            machine(interfaces=(LAN, WAN, interface("twtun", kind="veth"))),
            "--tun twtun: an interface that is no tun device has this name; choose another",
        ),
        (
            Topology(inside=("lan",), outside="wan", port=22),
            machine(sshd_ports=frozenset({22})),
            "--port 22: sshd listens there, and clients would be led to it; choose another",
        ),
        (
            TOPOLOGY,
            machine(session=_session("10.77.1.2", "203.0.113.9")),
            SSH_CUT_OFF,
        ),
    ],
)
def test_each_fault_is_one_line_with_its_mend(topology: Topology, facts: Facts, said: str) -> None:
    assert faults(topology, facts) == [said]


def test_an_ssh_session_to_the_machine_itself_is_no_fault_even_from_inside() -> None:
    assert faults(TOPOLOGY, machine(session=_session("10.77.1.2", "10.77.1.1"))) == []


def test_the_half_default_routes_of_a_vpn_overlap_nothing() -> None:
    halves = [Route(network=ip_network(text), device="vpn", version=4) for text in ("0.0.0.0/1", "128.0.0.0/1")]

    assert faults(TOPOLOGY, machine(routes=halves)) == []


def test_every_fault_is_said_at_once() -> None:
    found = faults(Topology(inside=("lan", "x"), outside="y", port=22), machine(has_table=True, sshd_ports={22}))

    assert len(found) == 4


def test_a_firewall_that_drops_what_is_forwarded_is_warned_of() -> None:
    """Docker sets that policy."""
    facts = machine(dropping=("ip filter FORWARD", "inet firewalld filter_FORWARD"))

    docker, firewalld = warnings(TOPOLOGY, facts)
    assert docker.endswith(": iptables -I FORWARD -i lan -j ACCEPT; iptables -I FORWARD -o lan -j ACCEPT")
    assert firewalld.startswith("inet firewalld filter_FORWARD drops what is forwarded, whatever the gateway accepts: ")
    assert list(warnings(TOPOLOGY, machine())) == []


def test_rights_are_asked_for_apart() -> None:
    assert may_not(machine(may_administer=False, has_tun=False)) == [
        "CAP_NET_ADMIN is missing: run as root; in a container, add --cap-add NET_ADMIN",
        "there is no /dev/net/tun: modprobe tun; in a container, add --device /dev/net/tun",
    ]


def test_the_outside_is_where_the_default_route_leads() -> None:
    assert outside_of(machine()) == "wan"


def test_settings_are_changed_where_they_differ_and_their_values_kept() -> None:
    facts = machine(settings={"net.ipv4.ip_forward": "0"})

    assert settings_for(TOPOLOGY, facts) == ((Setting("net.ipv4.ip_forward", "1"),), (("net.ipv4.ip_forward", "0"),))


def test_a_default_route_from_router_advertisements_is_kept_while_forwarding() -> None:
    """A kernel that forwards ignores advertisements unless accept_ra is 2, and the machine would lose its way out."""
    accept = {"net.ipv6.conf.wan.accept_ra": "1"}
    routes = [Route(network=None, device="wan", version=6, advertised=True)]

    assert settings_for(TOPOLOGY, machine(routes=routes, settings=accept))[0] == (
        Setting("net.ipv6.conf.wan.accept_ra", "2"),
    )
    assert settings_for(TOPOLOGY, machine(settings=accept))[0] == ()


def test_strict_reverse_paths_are_loosened_because_answers_come_from_the_tun_device() -> None:
    strict, loose = ({"net.ipv4.conf.all.rp_filter": value} for value in ("1", "0"))

    assert settings_for(TOPOLOGY, machine(settings=strict))[0] == (Setting("net.ipv4.conf.all.rp_filter", "2"),)
    assert settings_for(TOPOLOGY, machine(settings=loose))[0] == ()


@pytest.mark.parametrize("asks", ["all", "wan"])
def test_where_the_outside_asks_for_the_way_back_it_looks_at_marks(asks: str) -> None:
    """The way back to a client is nowhere without one, and answers to what went straight would be dropped."""
    settings = {f"net.ipv4.conf.{asks}.rp_filter": "2", "net.ipv4.conf.wan.src_valid_mark": "0"}

    assert settings_for(TOPOLOGY, machine(settings=settings)) == (
        (Setting("net.ipv4.conf.wan.src_valid_mark", "1"),),
        (("net.ipv4.conf.wan.src_valid_mark", "0"),),
    )


def test_without_ipv6_nothing_of_it_is_set() -> None:
    assert settings_for(TOPOLOGY, machine(ipv6=Ipv6.OFF, settings={"net.ipv6.conf.all.forwarding": "0"}))[0] == ()


def test_the_tun_device_remembers_what_was_there_before() -> None:
    facts = machine(interfaces=(LAN, WAN, interface("twtun", kind="tun", alias=ALIAS)), rules=OURS, routed=("-4",))

    assert standing(facts) == Standing(topology=TOPOLOGY, before=(("net.ipv4.ip_forward", "0"),))
    assert remains(facts) == Remains(
        settings=(("net.ipv4.ip_forward", "0"),),
        rules=tuple(("-4", rule) for rule in routing_rules(["lan"])),
        routes=("-4",),
        tun="twtun",
    )


def test_what_is_not_beyond_doubt_ours_is_not_taken_back() -> None:
    foreign = machine(has_table=True, routed=("-4",), rules=(Rule("-4", None),))

    assert remains(foreign) == Remains()
