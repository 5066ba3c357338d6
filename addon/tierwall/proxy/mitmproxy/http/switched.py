"""What follows a 101: octets both ways, of which nothing is kept, or nothing at all.

Knows mitmproxy's TCP layer. Refuses to know WebSocket: a frame that is half there goes on, and no Close is made up.
"""

from mitmproxy.proxy import events, layer, layers
from mitmproxy.proxy.context import Context


class Switched(layers.TCPLayer):
    """Relays. `silent`: a behaviour of the site lets nothing pass; the ends are passed on all the same."""

    def __init__(self, context: Context, *, silent: bool) -> None:
        super().__init__(context, ignore=True)
        self._silent = silent

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if not (self._silent and isinstance(event, events.DataReceived)):
            yield from super().handle_event(event)
