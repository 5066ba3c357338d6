"""Makes attempts, sixteen at a time, and says of each what came of it: `python -m tests.fleet.proof.clients`.

Knows openings on the wire. Reads tries as JSON lines and writes `[what, port]` for each; runs on the clients' machine.
"""

import asyncio
import json
import ssl
import sys
from collections.abc import Sequence
from contextlib import suppress

from tests.fleet.proof.attempts import Spoken, Try, Way, authority, request_of
from tests.fleet.proof.ground import GATEWAY, PROXY_PORT
from tests.fleet.proof.servers import ANSWER

AT_A_TIME = 16
ANSWER_S = 14
# What came of one: `allowed` is followed by the address that it arrived at.
ALLOWED, DENIED, UNSENT, SILENT, UNREACHABLE = "allowed", "denied", "cannot be sent", "silent", "unreachable"


async def make(attempt: Try, port: int = PROXY_PORT) -> str:
    """What came of it: the origin's answer, or none."""
    try:
        opening = _opening(attempt)
    except (UnicodeError, ValueError, ssl.SSLError):
        return UNSENT
    try:
        return await asyncio.wait_for(_made(attempt, opening, port), ANSWER_S)
    except TimeoutError:
        return SILENT
    except (asyncio.IncompleteReadError, OSError):
        return DENIED


async def _made(attempt: Try, opening: bytes, port: int) -> str:
    at = (attempt.host, attempt.port) if attempt.way is Way.DIRECT else (GATEWAY, port)
    reader, writer = await asyncio.open_connection(*at)
    try:
        if attempt.way is Way.CONNECT:
            asked = authority(attempt.host, attempt.port)
            writer.write(f"CONNECT {asked} HTTP/1.1\r\nHost: {asked}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head[:20]:
                return UNREACHABLE if b" 503 " in head[:20] else DENIED
        writer.write(opening)
        answer = await reader.read(4096)
        if ANSWER in answer:
            return f"{ALLOWED} {answer.partition(ANSWER)[2].split(b':')[0].decode()}"
        return UNREACHABLE if b" 503 " in answer[:20] else DENIED
    finally:
        writer.close()


def _opening(attempt: Try) -> bytes:
    match attempt.spoken:
        case Spoken.TLS:
            return hello(attempt.name)
        case Spoken.RAW:
            return b"NOT-TLS-NOR-HTTP\r\n"
        case Spoken.HTTP:
            if attempt.way is Way.REQUEST:
                return request_of(attempt)
            at = authority(attempt.name or "", attempt.port)
            return f"GET / HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n".encode()


def hello(name: str | None) -> bytes:
    """A ClientHello, as Python's ssl writes it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


async def main(tries: Sequence[Try]) -> list[str]:
    """All of them."""
    places = asyncio.Semaphore(AT_A_TIME)

    async def one(attempt: Try) -> str:
        async with places:
            return await make(attempt)

    return await asyncio.gather(*(one(each) for each in tries))


if __name__ == "__main__":
    given = [
        Try(Way(way), host, port, Spoken(spoken), name) for way, host, port, spoken, name in map(json.loads, sys.stdin)
    ]
    for said in asyncio.run(main(given)):
        sys.stdout.write(json.dumps(said) + "\n")
