"""Behaviours that look at requests and responses, whether they came in TLS or in plain HTTP.

Knows mitmproxy's flows. Refuses to decide: the verdict of each request says what acts.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, assert_never

from mitmproxy import http

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt, Effect, Verdict
from tierwall.policy.behaviour import Buffering, DpiHttpsOnly, Headers, NoWebsocket, UpgradeStop
from tierwall.policy.effects import HTTPS_PORT, reason_of
from tierwall.proxy.middlebox.inspection import headers
from tierwall.proxy.middlebox.once_per_connection import OncePerConnection
from tierwall.proxy.mitmproxy.http.told import SILENT
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.recorder import Caller

HELD_OCTETS: Final = 8 * 1024 * 1024
"""Octets of a response that are held; a longer one flows from there on, as scanners let it."""

NOTED_AFTER_S: Final = 1.0
"""Seconds that a response is held before that is worth an event."""

_EVENT_STREAM: Final = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was let through."""

    flow: http.HTTPFlow
    attempt: Attempt
    verdict: Verdict
    caller: Caller


class HttpInspection:
    """What happens to each of them."""

    def __init__(self, notes: OncePerConnection) -> None:
        self._notes = notes
        self._held: dict[str, asyncio.TimerHandle] = {}
        """By flow: when a response that is held will be noted."""

    def asked(self, asked: Asked) -> None:
        """A request is let through. An answer of ours, where a behaviour has one, is then on its flow."""
        for effect in asked.verdict.effects:
            match effect.behaviour:
                case NoWebsocket(how=how) if headers.asks_for_websocket(asked.flow.request.headers):
                    self._stop_upgrade(asked, effect, how)
                case Headers():
                    self._changed(asked, effect, headers.change_request(asked.flow, effect.behaviour))
                case DpiHttpsOnly() if asked.flow.request.scheme == "http":
                    detail = f"plain HTTP without TLS on port {HTTPS_PORT}"
                    self._answer(asked, effect, 403, detail)
                case _:
                    pass
        # Bodies flow as they come: they are nobody's here, and an upload may be larger than memory.
        asked.flow.request.stream = asked.flow.response is None

    def answered(self, asked: Asked) -> None:
        """The head of its response is there: the rest flows as it comes, unless it is held."""
        response = asked.flow.response
        if response is None:
            return
        response.stream = response.status_code != headers.SWITCHING
        for effect in asked.verdict.effects:
            match effect.behaviour:
                case Headers():
                    headers.change_response(asked.flow, effect.behaviour)
                case Buffering():
                    self._hold(asked, effect, response)
                case _:
                    pass

    def done(self, flow: http.HTTPFlow) -> None:
        """Its response is complete, or will never be."""
        if (timer := self._held.pop(flow.id, None)) is not None:
            timer.cancel()

    # -- private

    def _stop_upgrade(self, asked: Asked, effect: Effect, how: UpgradeStop) -> None:
        match how:
            case UpgradeStop.STRIP:
                headers.strip_upgrade(asked.flow.request.headers)
                self._broken(asked, effect, "Upgrade and Connection are stripped: the server sees a plain request")
            case UpgradeStop.FORBIDDEN | UpgradeStop.NOT_IMPLEMENTED:
                self._answer(asked, effect, int(how), f"the request to become a WebSocket is answered {how}")
            case UpgradeStop.SILENCE:
                asked.flow.metadata[SILENT] = True
                self._broken(asked, effect, "it becomes a WebSocket, on which nothing passes")
            case _:
                assert_never(how)

    def _hold(self, asked: Asked, effect: Effect, response: http.Response) -> None:
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        length = response.headers.get("content-length", "")
        if response.status_code == headers.SWITCHING or (length.isdecimal() and int(length) > HELD_OCTETS):
            return
        # Of known length, mitmproxy holds it as a whole, its head too; otherwise this holds all but the head.
        response.stream = False if length.isdecimal() else _Held()
        if media_type == _EVENT_STREAM:
            self._broken(asked, effect, f"a response of {_EVENT_STREAM} is held until it is complete")
            return
        detail = f"a response is held until it is complete, which took more than {NOTED_AFTER_S:g} s"
        loop = asyncio.get_running_loop()
        self._held[asked.flow.id] = loop.call_later(NOTED_AFTER_S, self._broken, asked, effect, detail)

    def _answer(self, asked: Asked, effect: Effect, status: int, detail: str) -> None:
        said = {"X-Tierwall-Reason": str(reason_of(effect.behaviour)), "X-Tierwall-Behaviour": effect.behaviour.NAME}
        asked.flow.response = http.Response.make(status, b"", said)
        self._broken(asked, effect, detail, str(status))

    def _broken(self, asked: Asked, effect: Effect, detail: str, how: str | None = None) -> None:
        told = Breakage(asked.attempt, asked.verdict, effect, Stage.REQUEST, detail, how)
        self._notes.broken(asked.flow.client_conn, told, asked.caller)

    def _changed(self, asked: Asked, effect: Effect, detail: str) -> None:
        told = Breakage(asked.attempt, asked.verdict, effect, Stage.REQUEST, detail)
        self._notes.changed(asked.flow.client_conn, told, asked.caller)


class _Held:
    """mitmproxy's way to be asked what of a body goes on: nothing, until it ends or is more than can be held."""

    def __init__(self) -> None:
        self._octets: bytearray | None = bytearray()

    def __call__(self, octets: bytes) -> bytes | list[bytes]:
        if self._octets is None:
            return octets
        self._octets += octets
        if octets and len(self._octets) <= HELD_OCTETS:
            return []
        held, self._octets = bytes(self._octets), None
        return held
