"""Packet captures (pcap, pcapng): what went over the wire of one client or one link.

Source: RFC 9293 (TCP), RFC 8446 (TLS alerts), RFC 9001 (QUIC), RFC 1035 (DNS); the files are read by dpkt. Nobody says
a verdict here. A name that was asked for and a connection that was answered is allowed; one that was reset, refused or
never answered is an error, and a firewall may be behind it; a proxy's answer to a CONNECT is the proxy's word.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import BinaryIO, Final

import dpkt  # type: ignore[import-untyped]  # it has no annotations

from tierwall.opening import ClientHello, Connect, NeedMore, PlainHttp, read_proxy_request, read_tunnel
from tierwall.policy.attempt import Attempt
from tierwall.policy.model import Transport
from tierwall.records.destination import first_of, of_address, of_host, of_name, of_question
from tierwall.records.observers.quic_initial import server_name
from tierwall.records.record import Decision, Record, Statement, Unread
from tierwall.records.status import by_status

_MAGIC: Final = (
    b"\xa1\xb2\xc3\xd4",
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x4d\x3c\xb2\xa1",
    b"\x0a\x0d\x0d\x0a",
)
_KEPT: Final = 64 * 1024
"""Octets of each direction's beginning."""
_ALERT: Final = 21
_ACCESS_DENIED: Final = 49
_DNS: Final = 53
_LINKS: Final = {
    dpkt.pcap.DLT_EN10MB: dpkt.ethernet.Ethernet,
    dpkt.pcap.DLT_LINUX_SLL: dpkt.sll.SLL,
    dpkt.pcap.DLT_LINUX_SLL2: dpkt.sll2.SLL2,
    dpkt.pcap.DLT_NULL: dpkt.loopback.Loopback,
}
_RAW: Final = frozenset({dpkt.pcap.DLT_RAW, 12, 14, 228, 229})

type _Ends = tuple[bytes, int, bytes, int, Transport]


def looks_like_capture(head: bytes) -> bool:
    """By its magic number."""
    return head.startswith(_MAGIC)


@dataclass(slots=True)
class _Flow:
    """What one client sent to one port, and what came back."""

    when: float
    sent: dict[int, bytes] = field(default_factory=dict)
    """TCP segments by their place; UDP datagrams in their order."""
    start: int | None = None
    answered: bool = False
    """By SYN and ACK, or by any datagram."""
    back: bytes = b""
    expected: int | None = None
    reset_by: str = ""
    syns: int = 0


def read_capture(stream: BinaryIO) -> Iterator[Record | Unread]:
    """A record for each connection, for each UDP flow, and for each name that was looked up."""
    seen = _Seen()
    try:
        reader = dpkt.pcap.UniversalReader(stream)
        link = reader.datalink()
        for when, octets in reader:
            _packet(seen, float(when), octets, link)
    except (ValueError, dpkt.dpkt.Error, OSError) as cause:
        yield from seen.records()
        yield Unread(f"the capture breaks off: {type(cause).__name__}")
        return
    yield from seen.records()
    if seen.unread:
        for _ in range(seen.unread):
            yield Unread("is no IP packet that can be read")


class _Seen:
    """All flows so far, and what DNS said."""

    def __init__(self) -> None:
        self.flows: dict[_Ends, _Flow] = {}
        self.names: dict[str, str] = {}
        self.questions: dict[tuple[bytes, int, int], tuple[float, str, bytes]] = {}
        self.answers: list[Record] = []
        self.unread = 0

    def records(self) -> Iterator[Record]:
        yield from self.answers
        for when, name, client in self.questions.values():
            statement = Statement(decision=Decision.ERROR, attempt=of_question(name), words="DNS: no answer")
            yield Record(statement, when, str(ip_address(client)))
        for ends, flow in self.flows.items():
            record = _of_tcp(self, ends, flow) if ends[4] is Transport.TCP else _of_udp(self, ends, flow)
            if record is not None:
                yield record


def _packet(seen: _Seen, when: float, octets: bytes, link: int) -> None:
    try:
        if link in _RAW:
            ip: object = dpkt.ip6.IP6(octets) if octets[:1] and octets[0] >> 4 == 6 else dpkt.ip.IP(octets)
        else:
            ip = _LINKS[link](octets).data
        if not isinstance(ip, dpkt.ip.IP | dpkt.ip6.IP6):
            return  # ARP and the like
        inside = ip.data
    except (dpkt.dpkt.Error, KeyError, IndexError):
        seen.unread += 1
        return
    if isinstance(inside, dpkt.tcp.TCP):
        _segment(seen, when, ip.src, ip.dst, inside)
    elif isinstance(inside, dpkt.udp.UDP):
        _datagram(seen, when, ip.src, ip.dst, inside)


