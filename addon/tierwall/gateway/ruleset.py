"""The gateway's nftables table as text: what is redirected, what is marked, what may be forwarded.

Knows nftables' language and which way each packet takes. Refuses to decide what a site admits: the sets of destinations
that go straight through the kernel, and of SYNs without an answer, are given.

The laws of this table: nothing that is addressed to the machine itself is touched. What comes from inside leaves by the
tun device or, while the proxy's lease lasts, straight to the outside; anything else is dropped, and an accept in
somebody else's table cannot change that. A flow keeps its first path, until something in it looks like QUIC: then it is
the proxy's, which reads the names in it.
"""

from collections.abc import Iterator
from typing import Final

from tierwall.gateway.topology import DIRECT, OWNED, REPORTS, TABLE, THROUGH_PROXY, Topology
from tierwall.policy.model import Ports
from tierwall.policy.projections.unanswered_syns import Unanswered

COUNTERS: Final = (
    "redirected",
    "through_proxy",
    "names",
    "directly",
    "forwarded_directly",
    "unanswered",
    "dropped",
)
"""Counters of the table, by what became of the packets that they count."""

LEASE_S: Final = 5
"""Seconds that what goes straight through the kernel may go on without the proxy's renewal."""

_QUIC: Final = 0xC0
"""First octet of a long header, and of nothing else that goes with media (RFC 9443 section 3). A flow that begins so
has a name, which the proxy judges."""

_LONG_HEADERS: Final = (
    f"@th,64,8 >= {_QUIC:#x} @th,104,8 8-20",
    "@th,64,1 1 @th,72,32 { 0x00000001, 0x6b3343cf }",
)
"""Long headers anywhere in a flow: with a connection id as clients choose them (RFC 9000 section 7.2), or of versions 1
and 2, whose fixed bit may be missing (RFC 9287)."""

_FLOW_OF: Final = {
    4: "ip saddr . udp sport . ip daddr . udp dport",
    6: "ip6 saddr . udp sport . ip6 daddr . udp dport",
}
_ANSWER_OF: Final = {
    4: "ip daddr . udp dport . ip saddr . udp sport",
    6: "ip6 daddr . udp dport . ip6 saddr . udp sport",
}

QUIC_FLOWS: Final = 65536
"""Flows that are remembered as QUIC. Beyond, a long header of a flow that goes straight is dropped."""

_DESTINATIONS: Final = tuple(
    (f"{kind}{version}", f"{family} . inet_service")
    for kind in ("direct", "named", "withheld")
    for version, family in ((4, "ipv4_addr"), (6, "ipv6_addr"))
)
"""Sets of addresses and ports, with their types: what the site's networks admit; what names that it admits led to; what
is kept from going straight because a name that it denies led there."""

_SET: Final = "flags interval, timeout; size 1048576;"


_DATAGRAMS: Final = (
    "ct state untracked goto through_proxy",
    f"ct mark {THROUGH_PROXY:#x} goto through_proxy",
    *(f"ct mark @lease {header} counter name dropped drop" for header in _LONG_HEADERS),
    f"ct mark @lease meta mark set {DIRECT:#x} return",
    f"@th,64,8 >= {_QUIC:#x} goto through_proxy",
    "ip daddr . udp dport @withheld4 goto through_proxy",
    "ip6 daddr . udp dport @withheld6 goto through_proxy",
    "ip daddr . udp dport @direct4 goto directly",
    "ip6 daddr . udp dport @direct6 goto directly",
    "ip daddr . udp dport @named4 goto directly",
    "ip6 daddr . udp dport @named6 goto directly",
    "goto through_proxy",
)
"""The way of each datagram from inside, DNS apart."""

