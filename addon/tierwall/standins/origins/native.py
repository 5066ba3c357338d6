"""The persistent connection of a native attendee app: TLS, inside it frames that are not HTTP.

The server pushes on its own, echoes what it gets, and after the client has ended its direction still says goodbye.
"""

from tierwall.standins.certificates import Authority
from tierwall.standins.frames import FrameReader, Speaker, frame
from tierwall.standins.origins.base import Reached, TlsOrigin
from tierwall.standins.streams import Stream, TlsStream

PUSH = b"state: poll opened"
GOODBYE = b"goodbye"


class NativeOrigin(TlsOrigin):
    """Speaks the proprietary protocol and nothing else."""

    def __init__(
        self,
        authority: Authority,
        names: list[str],
        *,
        first: Speaker = Speaker.SERVER,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Push at once, or (`Speaker.CLIENT`) only once the client has sent something."""
        super().__init__(authority, names, host=host, port=port)
        self._first = first

    async def serve_tls(self, tls: TlsStream, name: str | None) -> None:  # noqa: ARG002 - the protocol has no hosts
        """Serve one native app."""
        match self._first:
            case Speaker.CLIENT:
                await serve_native(tls, await tls.read(), self.reached)
            case Speaker.SERVER:
                await serve_native(tls, b"", self.reached)


async def serve_native(stream: Stream, opening: bytes, reached: Reached) -> None:
    """Push, then echo every frame, the ones in `opening` first; after the client's end say goodbye with totals."""
    reached.note(protocol="native")
    reader = FrameReader()
    await stream.write(frame(PUSH))
    frames = octets = 0
    arrived = opening
    while True:
        for payload in reader.feed(arrived):
            frames += 1
            octets += len(payload)
            await stream.write(frame(payload))
        arrived = await stream.read()
        if not arrived:
            break
    await stream.write(frame(GOODBYE + f" frames={frames} octets={octets}".encode()))
