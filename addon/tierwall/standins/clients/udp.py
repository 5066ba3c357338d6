"""Clients of UDP servers. UDP knows no explicit proxy here: what stands in between is a gateway or a tunnel."""

import asyncio
import secrets

from tierwall.standins.clients.attempt import Heard
from tierwall.standins.clients.outcome import LIMIT_S, Cause, Failed, Outcome, Stage, step
from tierwall.standins.stun import TRANSACTION_OCTETS, binding_request, mapped_address


async def udp_echo(
    host: str, port: int, *, payload: bytes = b"media", source: str | None = None, limit_s: float = LIMIT_S
) -> Outcome:
    """Send a datagram, from the client's address `source` where it has several, and wait for its echo."""
    heard = Heard()
    try:
        heard.echoes.append(await ask(host, port, payload, limit_s, source))
    except Failed as failed:
        return heard.outcome(failed)
    return heard.outcome()


async def stun_binding(host: str, port: int = 3478, *, limit_s: float = LIMIT_S) -> Outcome:
    """Ask for our own address; `echoes` has it as `address port`."""
    heard = Heard()
    transaction = secrets.token_bytes(TRANSACTION_OCTETS)
    try:
        mapped = mapped_address(await ask(host, port, binding_request(transaction), limit_s), transaction)
    except Failed as failed:
        return heard.outcome(failed)
    if mapped is None:
        return heard.outcome(Failed(Stage.EXCHANGE, Cause.PROTOCOL, "not an answer to our binding request"))
    heard.echoes.append(f"{mapped[0]} {mapped[1]}".encode())
    return heard.outcome()


async def ask(host: str, port: int, datagram: bytes, limit_s: float, source: str | None = None) -> bytes:
    """What comes back for a datagram. Raises Failed."""
    async with step(Stage.DIAL, limit_s):
        loop = asyncio.get_running_loop()
        local = None if source is None else (source, 0)
        transport, answer = await loop.create_datagram_endpoint(_Answer, remote_addr=(host, port), local_addr=local)
    try:
        async with step(Stage.EXCHANGE, limit_s):
            transport.sendto(datagram)
            return await answer.octets
    finally:
        transport.abort()
        await answer.closed


class _Answer(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.octets: asyncio.Future[bytes] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - it has one peer
        if not self.octets.done():
            self.octets.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.octets.done():
            self.octets.set_exception(exc)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - closed is closed
        self.closed.set_result(None)
