"""Behaviours towards UDP. Only modes that carry UDP (tun, wireguard), and the lab's gateway, can show them.

Knows specifications only; proxy/middlebox/datagrams.py acts.
"""

from dataclasses import dataclass
from typing import ClassVar

from tierwall.policy.behaviour.parameters import Seconds, UdpStop
from tierwall.policy.behaviour.spec import EVERY_PROTOCOL, UDP_ONLY, Sees, Spec
from tierwall.policy.model import Protocol, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class NoUdp(Spec):
    """No UDP passes, DNS apart.

    What a site does not admit is denied in silence, as everywhere: this is about what it admits.
    """

    NAME: ClassVar[str] = "no-udp"
    SEES: ClassVar[Sees] = Sees.DATAGRAMS
    TRANSPORTS: ClassVar[frozenset[Transport]] = UDP_ONLY
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    how: UdpStop = UdpStop.DROP
    """How it is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoQuic(Spec):
    """No QUIC passes (RFC 9000): browsers fall back to TCP, at once or after waiting.

    By what the datagrams are: other UDP on port 443, such as TURN, passes.
    """

    NAME: ClassVar[str] = "no-quic"
    SEES: ClassVar[Sees] = Sees.DATAGRAMS
    TRANSPORTS: ClassVar[frozenset[Transport]] = UDP_ONLY
    HITS: ClassVar[frozenset[Protocol]] = frozenset({Protocol.HTTPS, Protocol.ANY})

    how: UdpStop = UdpStop.DROP
    """How it is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UdpTimeout(Spec):
    """The state of a UDP flow is forgotten after a short silence: what the server then sends goes nowhere.

    What the client then sends begins another flow, from another port. Modes that carry UDP forget flows after 60 s
    themselves, so that more than that cannot be seen.
    """

    NAME: ClassVar[str] = "udp-timeout"
    SEES: ClassVar[Sees] = Sees.DATAGRAMS
    TRANSPORTS: ClassVar[frozenset[Transport]] = UDP_ONLY
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    after: Seconds
    """How long nothing passes, either way."""


AtDatagrams = NoUdp | NoQuic | UdpTimeout
