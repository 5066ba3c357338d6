"""Envoy's gRPC access log (ALS): each entry as the line that the file would have had, for ingest.py.

Source: Envoy's API, envoy.service.accesslog.v3.AccessLogService. The fields are those of envoy/access_log.py, which an
exported Envoy sends as tags. Envoy keeps what it cannot send up to its buffer, and counts what it drops above it.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import grpc
from envoy.data.accesslog.v3 import accesslog_pb2
from envoy.service.accesslog.v3 import als_pb2
from msgspec.json import Encoder

from tierwall.fleet.peers import pretends

SERVICE: Final = "envoy.service.accesslog.v3.AccessLogService"
_NUMBERS: Final = frozenset({"code", "ms", "sent", "received"})
_ENCODER: Final = Encoder(order="sorted")

type _Entry = accesslog_pb2.HTTPAccessLogEntry | accesslog_pb2.TCPAccessLogEntry


class AccessLogs:
    """The service. One message is taken at a time from each Envoy: what is not taken yet waits at the sender."""

    def __init__(self, take: Callable[[Sequence[bytes]], None]) -> None:
        """`take` gets the lines of each message, in the server's own thread."""
        self._take = take

    def handler(self) -> grpc.GenericRpcHandler:
        """For a gRPC server."""
        stream = grpc.stream_unary_rpc_method_handler(
            self._stream,
            request_deserializer=als_pb2.StreamAccessLogsMessage.FromString,
            response_serializer=als_pb2.StreamAccessLogsResponse.SerializeToString,
        )
        return grpc.method_handlers_generic_handler(SERVICE, {"StreamAccessLogs": stream})

    async def _stream(
        self, messages: AsyncIterator[als_pb2.StreamAccessLogsMessage], context: grpc.aio.ServicerContext
    ) -> als_pb2.StreamAccessLogsResponse:
        known = False
        async for message in messages:
            if not known:  # the first message alone says who it is
                if (why := pretends(message.identifier.node.id, context)) is not None:
                    await context.abort(grpc.StatusCode.PERMISSION_DENIED, why)
                known = True
            self._take([_line(entry) for entry in (*message.http_logs.log_entry, *message.tcp_logs.log_entry)])
        return als_pb2.StreamAccessLogsResponse()


def _line(entry: _Entry) -> bytes:
    """The same fields are the same line, in whatever order they came."""
    said = entry.common_properties.custom_tags
    return _ENCODER.encode({name: _value(name, text) for name, text in said.items() if text})


def _value(name: str, text: str) -> str | int:
    return int(text) if name in _NUMBERS and text.isascii() and text.isdigit() and len(text) < 19 else text
