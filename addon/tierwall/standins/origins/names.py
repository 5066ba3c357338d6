"""A name server of a few names: what it knows can change while it runs, and everything else is NXDOMAIN."""

from collections.abc import Mapping

from tierwall.standins.dns import answer, asked_for
from tierwall.standins.origins.udp import UdpOrigin
from tierwall.standins.stun import Endpoint


class NameServerOrigin(UdpOrigin):
    """Knows these records and says nxdomain to all else. Keeps the names it was asked for in `targets`."""

    def __init__(self, records: Mapping[tuple[str, int], bytes], *, host: str, port: int = 53) -> None:
        super().__init__(host=host, port=port)
        self._records = records

    def answer(self, datagram: bytes, client: Endpoint) -> bytes | None:  # noqa: ARG002 - everybody gets the same
        """One record, or none where the name has others."""
        asked = asked_for(datagram)
        self.reached.note(target=asked.name)
        known = any(asked.name == recorded for recorded, _ in self._records)
        return answer(datagram, self._records.get((asked.name, asked.kind)), known=known)
