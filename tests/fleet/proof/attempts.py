"""Attempts that a client could make, drawn around what a site and the catalogue name; and what judge says of each.

Knows openings and names. Each is drawn from a seed, so that a run can be had again.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import ip_address
from typing import Final

from tests.fleet.proof.servers import LED, OTHERS
from tierwall.opening.http_head import read_any_request
from tierwall.opening.values import PlainHttp
from tierwall.policy.attempt import Attempt, GivenName, NameSource, Seen, Verdict
from tierwall.policy.claimed_names import claim_of
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.judge import judge
from tierwall.policy.match.compiled import compiled_of
from tierwall.policy.model import Address, Catalogue, Transport
from tierwall.policy.site import Site


class Way(StrEnum):
    """How a client comes."""

    CONNECT = "connect"
    REQUEST = "request"
    DIRECT = "direct"


class Spoken(StrEnum):
    """What it speaks then."""

    TLS = "tls"
    HTTP = "http"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Try:
    """One of them. `name` is the server name, or the Host inside a tunnel or a redirected connection."""

    way: Way
    host: str
    port: int
    spoken: Spoken
    name: str | None = None


_PORTS: Final = (443,) * 12 + (80,) * 5 + (8443, 22, 3478, 5222, 10000, 10025, 444, 65535)
_ODD: Final = (
    "..{}",
    ".{}",
    "a..b.{}",
    "2130706433",
    "0x7f.1",
    "%77ww.{}",
    "{long}.{}",
    "*.{}",
    "-a.{}",
    "{}..",
    "127.1",
    "010.1.2.3",
    "xn--bcher-kva.{}",
    "www.{}:443",
    "[{}]",
    "{}%00.evil.example",
    "www。{}",
    "@{}",
    "user@{}",
    "{}/x",
    "{}?x",
    "{}\\",
    "a\tb.{}",
    "{}#x",
)
_ADDRESSES: Final = (
    "203.0.113.10", "8.8.8.8", "10.1.2.3", "127.0.0.1", "169.254.169.254", "::1", "2606:4700::1111", "::ffff:10.1.2.3",
    "fd00:ec2::254", "0.0.0.0", "::ffff:203.0.113.10",
)  # fmt: skip


class Drawing:
    """Attempts for one site."""

    def __init__(self, site: Site, catalogue: Catalogue, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - to be had again
        policy = compiled_of(site, catalogue)
        indexes = [policy.admitted, policy.asked, *([] if policy.denied is None else [policy.denied])]
        self._bases = sorted({base for each in indexes for base in each.hosts.marks})
        self._admitted = sorted(policy.admitted.hosts.marks)
        self._denied = [] if policy.denied is None else sorted(policy.denied.hosts.marks)
        self._networks = sorted({net for each in indexes for net, _ in each.networks if net.version == 4})
        ports = {
            port for marks in policy.admitted.hosts.marks.values() for _, _, entry in marks for port in entry.ports
        }
        edges = [edge for each in ports if each.transport is Transport.TCP for edge in (each.first, each.last + 1)]
        self._ports = (*_PORTS, *(edge for edge in edges if 1 <= edge <= 65535))

    def draw(self, count: int) -> Iterator[Try]:
        """So many."""
        for _ in range(count):
            yield self._one()

    def _one(self) -> Try:
        pick, port = self._random.random(), self._random.choice(self._ports)
        if pick < 0.5:
            return self._connect(port)
        if pick < 0.62:
            return Try(
                Way.REQUEST, self._host() if self._random.random() < 0.85 else self._address(), port, Spoken.HTTP
            )
        return self._direct(port)

    def _connect(self, port: int) -> Try:
        host = self._host() if self._random.random() < 0.85 else self._address()
        pick = self._random.random()
        plain = (
            None
            if ":" in host or not host.isascii() or not any(c.isalpha() for c in host)
            else host.rstrip(".").lower()
        )
        if pick < 0.4:
            return Try(Way.CONNECT, host, port, Spoken.TLS, plain)
        if pick < 0.62:
            return Try(Way.CONNECT, host, port, Spoken.TLS, self._host(odd=False))
        if pick < 0.72:
            return Try(Way.CONNECT, host, port, Spoken.TLS)
        if pick < 0.86:
            return Try(
                Way.CONNECT,
                host,
                port,
                Spoken.HTTP,
                self._random.choice([plain or host, self._host(), self._address()]),
            )
        return Try(Way.CONNECT, host, port, Spoken.RAW)

    def _direct(self, port: int) -> Try:
        address = self._address()
        while ":" in address or address.startswith(("127.", "0.")):
            address = self._address()
        address = self._random.choice(["203.0.113.10", "203.0.113.10", address])
        pick = self._random.random()
        if pick < 0.5:
            return Try(Way.DIRECT, address, port, Spoken.TLS, self._host(odd=False))
        if pick < 0.65:
            return Try(Way.DIRECT, address, port, Spoken.TLS)
        if pick < 0.85:
            return Try(
                Way.DIRECT,
                address,
                port,
                Spoken.HTTP,
                self._random.choice([self._host(), self._host(), self._address()]),
            )
        return Try(Way.DIRECT, address, port, Spoken.RAW)

    def _host(self, *, odd: bool = True) -> str:
        choose = self._random.choice
        among = self._admitted if self._admitted and self._random.random() < 0.6 else self._bases
        base = choose(self._denied) if self._denied and self._random.random() < 0.15 else choose(among)
        pick = self._random.randrange(20)
        if pick < 6:
            return base
        if pick < 9:
            return f"www.{base}"
        if pick < 12:
            return f"{choose([*LED, 'hidden', 'late'])}.{base}"
        if not odd and pick > 16:
            return f"x_y.{base}"
        plain = {
            12: f"a.b.{base}",
            13: f"evil{base}",
            14: f"{base}.evil.example",
            15: choose(["unlisted.example", "localhost", "com", "a.co.uk"]),
            16: base.partition(".")[2] or base,
            17: f"WwW.{base}".upper(),
            18: f"www.{base}.",
        }
        return plain.get(pick) or choose(_ODD).format(base, long="a" * 64)

    def _address(self) -> str:
        if self._networks and self._random.random() < 0.7:
            network = self._random.choice(self._networks)
            inside = network.network_address + self._random.randrange(min(network.num_addresses, 4096))
            beside = int(network.broadcast_address) + 1
            return str(ip_address(beside) if self._random.random() < 0.2 and beside < 2**32 else inside)
        return self._random.choice(_ADDRESSES)


def authority(host: str, port: int) -> str:
    """As it stands in CONNECT."""
    return f"[{host}]:{port}" if host.count(":") > 1 else f"{host}:{port}"


def request_of(attempt: Try) -> bytes:
    """A request to a proxy. Its Host is its target's: where they differ, Envoy heeds the target alone (RFC 9112)."""
    at = attempt.host if attempt.port == 80 else authority(attempt.host, attempt.port)
    return f"GET http://{at}/ HTTP/1.1\r\nHost: {at.rpartition('@')[2]}\r\nConnection: close\r\n\r\n".encode()


