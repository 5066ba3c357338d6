"""The internet of the ground: one origin for every address, and the names that lead to it.

Knows the original destination of what was redirected to it, and DNS over UDP. A name's first label decides what it
leads to; every other name leads to two addresses, both of which answer.
"""

import asyncio
import socket
import struct
import sys
from pathlib import Path
from typing import Final, TextIO

from tests.fleet.proof.ground import ORIGIN_PORT, SERVING

LED: Final = {
    "private": ["10.1.2.3"],
    "metadata": ["169.254.169.254"],
    "loop": ["127.0.0.1"],
    "hidden": ["203.0.113.99", "10.1.2.3"],
    "late": ["203.0.113.99", "203.0.113.10"],
    "nowhere": [],
}
"""203.0.113.99 answers with a reset: what stands behind it is what is dialled next."""
OTHERS: Final = ["203.0.113.10", "203.0.113.11"]
ANSWER: Final = b"TWOK "
_SO_ORIGINAL_DST: Final = 80  # linux/netfilter_ipv4.h


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, arrivals: TextIO) -> None:
    """Say where the connection was meant for, then send back what comes."""
    raw = writer.get_extra_info("socket")
    meant = raw.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16)
    at = f"{socket.inet_ntoa(meant[4:8])}:{struct.unpack('>H', meant[2:4])[0]}"
    arrivals.write(f"{at}\n")
    try:
        octets = await reader.read(65536)
        if octets.split(b" ", 1)[0] in {b"GET", b"POST", b"HEAD"}:
            body = ANSWER + at.encode() + b"\n" + octets
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            return
        if octets:
            writer.write(ANSWER + at.encode() + b"\n")
        while octets:
            await writer.drain()
            octets = await reader.read(65536)
            writer.write(octets)
    except ConnectionError:
        pass
    finally:
        writer.close()


def answer(question: bytes) -> bytes:
    """RFC 1035: A records for names, none of other types."""
    at, labels = 12, list[bytes]()
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]])
        at += 1 + question[at]
    kind = struct.unpack(">H", question[at + 1 : at + 3])[0]
    addresses = LED.get(labels[0].decode("latin1").lower(), OTHERS) if kind == 1 and labels else []
    head = question[:2] + b"\x81\x80" + b"\0\1" + struct.pack(">H", len(addresses)) + bytes(4)
    record = b"\xc0\x0c\0\1\0\1" + struct.pack(">IH", 300, 4)
    return head + question[12 : at + 5] + b"".join(record + socket.inet_aton(each) for each in addresses)


class _Names(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, octets: bytes, address: tuple[str, int]) -> None:
        self._transport.sendto(answer(octets), address)  # type: ignore[attr-defined]


async def main(path: Path) -> None:
    """Until it is ended."""
    with path.open("a", buffering=1) as arrivals:
        server = await asyncio.start_server(lambda r, w: serve(r, w, arrivals), "0.0.0.0", ORIGIN_PORT, backlog=4096)
        await asyncio.get_running_loop().create_datagram_endpoint(_Names, local_addr=("127.0.0.53", 53))
        print(SERVING, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