_RULES: Final = """\
table inet {table} {{
    chain {owned} {{ }}
{counters}

    set quic4 {{ typeof {flow4}; flags dynamic, timeout; timeout 10m; size {quic_flows}; }}
    set quic6 {{ typeof {flow6}; flags dynamic, timeout; timeout 10m; size {quic_flows}; }}
    set lease {{ type mark; flags timeout; timeout {lease_s}s; }}
{sets}

    chain untracked {{
        type filter hook prerouting priority raw; policy accept;
        iifname {inside} udp dport != 53 jump quic
{answers}
    }}
    chain quic {{
        fib daddr type {{ local, broadcast, anycast, multicast }} return
{quic}
    }}

    chain arriving {{
        type filter hook prerouting priority mangle; policy accept;
        iifname {outside} ct direction reply ct mark @lease meta mark set {direct} return
        iifname != {inside} return
        fib daddr type {{ local, broadcast, anycast, multicast }} return
        jump unanswered
        meta l4proto {{ tcp, udp }} th dport 53 counter name names meta mark set {through_proxy} return
        meta l4proto udp jump datagrams
        ct state related ct mark @lease meta mark set {direct}
    }}
    chain unanswered {{ }}
    chain datagrams {{
{datagrams}
    }}
    chain through_proxy {{
        counter name through_proxy ct mark set {through_proxy} meta mark set {through_proxy}
    }}
    chain directly {{
        counter name directly meta mark set {direct} jump of_this_run
    }}
    chain of_this_run {{ }}

    chain redirected {{
        type nat hook prerouting priority dstnat; policy accept;
        iifname != {inside} return
        tcp dport != 53 fib daddr type != local counter name redirected redirect to :{port}
    }}
    chain masqueraded {{
        type nat hook postrouting priority srcnat; policy accept;
        oifname {outside} ct mark @lease masquerade
    }}

    chain forwarded {{
        type filter hook forward priority filter; policy accept;
        iifname {inside} jump from_inside
        oifname {inside} jump to_inside
    }}
    chain from_inside {{
        oifname {tun} meta mark {through_proxy} return
        oifname {outside} ct mark @lease counter name forwarded_directly return
        counter name dropped drop
    }}
    chain to_inside {{
        iifname {tun} return
        iifname {outside} ct mark @lease ct direction reply counter name forwarded_directly return
        counter name dropped drop
    }}
}}
"""


def ruleset(topology: Topology) -> str:
    """The whole table, for `nft -f`. Its sets are empty, and without a lease nothing goes straight."""
    return _RULES.format(
        table=TABLE,
        owned=OWNED,
        counters="\n".join(f"    counter {name} {{ }}" for name in COUNTERS),
        lease_s=LEASE_S,
        sets="\n".join(f"    set {name} {{ type {of}; {_SET} }}" for name, of in _DESTINATIONS),
        datagrams="\n".join(f"        {rule}" for rule in _DATAGRAMS),
        quic="\n".join(f"        {rule}" for rule in _quic()),
        answers="\n".join(f"        {rule}" for rule in _answers(topology.tun)),
        quic_flows=QUIC_FLOWS,
        flow4=_FLOW_OF[4],
        flow6=_FLOW_OF[6],
        inside=f"{{ {', '.join(_quoted(name) for name in topology.inside)} }}",
        outside=_quoted(topology.outside),
        tun=_quoted(topology.tun),
        port=topology.port,
        through_proxy=f"{THROUGH_PROXY:#x}",
        direct=f"{DIRECT:#x}",
    )


def _quic() -> Iterator[str]:
    """From a long header on the whole flow is the proxy's. It is not tracked: where it went straight until then, it has
    an address of ours, by which the proxy would not know its client."""
    for version, flow in _FLOW_OF.items():
        yield from (f"{header} update @quic{version} {{ {flow} }}" for header in _LONG_HEADERS)
        yield f"{flow} @quic{version} update @quic{version} {{ {flow} }} notrack"


def _answers(tun: str) -> Iterator[str]:
    for version, flow in _ANSWER_OF.items():
        yield f"iifname {_quoted(tun)} {flow} @quic{version} notrack"


def emptied() -> Iterator[str]:
    """Commands that put empty sets in place of those of destinations, whatever they hold. To flush one takes the kernel
    a time that grows with the square of its elements; to make it anew does not."""
    yield f"flush chain inet {TABLE} datagrams"
    for name, of in _DESTINATIONS:
        yield f"delete set inet {TABLE} {name}"
        yield f"add set inet {TABLE} {name} {{ type {of}; {_SET} }}"
    yield from (f"add rule inet {TABLE} datagrams {rule}" for rule in _DATAGRAMS)


def swallowing(unanswered: Unanswered) -> Iterator[str]:
    """Its rules in the chain `unanswered`: each SYN is reported, then dropped."""
    ports = ", ".join(_range(each) for each in unanswered.ports)
    for version, header in ((4, "ip"), (6, "ip6")):
        found = ", ".join(str(network) for network in unanswered.networks if network.version == version)
        if found:
            syn = "tcp flags & (fin | syn | rst | ack) == syn"
            report = f"counter name unanswered log group {REPORTS} snaplen 96"
            yield f"{header} daddr {{ {found} }} tcp dport {{ {ports} }} {syn} {report} drop"


def _range(ports: Ports) -> str:
    return str(ports.first) if ports.first == ports.last else f"{ports.first}-{ports.last}"


def _quoted(interface: str) -> str:
    """Names of interfaces hold anything but `/` and space (dev_valid_name in the kernel); checks.py refuses quotes."""
    return f'"{interface}"'
