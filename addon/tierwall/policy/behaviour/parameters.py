"""The kinds of parameter that behaviours have, each with its unit.

Knows values only; how files spell them is the loader's.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from tierwall.policy.model import Address

Seconds = NewType("Seconds", float)
"""A duration. Files write it with its unit: `60s`, `250ms`, `10m`, `1h`."""

Octets = NewType("Octets", int)
"""An amount of data. Files write it with its unit: `1500B`, `64KiB`, `1MB`."""

OctetsPerSecond = NewType("OctetsPerSecond", int)
"""A rate. Files write it with its unit, in bits or octets: `512kbit/s`, `2Mbit/s`, `64kB/s`."""

Count = NewType("Count", int)
"""How many; at least 1."""

PortNumber = NewType("PortNumber", int)
"""A port, 1 to 65535."""

HostName = NewType("HostName", str)
"""One host name, exact and normalised."""

HostPattern = NewType("HostPattern", str)
"""A host name, or `*.` before one: any number of labels before it, never the name itself."""

HeaderName = NewType("HeaderName", str)
"""The name of an HTTP header field (RFC 9110 section 5.1), in lower case."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A name and its password, as a user file has them; neither is ever shown. A domain stands in it: `ACME\\anna`.

    The password itself is needed: what clients send of it (Digest, NTLM) can only be compared by who knows it.
    """

    name: str = field(repr=False)
    password: str = field(repr=False)


class AuthScheme(StrEnum):
    """How a client says who it is (RFC 9110 section 11.1)."""

    NEGOTIATE = "negotiate"
    """Kerberos, RFC 4559. It is offered, and nobody gets in by it: a lab has no domain."""
    NTLM = "ntlm"
    """MS-NTHT: three requests on one connection. To let a client in it needs the extra `ntlm` of the package."""
    DIGEST = "digest"
    """RFC 7616, with MD5, as Squid has it."""
    BASIC = "basic"
    """RFC 7617."""


type Answers = tuple[tuple[HostName, tuple[Address, ...]], ...]
"""Names with the addresses that a resolver gives for them."""

type HeaderFields = tuple[tuple[HeaderName, str], ...]
"""Header fields with their values."""


class Way(StrEnum):
    """Which of the two directions of a connection is meant, as the client sees it."""

    UP = "up"
    """What the client sends."""
    DOWN = "down"
    """What the server sends."""
    BOTH = "both"


class Cut(StrEnum):
    """How a middlebox ends a connection that stands."""

    FIN = "fin"
    """In order: both sides read the end of the stream."""
    RST = "rst"
    """Both sides read a reset."""
    DROP = "drop"
    """It forgets the connection and says nothing: what either side sends from then on goes nowhere."""


class Stop(StrEnum):
    """How a middlebox stops a connection that it does not like, before anything was relayed."""

    RESET = "reset"
    DROP = "drop"
    """It stands, and nothing is ever answered."""


class UdpStop(StrEnum):
    """How a middlebox stops datagrams."""

    DROP = "drop"
    """They go nowhere: clients wait for their own time limit."""
    REJECT = "reject"
    """ICMP says so at once: administratively prohibited. Only in mode tun, which the lab's gateway uses."""


class UpgradeStop(StrEnum):
    """What becomes of a request to change to WebSocket."""

    STRIP = "strip"
    """The hop-by-hop headers go, so that the server sees a plain request (RFC 9110 section 7.6.1)."""
    FORBIDDEN = "403"
    NOT_IMPLEMENTED = "501"
    SILENCE = "silence"
    """It is answered as it should be, and then nothing passes."""


class Basis(StrEnum):
    """What a middlebox tells HTTPS from something else by."""

    INSPECT = "inspect"
    """The first decrypted octets."""
    ALPN = "alpn"
    """The protocols that the ClientHello offers (RFC 7301). A heuristic: plenty of HTTPS clients offer none."""


class TlsVersion(StrEnum):
    """The newest version of TLS that a middlebox speaks."""

    TLS_1_0 = "1.0"
    TLS_1_1 = "1.1"
    TLS_1_2 = "1.2"


class DnsAnswer(StrEnum):
    """What a filtering resolver answers for a name."""

    NXDOMAIN = "nxdomain"
    REFUSED = "refused"
    DROP = "drop"
    ADDRESS = "address"
    """An address that is not the name's: a sinkhole, or simply a wrong answer."""
