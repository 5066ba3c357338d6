"""Behaviours that show when a connection opens: the dial, the ClientHello, the names in it.

Knows specifications only; proxy/middlebox/opening.py and access/dial_blackhole.py act. Nothing is decrypted here.
"""

from dataclasses import dataclass
from typing import ClassVar

from tierwall.policy.behaviour.parameters import Stop
from tierwall.policy.behaviour.spec import EVERY_PROTOCOL, INSIDE_TLS, Sees, Spec
from tierwall.policy.model import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DialBlackhole(Spec):
    """The SYN is never answered: a CONNECT gets its 504 when the dial's limit is over, other clients get silence."""

    NAME: ClassVar[str] = "dial-blackhole"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL


@dataclass(frozen=True, slots=True, kw_only=True)
class SniRequired(Spec):
    """TLS without a server name (RFC 6066 section 3) is not let through."""

    NAME: ClassVar[str] = "sni-required"
    SEES: ClassVar[Sees] = Sees.HELLO
    HITS: ClassVar[frozenset[Protocol]] = INSIDE_TLS | {Protocol.STUN, Protocol.MEDIA}

    how: Stop = Stop.RESET
    """How it is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSegmentHello(Spec):
    """A ClientHello that came in more than one TCP segment, as those with post-quantum key shares do, is not read.

    The kernel counts the segments (TCP_INFO), so on loopback nearly every one comes in one. Where it does not see them
    (modes tun and wireguard), one of more than 1360 octets counts as several.
    """

    NAME: ClassVar[str] = "one-segment-hello"
    SEES: ClassVar[Sees] = Sees.HELLO
    HITS: ClassVar[frozenset[Protocol]] = INSIDE_TLS | {Protocol.STUN, Protocol.MEDIA}

    how: Stop = Stop.DROP
    """How it is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostForgeryCheck(Spec):
    """The name that the client gives is resolved again, and must lead to the address that it chose.

    Where it does not, Squid passes the connection on to the address that the client chose, and so nothing breaks; only
    with `host_verify_strict on` does it stop it: HTTP is answered 409, and TLS is cut. Only where the mode knows an
    address that the client chose (transparent modes, or a literal address in CONNECT or SOCKS5).
    """

    NAME: ClassVar[str] = "host-forgery-check"
    SEES: ClassVar[Sees] = Sees.HELLO
    HITS: ClassVar[frozenset[Protocol]] = INSIDE_TLS | {Protocol.HTTP_REDIRECT}

    strict: bool = False
    """Whether it stops what does not agree: Squid's `host_verify_strict`, which is off by default."""


AtOpening = SniRequired | OneSegmentHello | HostForgeryCheck
