"""Stand-in servers that answer octet by octet as a test has it, in clear or in TLS, and keep all that reached them.

Knows sockets and heads of HTTP/1. Refuses to be a well-behaved server.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from tierwall.standins.certificates import Authority
from tierwall.standins.origins import TcpOrigin
from tierwall.standins.origins.base import TlsOrigin
from tierwall.standins.streams import Stream, TcpStream, TlsStream

END: Final = b"\r\n\r\n"
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Talk:
    """One connection, as its server sees it."""

    def __init__(self, stream: Stream, tcp: TcpStream) -> None:
        self.heard = bytearray()
        """All that came, body and head."""
        self._stream, self._tcp = stream, tcp
        self._read_to = 0

    async def head(self) -> bytes:
        """The next request's head; empty at the end."""
        return await self.until(END)

    async def until(self, mark: bytes) -> bytes:
        """What comes up to and with this; what there was at the end."""
        while (at := self.heard.find(mark, self._read_to)) < 0:
            if not await self.more():
                return b""
        start, self._read_to = self._read_to, at + len(mark)
        return bytes(self.heard[start : self._read_to])

    async def more(self) -> bool:
        """Read what comes next; False at the end."""
        octets = await self._stream.read()
        self.heard += octets
        return bool(octets)

    async def say(self, octets: bytes) -> None:
        """Send these."""
        await self._stream.write(octets)

    async def end(self) -> None:
        """Send FIN."""
        await self._stream.write_eof()

    def reset(self) -> None:
        """Close without having read what came: the kernel sends RST."""
        self._tcp.abort()


type Play = Callable[[Talk], Awaitable[None]]


async def answers(talk: Talk) -> None:
    """Answer every request head; take bodies for nothing."""
    while await talk.head():
        await talk.say(OK)


class Played(TcpOrigin):
    """In clear."""

    def __init__(self) -> None:
        super().__init__()
        self.play: Play = answers
        self.talks: list[Talk] = []

    async def serve(self, tcp: TcpStream) -> None:
        """Let one connection be played."""
        talk = Talk(tcp, tcp)
        self.talks.append(talk)
        await self.play(talk)


class PlayedTls(TlsOrigin):
    """In TLS."""

    def __init__(self, authority: Authority, names: list[str]) -> None:
        super().__init__(authority, names)
        self.play: Play = answers
        self.talks: list[Talk] = []

    async def serve_tls(self, tls: TlsStream, name: str | None) -> None:
        """Let one connection be played."""
        talk = Talk(tls, tls._tcp)
        self.talks.append(talk)
        await self.play(talk)
