"""A native attendee app's persistent connection: TLS without ALPN, inside it frames that are not HTTP."""

from pathlib import Path

from tierwall.standins.clients.attempt import Heard, Secured, over_tls, stay_silent
from tierwall.standins.clients.outcome import LIMIT_S, Cause, Failed, Outcome, Stage, step
from tierwall.standins.clients.via import Via
from tierwall.standins.frames import FrameReader, Speaker, frame
from tierwall.standins.streams import Stream, TlsStream

HELLO = b"hello"


async def native_session(  # noqa: PLR0913 - a destination, the way to it, and what is said there
    via: Via,
    host: str,
    port: int = 443,
    *,
    ca: Path,
    payloads: tuple[bytes, ...] = (b"vote 1", b"\x00" * 1000),
    first: Speaker = Speaker.CLIENT,
    hold_s: float = 0.0,
    sni: str | None = None,
    limit_s: float = LIMIT_S,
) -> Outcome:
    """Say hello, be pushed to, have payloads echoed, stay silent for `hold_s`, end our direction, hear the goodbye.

    With `Speaker.SERVER` the client sends nothing before the server's push has come.
    """

    async def exchange(tls: TlsStream, heard: Heard) -> None:
        frames = _Frames(tls)
        async with step(Stage.EXCHANGE, limit_s):
            match first:
                case Speaker.CLIENT:
                    await tls.write(frame(HELLO))
                    heard.pushes.append(await frames.next())
                case Speaker.SERVER:
                    heard.pushes.append(await frames.next())
                    await tls.write(frame(HELLO))
            heard.echoes.append(await frames.next())
            for payload in payloads:
                await tls.write(frame(payload))
                heard.echoes.append(await frames.next())
        async with step(Stage.EXCHANGE, hold_s + limit_s):
            await stay_silent(hold_s, frames.next, heard)
        async with step(Stage.EXCHANGE, limit_s):
            await tls.write_eof()
            heard.farewell = await frames.next()
            await frames.end()
            await tls.close()

    return await over_tls(exchange, via, host, port, Secured(ca=ca, sni=sni), limit_s=limit_s)


class _Frames:
    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._reader = FrameReader()
        self._waiting: list[bytes] = []

    async def next(self) -> bytes:
        while not self._waiting:
            octets = await self._stream.read()
            if not octets:
                raise EOFError("the server ended the session")
            self._waiting += self._reader.feed(octets)
        return self._waiting.pop(0)

    async def end(self) -> None:
        if self._waiting or await self._stream.read():
            raise Failed(Stage.EXCHANGE, Cause.PROTOCOL, "octets after the goodbye")
