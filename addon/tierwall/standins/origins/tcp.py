"""Plain TCP origins that show at byte level what a relay must keep: half-close, and a server that speaks first."""

from tierwall.standins.origins.base import TcpOrigin
from tierwall.standins.streams import TcpStream

FAREWELL = b"bye"
BANNER = b"SSH-2.0-tierwall_demo\r\n"


class TcpEchoOrigin(TcpOrigin):
    """Echoes; after the client's FIN it still says `bye`, then closes."""

    async def serve(self, tcp: TcpStream) -> None:
        """Echo until the client's FIN."""
        while octets := await tcp.read():
            await tcp.write(octets)
        await tcp.write(FAREWELL)


class SpeaksFirstOrigin(TcpOrigin):
    """Sends a banner before the client has sent anything, as SSH and SMTP do, then echoes."""

    async def serve(self, tcp: TcpStream) -> None:
        """Greet, then echo until the client's FIN."""
        await tcp.write(BANNER)
        while octets := await tcp.read():
            await tcp.write(octets)
