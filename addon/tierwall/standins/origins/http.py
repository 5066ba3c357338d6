"""HTTP/1.1 on an origin's side of a connection: requests in, answers out, keep-alive between.

Knows framing (by h11); what is answered is the caller's.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import h11

from tierwall.standins.origins.base import Reached
from tierwall.standins.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, its body read."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, empty where it is absent."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response. Without `length` its body goes chunked."""

    status: HTTPStatus = HTTPStatus.OK
    media_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    body: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The request asks for a WebSocket, and gets it."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """How a conversation ended that is to go on as a WebSocket."""

    request: Asked
    surplus: bytes = field(repr=False)
    """What had been read behind the request."""


def text(body: str, *, status: HTTPStatus = HTTPStatus.OK, **rest: str) -> Answer:
    """An answer of known length; keywords are headers, `media_type` apart."""
    octets = body.encode()
    media_type = rest.pop("media_type", "text/plain; charset=utf-8")
    headers = tuple((name.replace("_", "-"), value) for name, value in rest.items())
    return Answer(status=status, media_type=media_type, headers=headers, length=len(octets), body=once(octets))


async def once(octets: bytes) -> AsyncIterator[bytes]:
    """A body in one piece."""
    yield octets


async def serve_http(
    stream: Stream, opening: bytes, reached: Reached, answer: Callable[[Asked], Answer | Upgrade]
) -> Upgraded | None:
    """Answer requests until the client goes, or until one of them is an upgrade."""
    reached.note(protocol="http")
    http = h11.Connection(h11.SERVER)
    if opening:
        http.receive_data(opening)
    while True:
        asked = await _request(http, stream)
        if asked is None:
            return None
        reached.note(target=asked.target)
        match answer(asked):
            case Upgrade():
                surplus, _ended = http.trailing_data
                return Upgraded(asked, surplus)
            case Answer() as response:
                await _respond(http, stream, asked, response)
        if http.our_state is h11.MUST_CLOSE:
            return None
        http.start_next_cycle()


async def _request(http: h11.Connection, stream: Stream) -> Asked | None:
    event = await _next_event(http, stream)
    if not isinstance(event, h11.Request):
        return None
    body = bytearray()
    while isinstance(part := await _next_event(http, stream), h11.Data):
        body += part.data
    return Asked(
        method=event.method.decode(),
        target=event.target.decode(),
        headers=tuple((name.decode(), value.decode("latin-1")) for name, value in event.headers),
        body=bytes(body),
    )


async def _next_event(http: h11.Connection, stream: Stream) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
    while (event := http.next_event()) is h11.NEED_DATA:
        if http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
            await stream.write(http.send(go_on) or b"")
        http.receive_data(await stream.read())
    return event


async def _respond(http: h11.Connection, stream: Stream, asked: Asked, answer: Answer) -> None:
    length = [] if answer.length is None else [("content-length", str(answer.length))]
    response = h11.Response(
        status_code=answer.status,
        reason=answer.status.phrase.encode(),
        headers=[("content-type", answer.media_type), ("server", "tierwall-demo"), *length, *answer.headers],
    )
    await stream.write(http.send(response) or b"")
    if asked.method != "HEAD":
        async for piece in answer.body:
            await stream.write(http.send(h11.Data(data=piece)) or b"")
    await stream.write(http.send(h11.EndOfMessage()) or b"")