# TCP


def _segment(seen: _Seen, when: float, source: bytes, destination: bytes, tcp: dpkt.tcp.TCP) -> None:
    there: _Ends = (source, tcp.sport, destination, tcp.dport, Transport.TCP)
    back: _Ends = (destination, tcp.dport, source, tcp.sport, Transport.TCP)
    syn, ack = bool(tcp.flags & dpkt.tcp.TH_SYN), bool(tcp.flags & dpkt.tcp.TH_ACK)
    if syn and not ack:
        flow = seen.flows.setdefault(there, _Flow(when))
        flow.syns += 1
        flow.start = tcp.seq + 1
    elif there in seen.flows:
        _from_client(seen.flows[there], tcp)
    elif back in seen.flows:
        _from_server(seen.flows[back], tcp, syn=syn and ack)


def _from_client(flow: _Flow, tcp: dpkt.tcp.TCP) -> None:
    if tcp.flags & dpkt.tcp.TH_RST and not flow.reset_by:
        flow.reset_by = "client"
    if tcp.data and flow.start is not None:
        at = (tcp.seq - flow.start) % 2**32
        if at < _KEPT and at not in flow.sent:
            flow.sent[at] = bytes(tcp.data[: _KEPT - at])


def _from_server(flow: _Flow, tcp: dpkt.tcp.TCP, *, syn: bool) -> None:
    if syn:
        flow.answered = True
        flow.expected = (tcp.seq + 1) % 2**32
    if tcp.flags & dpkt.tcp.TH_RST and not flow.reset_by:
        flow.reset_by = "server"
    if tcp.data and tcp.seq == flow.expected:
        flow.expected = (tcp.seq + len(tcp.data)) % 2**32
        flow.back += bytes(tcp.data[: max(_KEPT - len(flow.back), 0)])


def _sent(flow: _Flow) -> bytes:
    """What the client sent, up to the first gap."""
    whole = b""
    while (more := flow.sent.get(len(whole))) is not None:
        whole += more
    return whole


def _of_tcp(seen: _Seen, ends: _Ends, flow: _Flow) -> Record | None:
    client, _, server, port, _ = ends
    address = str(ip_address(server))
    attempt = _known(seen, address, port, Transport.TCP)
    if not flow.answered:
        words = "refused: RST" if flow.reset_by == "server" else f"no answer to {flow.syns} SYN"
        return _record(client, flow, Decision.ERROR, attempt, words)
    octets = _sent(flow)
    opening = read_tunnel(octets)
    proxied = read_proxy_request(octets)
    if isinstance(proxied, Connect):
        return _of_connect(client, flow, proxied)
    if isinstance(opening, ClientHello):
        attempt = first_of(of_name(opening.sni, port) if opening.sni else None, attempt)
        decision, words = _of_handshake(flow)
        return _record(client, flow, decision, attempt, words)
    if isinstance(opening, PlainHttp):
        return _of_http(client, flow, opening, attempt, port)
    if isinstance(opening, NeedMore) and not octets and not flow.back:
        words = f"opened, nothing sent{', reset by the ' + flow.reset_by if flow.reset_by else ''}"
        return _record(client, flow, Decision.ERROR if flow.reset_by == "server" else Decision.UNKNOWN, attempt, words)
    answered = bool(flow.back)
    words = "answered" if answered else f"no answer{', reset by the ' + flow.reset_by if flow.reset_by else ''}"
    return _record(client, flow, Decision.ALLOWED if answered else Decision.ERROR, attempt, words)


def _of_connect(client: bytes, flow: _Flow, asked: Connect) -> Record:
    status = _status(flow.back)
    said = by_status(status, "CONNECT") if status else Decision.ERROR
    words = (
        f"CONNECT {status}"
        if status
        else f"CONNECT not answered{', reset by the proxy' if flow.reset_by == 'server' else ''}"
    )
    return _record(client, flow, said, of_host(asked.host, asked.port), words, "CONNECT")