def verdict_on(attempt: Try, site: Site, catalogue: Catalogue, arrived: Address | None) -> Verdict:
    """Judge's, with the address it arrived at; where it arrived nowhere, with the first that must not be reached."""
    names: list[GivenName] = []
    address: Address | None = None
    port = attempt.port
    try:
        if attempt.way is Way.DIRECT:
            address = ip_address(attempt.host)
        else:
            host, port = _asked(attempt)
            value = normalise(host)
            names.append(GivenName(NameSource.HOST if attempt.way is Way.REQUEST else NameSource.CONNECT, value))
            address = None if isinstance(value, str) else value
        if attempt.name is not None:
            source = NameSource.SNI if attempt.spoken is Spoken.TLS else NameSource.HOST
            names.append(GivenName(source, normalise(attempt.name)))
    except InvalidHost as fault:
        return judge(site, catalogue, Attempt(transport=Transport.TCP, port=port, malformed=str(fault)))
    asked = Attempt(
        transport=Transport.TCP,
        port=port,
        names=tuple(names),
        address=address,
        seen={Spoken.TLS: Seen.TLS, Spoken.HTTP: Seen.HTTP, Spoken.RAW: Seen.OPAQUE}[attempt.spoken],
    )
    dialled = _led(asked, site, catalogue) if arrived is None else [arrived]
    verdicts = [judge(site, catalogue, replace(asked, dialled=each)) for each in dialled]
    return next((each for each in verdicts if not each.passes), verdicts[0])


def _asked(attempt: Try) -> tuple[str, int]:
    """As the front door reads it. Raises InvalidHost."""
    if attempt.way is Way.CONNECT:
        return without_user(attempt.host), attempt.port
    read = read_any_request(request_of(attempt))
    if not isinstance(read, PlainHttp) or read.host is None:
        raise InvalidHost("the request makes no sense")
    return read.host, read.port


def without_user(host: str) -> str:
    """User information before a host, which Envoy drops unread: what counts is the host that is left."""
    return host.rpartition("@")[2]


def _led(asked: Attempt, site: Site, catalogue: Catalogue) -> list[Address | None]:
    claim = claim_of(site, catalogue, asked)
    first = asked.names[0].value if asked.names else None
    chosen = asked.address or first
    led = chosen if claim is None else claim.name if claim.resolves else claim.address
    if not isinstance(led, str):
        return [led]
    return [ip_address(each) for each in LED.get(led.split(".")[0], OTHERS)] or [None]
