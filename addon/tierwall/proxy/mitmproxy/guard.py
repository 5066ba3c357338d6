"""Fail closed: hooks' data starts out denied, and a hook of ours that raises is journalled.

Knows which hooks let something through. mitmproxy logs what a hook raises and goes on, so that the denial must be there
before; only a verdict clears it.
"""

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any, Final

from mitmproxy import connection, http
from mitmproxy.net.dns import response_codes
from mitmproxy.proxy import commands, events, layer, server_hooks
from mitmproxy.proxy.layer import NextLayerHook
from mitmproxy.proxy.layers.dns import DnsRequestHook
from mitmproxy.proxy.layers.http._hooks import HttpConnectHook, HttpRequestHeadersHook

from tierwall.events import Stage
from tierwall.proxy.mitmproxy.clients import caller_of
from tierwall.proxy.state.own_failures import told

logger = logging.getLogger(__name__)

UNJUDGED: Final = "tierwall: not judged"
"""The error that hook data carries until a verdict clears it."""

SECOND_CONNECT: Final = "a CONNECT after other requests of its connection; open a new one for it"
"""Said to a client whose tunnel mitmproxy would inspect, where the front door passes it through."""


def deny_until_judged(hook: commands.StartHook) -> None:
    """Set the denial on the hook's data."""
    match hook:
        case server_hooks.ClientConnectedHook(client=client):
            client.error = UNJUDGED
        case server_hooks.ServerConnectHook(data=data):
            data.server.error = UNJUDGED
        case HttpConnectHook(flow=connect_flow):
            connect_flow.response = http.Response.make(421, SECOND_CONNECT, {"X-Tierwall-Reason": "malformed"})
        case HttpRequestHeadersHook(flow=http_flow):
            http_flow.response = http.Response.make(403, UNJUDGED, {"X-Tierwall-Reason": "error"})
            http_flow.metadata[UNJUDGED] = True
        case DnsRequestHook(flow=dns_flow):
            dns_flow.response = dns_flow.request.fail(response_codes.REFUSED)
            dns_flow.metadata[UNJUDGED] = True
        case NextLayerHook(data=undecided):
            undecided.layer = _Shut(undecided.context)
        case _:
            pass


class _Shut(layer.Layer):
    """Ends the connection."""

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Start):
            yield commands.CloseConnection(self.context.client)


def journalled[Hook: Callable[..., Any]](stage: Stage) -> Callable[[Hook], Hook]:
    """For hooks: what raises in one is journalled as our own failure, then raised to mitmproxy, which logs it."""

    def guarding(hook: Hook) -> Hook:
        if inspect.iscoroutinefunction(hook):

            @functools.wraps(hook)
            async def waiting(*arguments: Any) -> Any:
                try:
                    return await hook(*arguments)
                except Exception as failure:
                    _record(arguments, stage, failure)
                    raise

            return waiting  # type: ignore[return-value]

        @functools.wraps(hook)
        def calling(*arguments: Any) -> Any:
            try:
                return hook(*arguments)
            except Exception as failure:
                _record(arguments, stage, failure)
                raise

        return calling  # type: ignore[return-value]

    return guarding


def _record(arguments: tuple[Any, ...], stage: Stage, failure: Exception) -> None:
    of, about = arguments[0], arguments[1]
    client: connection.Client = about if isinstance(about, connection.Client) else _client_of(about)
    try:
        of._recorder.error(caller_of(client), stage, told(failure))  # noqa: SLF001
    except Exception:
        logger.exception("a failure of ours could not be journalled")


def _client_of(about: Any) -> connection.Client:
    if hasattr(about, "context"):  # layers, and what concerns TLS
        return about.context.client  # type: ignore[no-any-return]
    return about.client if hasattr(about, "client") else about.client_conn  # type: ignore[no-any-return]
