"""Stand-in servers that only these tests need, beside those of tierwall.standins.origins."""

import re
from collections.abc import Callable

from tierwall.standins.origins import TcpOrigin
from tierwall.standins.streams import TcpStream


class RecordingOrigin(TcpOrigin):
    """Keeps every octet that reaches it, and says nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = bytearray()

    async def serve(self, tcp: TcpStream) -> None:
        """Listen until the client's FIN."""
        while octets := await tcp.read():
            self.heard += octets
            self.reached.note()


class EndsFirstOrigin(TcpOrigin):
    """Says `done`, ends its direction, and goes on listening until the client's FIN."""

    async def serve(self, tcp: TcpStream) -> None:
        """Speak, end, listen."""
        await tcp.write(b"done")
        await tcp.write_eof()
        while await tcp.read():
            pass


class ScriptedParent(TcpOrigin):
    """A parent proxy that answers every request head as it is told, and after a 200 to CONNECT echoes."""

    def __init__(self, answer: Callable[[str], bytes]) -> None:
        """`answer`: the request line -> what is sent back."""
        super().__init__()
        self._answer = answer
        self.heads: list[str] = []

    async def serve(self, tcp: TcpStream) -> None:
        """Answer heads; after a tunnel was granted, echo."""
        head = b""
        while octets := await tcp.read():
            head += octets
            if not re.search(rb"\r\n\r\n$", head):
                continue
            self.heads.append(head.decode())
            line = head.decode().partition("\r\n")[0]
            head = b""
            answer = self._answer(line)
            await tcp.write(answer)
            self.reached.note(target=line)
            if line.startswith("CONNECT") and answer.startswith(b"HTTP/1.1 200"):
                while octets := await tcp.read():
                    await tcp.write(octets)
                return
