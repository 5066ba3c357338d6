"""Questions to name servers: mitmproxy's DNS layer, which tells what it cannot read instead of ending without a word.

Knows mitmproxy's layer. Refuses to know names.
"""

import struct

from mitmproxy import dns
from mitmproxy.proxy import events, layer, layers
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.dns import DNSLayer

from tierwall.events import Stage
from tierwall.proxy.mitmproxy.http.told import RefusedMessage, TierwallRefusedHook


class DnsLayer(DNSLayer):
    """See the module."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._unread = False

    def unpack_message(self, data: bytes, from_client: bool) -> list[dns.DNSMessage]:
        try:
            messages: list[dns.DNSMessage] = super().unpack_message(data, from_client)
            return messages
        except struct.error:
            self._unread = True
            raise
        except Exception as fault:  # a parser that meets what its author did not
            self._unread = True
            raise struct.error(type(fault).__name__) from fault

    def state_query(self, event: events.Event) -> layer.CommandGenerator[None]:
        from_client = isinstance(event, events.ConnectionEvent) and event.connection is self.context.client
        yield from super().state_query(event)
        if self._unread:
            self._unread = False
            who = "a question" if from_client else "an answer of the name server"
            yield TierwallRefusedHook(RefusedMessage(self.context, f"{who} is no DNS message", "drop", None, Stage.DNS))


def install() -> None:
    """Take the place of mitmproxy's, which its servers make by its name."""
    layers.DNSLayer = DnsLayer  # type: ignore[misc]
