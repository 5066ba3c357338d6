"""How much of everything.

Knows numbers. QUICK is the hour cut to two minutes; the tests have a scale of their own.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The full scale by default."""

    tunnels: int = 3000
    """That stand idle."""
    idle_s: float = 660.0
    """Longer than mitmproxy's `tcp_timeout` of 600 s."""
    slow: int = 20
    """Tunnels with a slow end."""
    slow_octets: int = 30_000_000
    """Through each of them."""
    half_open: int = 500
    first_bytes_s: float | None = None
    """Another limit for the first bytes than the proxy's own 10 s."""
    resets: int = 200
    descriptors: int = 256
    """The limit under which they run out."""
    every_state: int = 10_000
    """Clients that leave at some moment."""
    storm: int = 10_000
    """Connections opened and dropped."""
    load_s: float = 8.0
    """How long workers are under load."""
    settle_s: float = 2.0
    """Before memory is looked at."""


QUICK = Scale(
    tunnels=300,
    idle_s=15.0,
    slow=4,
    slow_octets=24_000_000,
    half_open=100,
    resets=40,
    every_state=2000,
    storm=2000,
    load_s=4.0,
)
