"""How all reports spell the same things: destinations, tiers, amounts. Safe for terminals."""

from typing import Final

from tierwall.events import Event, visible
from tierwall.policy.authority import place
from tierwall.policy.model import Tier

TIER_STYLES: Final = {Tier.CORE: "bold red", Tier.AUXILIARY: "yellow", Tier.ANALYTICS: "cyan", Tier.NONE: "dim"}


def destination_of(event: Event) -> str:
    """`8x8.vc:443`, `[2001:db8::1]:443`, `192.0.2.1:3478/udp`, or that there was none."""
    there, client = event.destination, event.source.ip if event.source else None
    if there is None or (there.domain is None and there.ip is None and client is not None):
        return f"(client {client})" if client else "(no destination)"
    transport = event.network.transport if event.network is not None else None
    return place(visible(there.domain or there.ip or "?"), there.port, transport)


def message_of(event: Event) -> str:
    """The error's message, or what somebody noted, on one line; or nothing."""
    said = event.error.message if event.error else event.message or ""
    return " ".join(visible(part) for part in said.splitlines())


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 tunnel`, `2,000 tunnels`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def octets(count: int) -> str:
    """`512 B`, `1.5 kB`, `34 MB`: decimal, as network people count."""
    if count < 1000:
        return f"{count} B"
    amount = float(count)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.5:
            return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"
    return f"{amount / 1000:,.1f} TB"
