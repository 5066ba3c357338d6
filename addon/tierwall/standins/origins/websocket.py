"""A WebSocket on an origin's side: it pushes a message when it opens, then echoes what it gets (RFC 6455)."""

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, CloseConnection, Event, Message, Ping, Request, TextMessage

from tierwall.standins.origins.base import Reached
from tierwall.standins.origins.http import Upgraded
from tierwall.standins.streams import Stream

PUSH = "state: poll opened"


async def serve_websocket(stream: Stream, upgraded: Upgraded, reached: Reached) -> None:
    """Serve the WebSocket that this request opened, until either side closes it."""
    reached.note(protocol="websocket")
    socket = WSConnection(ConnectionType.SERVER)
    request = upgraded.request
    socket.initiate_upgrade_connection(
        [(name.encode(), value.encode("latin-1")) for name, value in request.headers], request.target
    )
    if upgraded.surplus:
        socket.receive_data(upgraded.surplus)
    while True:
        for event in socket.events():
            for reply in _replies(event):
                await stream.write(socket.send(reply))
        if socket.state is ConnectionState.CLOSED:
            return
        socket.receive_data(await stream.read() or None)


def _replies(event: Event) -> list[Event]:
    match event:
        case Request():
            return [AcceptConnection(), TextMessage(data=PUSH)]
        case Message():
            return [type(event)(data=event.data, message_finished=event.message_finished)]
        case Ping():
            return [event.response()]
        case CloseConnection(code=code) if code != _NO_CLOSE_FRAME:
            return [event.response()]
        case _:
            return []


_NO_CLOSE_FRAME = 1006
"""RFC 6455 section 7.1.5: the connection ended without a close frame, so none is answered."""