def _of_http(client: bytes, flow: _Flow, asked: PlainHttp, attempt: Attempt | None, port: int) -> Record:
    status = _status(flow.back)
    if asked.origin_form:
        said = Decision.ALLOWED if status else Decision.ERROR
        attempt = first_of(of_host(asked.host, port, scheme="http") if asked.host else None, attempt)
    else:
        said = by_status(status, asked.method) if status else Decision.ERROR
        attempt = of_host(asked.host or "", asked.port, scheme="http")
    return _record(client, flow, said, attempt, f"HTTP {status or 'not answered'}", asked.method)


def _of_handshake(flow: _Flow) -> tuple[Decision, str]:
    """What came back for a ClientHello: a handshake, an alert, a reset, or nothing."""
    back = flow.back
    if back[:1] == bytes([_ALERT]) and len(back) >= 7:
        said = Decision.DENIED if back[6] == _ACCESS_DENIED else Decision.ERROR
        return said, f"TLS alert {back[6]} for the ClientHello"
    if back[:1] == b"\x16":
        return Decision.ALLOWED, "TLS handshake"
    if flow.reset_by:
        return Decision.ERROR, f"reset by the {flow.reset_by} after the ClientHello"
    return Decision.ERROR, "no answer to the ClientHello" if not back else "no TLS in answer to the ClientHello"


def _status(back: bytes) -> str:
    head = back[:12].split(b" ")
    return head[1][:3].decode() if len(head) > 1 and head[0].startswith(b"HTTP/") and head[1][:3].isdigit() else ""


# UDP


def _datagram(seen: _Seen, when: float, source: bytes, destination: bytes, udp: dpkt.udp.UDP) -> None:
    if _DNS in {udp.sport, udp.dport}:
        _lookup(seen, when, source, destination, udp)
        return
    if ip_address(destination).is_multicast or destination[-1:] == b"\xff":
        return
    there: _Ends = (source, udp.sport, destination, udp.dport, Transport.UDP)
    back: _Ends = (destination, udp.dport, source, udp.sport, Transport.UDP)
    if back in seen.flows:
        seen.flows[back].answered = True
        return
    flow = seen.flows.setdefault(there, _Flow(when))
    if len(flow.sent) < 4:
        flow.sent[len(flow.sent)] = bytes(udp.data)


def _of_udp(seen: _Seen, ends: _Ends, flow: _Flow) -> Record | None:
    client, _, server, port, _ = ends
    name = next((found for octets in flow.sent.values() if (found := server_name(octets)) is not None), None)
    address = str(ip_address(server))
    attempt = first_of(of_name(name, port, Transport.UDP) if name else None, _known(seen, address, port, Transport.UDP))
    kind = "QUIC" if name else "UDP"
    said = Decision.ALLOWED if flow.answered else Decision.ERROR
    return _record(client, flow, said, attempt, f"{kind}: {'answered' if flow.answered else 'no answer'}")


def _lookup(seen: _Seen, when: float, source: bytes, destination: bytes, udp: dpkt.udp.UDP) -> None:
    try:
        message = dpkt.dns.DNS(bytes(udp.data))
        name = message.qd[0].name
    except (dpkt.dpkt.Error, IndexError, UnicodeError, ValueError):
        seen.unread += 1
        return
    if message.qr == dpkt.dns.DNS_Q:
        seen.questions.setdefault((source, udp.sport, message.id), (when, name, source))
        return
    seen.questions.pop((destination, udp.dport, message.id), None)
    for answer in message.an:
        data = getattr(answer, "ip", None) or getattr(answer, "ip6", None)
        if data:
            seen.names[str(ip_address(data))] = name
    said = {dpkt.dns.DNS_RCODE_NOERR: Decision.ALLOWED, dpkt.dns.DNS_RCODE_REFUSED: Decision.DENIED}
    words = {0: "answered", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}.get(message.rcode, f"rcode {message.rcode}")
    statement = Statement(
        decision=said.get(message.rcode, Decision.ERROR), attempt=of_question(name), words=f"DNS: {words}"
    )
    seen.answers.append(Record(statement, when, str(ip_address(destination))))


# What both share


def _known(seen: _Seen, address: str, port: int, transport: Transport) -> Attempt | None:
    """By the name that DNS last answered with this address, where nobody says another."""
    name = seen.names.get(address)
    return first_of(of_host(name, port, transport=transport) if name else None, of_address(address, port, transport))


def _record(  # noqa: PLR0913, PLR0917 - what a flow is told by
    client: bytes, flow: _Flow, said: Decision, attempt: Attempt | None, words: str, method: str | None = None
) -> Record:
    statement = Statement(decision=said, attempt=attempt, method=method, words=words)
    return Record(statement, flow.when, str(ip_address(client)))
