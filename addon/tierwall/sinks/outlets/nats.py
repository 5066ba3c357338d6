"""NATS JetStream, by nats-py: one message an event, each acknowledged; its id lets the stream drop duplicates.

Knows that library, which is the extra `nats`, and runs its loop in the sink's thread.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tierwall.sinks.address import Address, InvalidSink
from tierwall.sinks.entry import TAKEN, Entry, NotNow, Outcome, Unwelcome
from tierwall.sinks.outlets.http import PATIENCE_S, tls_context, why

STREAM: Final = "tierwall"
_ANSWER_S: Final = 5.0


class NatsOutlet:
    """A client, connected when the first events go, and anew when it failed."""

    def __init__(self, address: Address, trust: Path | None) -> None:
        """Raises InvalidSink where the library is not installed."""
        try:
            import nats  # noqa: PLC0415 - an extra
            import nats.errors  # noqa: PLC0415
            import nats.js.errors  # noqa: PLC0415
        except ImportError:
            raise InvalidSink("--nats needs nats-py: pip install 'tierwall[nats]'") from None
        self._nats: Any = nats
        self._subject = address.path.strip("/").replace("/", ".")
        host = f"[{address.host}]" if ":" in address.host else address.host
        self._settings: dict[str, Any] = {
            "servers": [f"{address.scheme}://{host}:{address.port}"],
            "connect_timeout": _ANSWER_S,
            "allow_reconnect": False,
            "user": address.user if address.password is not None else None,
            "password": address.password,
            "token": address.user if address.password is None else None,
            "tls": tls_context(trust) if address.secure else None,
        }
        self._runner = asyncio.Runner()
        self._client: Any = None
        self._stream: Any = None

    def send(self, entries: Sequence[Entry]) -> Outcome:
        """Wait until each is acknowledged; all of them are sent again where one is not, and the stream drops twins."""
        try:
            self._runner.run(self._send(entries))
        except TimeoutError as trouble:
            self._forget()
            raise NotNow(why(trouble)) from None
        except self._nats.errors.MaxPayloadError as fault:
            raise Unwelcome(str(fault)) from None
        except (self._nats.errors.Error, OSError) as fault:
            self._forget()
            raise NotNow(f"{type(fault).__name__}: {fault}") from None
        return TAKEN

    def close(self) -> None:
        """Let the connection go, and the loop."""
        self._forget()
        self._runner.close()

    async def _send(self, entries: Sequence[Entry]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            if self._client is None:
                await self._connect()
            await asyncio.gather(*(self._publish(entry) for entry in entries))

    async def _publish(self, entry: Entry) -> None:
        headers = {"Nats-Msg-Id": entry.id}
        await self._stream.publish(self._subject, entry.line, timeout=_ANSWER_S, headers=headers)

    async def _connect(self) -> None:
        async def quiet(_: Exception) -> None:
            """What fails is raised where it matters."""

        self._client = await self._nats.connect(error_cb=quiet, **self._settings)
        self._stream = self._client.jetstream()
        try:
            await self._stream.find_stream_name_by_subject(self._subject)
        except self._nats.js.errors.NotFoundError:
            await self._stream.add_stream(name=STREAM, subjects=[self._subject])

    def _forget(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            try:
                self._runner.run(client.close())
            except (self._nats.errors.Error, OSError):
                return
