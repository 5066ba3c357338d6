"""What mitmproxy gives for a connection: a writer, or a stream of mitmproxy_rs where there is no socket. By hand."""

import asyncio
from typing import Any


class Writer:
    """A client's connection."""

    def __init__(self) -> None:
        self.closed = False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return {"peername": ("192.0.2.7", 40_000), "sockname": ("192.0.2.1", 3128)}.get(name, default)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Stream:
    """What a tun or wireguard server gives for a connection."""

    def __init__(self) -> None:
        self.coming: asyncio.Queue[bytes] = asyncio.Queue()
        self.written, self.takes, self.closed, self.ended = b"", asyncio.Event(), 0, False
        self.takes.set()
        self.fails = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "peername":
            return ("10.0.0.7", 40_000)
        if default is None:
            raise KeyError(name)  # as the real one does
        return default

    async def read(self, _: int) -> bytes:
        return await self.coming.get()

    def write(self, data: bytes) -> None:
        if self.fails:
            raise OSError("connection closed")
        self.written += data

    async def drain(self) -> None:
        await self.takes.wait()

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.closed += 1
