"""A web app's persistent connection: a WebSocket by https, which the server pushes to (RFC 6455)."""

from pathlib import Path

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Message,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

from tierwall.policy.authority import host_port
from tierwall.standins.clients.attempt import Heard, Secured, over_tls, stay_silent
from tierwall.standins.clients.outcome import LIMIT_S, Cause, Failed, Outcome, Reply, Stage, rejected, step
from tierwall.standins.clients.via import Via
from tierwall.standins.streams import Stream

NORMAL_CLOSURE = 1000


async def websocket_session(  # noqa: PLR0913 - a destination, the way to it, and what is said there
    via: Via,
    host: str,
    port: int = 443,
    *,
    ca: Path,
    path: str = "/socket",
    messages: tuple[str | bytes, ...] = ("hello", b"\x00\x01"),
    hold_s: float = 0.0,
    sni: str | None = None,
    limit_s: float = LIMIT_S,
) -> Outcome:
    """Open, wait for the server's push, have each message echoed, stay silent for `hold_s`, ping, close."""

    async def exchange(stream: Stream, heard: Heard) -> None:
        socket = _Socket(stream)
        async with step(Stage.EXCHANGE, limit_s):
            await socket.open(host if port == 443 else host_port(host, port), path)
            heard.pushes.append(await socket.message())
            for message in messages:
                await socket.send(message)
                heard.echoes.append(await socket.message())
        async with step(Stage.EXCHANGE, hold_s + limit_s):
            await stay_silent(hold_s, socket.message, heard)
        async with step(Stage.EXCHANGE, limit_s):
            await socket.ping(b"still there?")
            await socket.close()

    return await over_tls(exchange, via, host, port, Secured(ca=ca, sni=sni, alpn=("http/1.1",)), limit_s=limit_s)


class _Socket:
    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._socket = WSConnection(ConnectionType.CLIENT)
        self._waiting: list[Event] = []

    async def open(self, host: str, path: str) -> None:
        await self._say(Request(host=host, target=path))
        match await self._event():
            case AcceptConnection():
                return
            case RejectConnection() as answer:
                raise await self._rejection(answer)
            case event:
                raise _unexpected(event)

    async def send(self, message: str | bytes) -> None:
        await self._say(TextMessage(data=message) if isinstance(message, str) else BytesMessage(data=message))

    async def message(self) -> bytes:
        octets = b""
        while True:
            match await self._event():
                case Message(data=str(text), message_finished=finished):
                    octets += text.encode()
                case Message(data=bytes() | bytearray() as piece, message_finished=finished):
                    octets += piece
                case event:
                    raise _unexpected(event)
            if finished:
                return octets

    async def ping(self, payload: bytes) -> None:
        await self._say(Ping(payload=payload))
        event = await self._event()
        if not isinstance(event, Pong) or event.payload != payload:
            raise _unexpected(event)

    async def close(self) -> None:
        await self._say(CloseConnection(code=NORMAL_CLOSURE))
        while self._socket.state is not ConnectionState.CLOSED:
            await self._event()
        await self._stream.close()

    async def _say(self, event: Event) -> None:
        await self._stream.write(self._socket.send(event))

    async def _event(self) -> Event:
        while not self._waiting:
            octets = await self._stream.read()
            if not octets:
                raise EOFError("the WebSocket ended without a close frame")
            self._socket.receive_data(octets)
            for event in self._socket.events():
                if isinstance(event, Ping):
                    await self._say(event.response())
                else:
                    self._waiting.append(event)
        return self._waiting.pop(0)

    async def _rejection(self, answer: RejectConnection) -> Failed:
        body = b""
        finished = not answer.has_body
        while not finished:
            event = await self._event()
            if not isinstance(event, RejectData):
                raise _unexpected(event)
            body += event.data
            finished = event.body_finished
        headers = tuple((name.decode(), value.decode("latin-1")) for name, value in answer.headers)
        reply = Reply(status=answer.status_code, headers=headers, body=body)
        not_switched = Failed(Stage.EXCHANGE, Cause.STATUS, f"{reply.status} instead of 101", reply=reply)
        return rejected(Stage.EXCHANGE, reply) or not_switched


def _unexpected(event: Event) -> Failed:
    match event:
        case CloseConnection(code=code):
            return Failed(Stage.EXCHANGE, Cause.CLOSED, f"the server closed the WebSocket, code {int(code)}")
        case _:
            return Failed(Stage.EXCHANGE, Cause.PROTOCOL, f"an unexpected {type(event).__name__}")
