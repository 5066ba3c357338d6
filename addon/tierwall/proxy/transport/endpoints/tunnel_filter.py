"""The seam at which behaviours come between the two ends of a tunnel.

Knows what an end says to what is between it and its partner. Refuses to know what that does.
"""

from typing import Protocol


class TunnelFilter(Protocol):
    """What behaviours put between an end and its partner: octets take this way instead of the straight one."""

    is_done: bool
    """Whether nothing more of what the end sent will pass."""

    def take(self, octets: bytes) -> None:
        """The end sent these."""

    def end(self) -> None:
        """The end sent its FIN, or is gone; called once or twice."""

    def block(self) -> None:
        """The partner takes no more for now."""

    def unblock(self) -> None:
        """It does again."""
