"""Frames as a client's capture has them, made by hand, for what no sample of ours shows alone."""

import io
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

import dpkt

CLIENT, SERVER, RESOLVER, PROXY = "10.20.0.7", "203.0.113.9", "192.0.2.53", "192.0.2.1"
NOON = 1795780800.0

SYN, ACK, RST, PSH = 0x02, 0x10, 0x04, 0x08


def frame(source: str, destination: str, inside: dpkt.Packet, protocol: int) -> bytes:
    ip = dpkt.ip.IP(src=IPv4Address(source).packed, dst=IPv4Address(destination).packed, p=protocol, data=inside)
    ip.len = len(ip)
    return bytes(dpkt.ethernet.Ethernet(src=bytes(6), dst=bytes(6), type=dpkt.ethernet.ETH_TYPE_IP, data=ip))


def tcp(source: str, sport: int, destination: str, dport: int, flags: int, *, at: int = 0, data: bytes = b"") -> bytes:
    """A segment; `at` counts from the direction's first octet."""
    seq = 1000 if flags & SYN else 1001 + at
    segment = dpkt.tcp.TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=1001, data=data)
    return frame(source, destination, segment, dpkt.ip.IP_PROTO_TCP)


def udp(source: str, sport: int, destination: str, dport: int, data: bytes) -> bytes:
    datagram = dpkt.udp.UDP(sport=sport, dport=dport, data=data)
    datagram.ulen = len(datagram)
    return frame(source, destination, datagram, dpkt.ip.IP_PROTO_UDP)


def opened(port: int, server: str = SERVER, dport: int = 443, client: str = CLIENT) -> Iterator[bytes]:
    yield tcp(client, port, server, dport, SYN)
    yield tcp(server, dport, client, port, SYN | ACK)
    yield tcp(client, port, server, dport, ACK)


def says(port: int, data: bytes, server: str = SERVER, dport: int = 443) -> bytes:
    return tcp(CLIENT, port, server, dport, PSH | ACK, data=data)


def answers(port: int, data: bytes, server: str = SERVER, dport: int = 443) -> bytes:
    return tcp(server, dport, CLIENT, port, PSH | ACK, data=data)


def question(port: int, name: str, *, number: int = 7) -> bytes:
    return udp(CLIENT, port, RESOLVER, 53, bytes(dpkt.dns.DNS(id=number, qd=[dpkt.dns.DNS.Q(name=name)])))


def answer(port: int, name: str, address: str | None, *, number: int = 7, rcode: int = 0) -> bytes:
    found = [] if address is None else [dpkt.dns.DNS.RR(name=name, type=1, ip=IPv4Address(address).packed, ttl=60)]
    message = dpkt.dns.DNS(id=number, qd=[dpkt.dns.DNS.Q(name=name)], an=found)
    message.qr, message.rcode = dpkt.dns.DNS_R, rcode
    return udp(RESOLVER, 53, CLIENT, port, bytes(message))


def capture(frames: Iterable[bytes], *, ng: bool = False) -> bytes:
    """A capture file of these frames, a second apart."""
    file = io.BytesIO()
    writer = (dpkt.pcapng.Writer if ng else dpkt.pcap.Writer)(file)
    for number, octets in enumerate(frames):
        writer.writepkt(octets, NOON + number)
    return file.getvalue()
