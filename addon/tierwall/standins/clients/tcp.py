"""Clients of plain TCP servers: what a relay must keep is seen best without TLS around it."""

from tierwall.standins.clients.attempt import Heard, over_tcp
from tierwall.standins.clients.outcome import LIMIT_S, Outcome, Stage, step
from tierwall.standins.clients.via import Via
from tierwall.standins.streams import TcpStream


async def half_close_session(
    via: Via, host: str, port: int, *, payload: bytes = b"ping", limit_s: float = LIMIT_S
) -> Outcome:
    """Send, have it echoed, send a FIN, and read what the server still says until its own FIN (`farewell`)."""

    async def exchange(tcp: TcpStream, heard: Heard) -> None:
        async with step(Stage.EXCHANGE, limit_s):
            await tcp.write(payload)
            echo = b""
            while len(echo) < len(payload):
                echo += await _more(tcp)
            heard.echoes.append(echo)
            await tcp.write_eof()
            while octets := await tcp.read():
                heard.farewell += octets
            await tcp.close()

    return await over_tcp(exchange, via, host, port, limit_s=limit_s)


async def banner_session(via: Via, host: str, port: int, *, limit_s: float = LIMIT_S) -> Outcome:
    """Send nothing until the server has sent a line (`pushes`)."""

    async def exchange(tcp: TcpStream, heard: Heard) -> None:
        async with step(Stage.EXCHANGE, limit_s):
            banner = b""
            while not banner.endswith(b"\n"):
                banner += await _more(tcp)
            heard.pushes.append(banner)
            await tcp.close()

    return await over_tcp(exchange, via, host, port, limit_s=limit_s)


async def _more(tcp: TcpStream) -> bytes:
    octets = await tcp.read()
    if not octets:
        raise EOFError("the server ended the connection")
    return octets
