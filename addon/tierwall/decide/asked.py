"""One destination as an asker writes it, a JSON object, and the attempt that it stands for.

Knows keys and spellings; judge decides. What cannot be read is an attempt all the same, a malformed one: it is denied.
"""

from typing import Final

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from tierwall.loader.faults import quoted
from tierwall.policy.attempt import Attempt, GivenName, NameSource, Seen
from tierwall.policy.authority import place
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.model import Address, Transport

_LAST_PORT: Final = 65535


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a question: a host, an address or both."""

    host: str | None = None
    """What the client asked a proxy for."""
    address: str | None = None
    """Beside a host, where its name leads; alone, where the client went without asking a proxy."""
    port: int
    transport: Transport = Transport.TCP
    sni: str | None = None
    """The server name in the client's TLS handshake, where it is known."""


class NoQuestion(ValueError):
    """The line asks nothing; the message says what is wrong with it, in one clause."""


_DECODER: Final = Decoder(Asked, strict=False)
"""Not strict, because stores write numbers as text."""


def read(line: bytes) -> Asked:
    """The question of a line. Raises NoQuestion."""
    try:
        asked = _DECODER.decode(line)
    except (DecodeError, UnicodeError) as wrong:
        raise NoQuestion(f"the line is no question: {_plain(str(wrong))}") from None
    if not 1 <= asked.port <= _LAST_PORT:
        raise NoQuestion(f"the port is a number from 1 to {_LAST_PORT}, not {asked.port}")
    if asked.host is None and asked.address is None:
        raise NoQuestion('the line names no destination: `"host"`, `"address"` or both')
    return asked


def target_of(asked: Asked) -> str:
    """How the destination is called in the answer: `8x8.vc:443`, `[2001:db8::1]:3478/udp`."""
    host = asked.address if asked.host is None else asked.host
    return place((host or "").strip("[]"), asked.port, asked.transport)


def attempt_of(asked: Asked) -> Attempt:
    """The attempt of a client that asks a proxy for the destination: what `tierwall explain HOST:PORT` judges too."""
    try:
        names, address = _named(asked)
        beside = None if asked.address is None else _address(asked.address)
        if asked.sni is not None:
            names.append(GivenName(NameSource.SNI, _named_sni(asked.sni)))
    except InvalidHost as fault:
        return Attempt(transport=asked.transport, port=asked.port, malformed=str(fault))
    tls = Seen.TLS if asked.transport is Transport.TCP else Seen.QUIC
    return Attempt(
        transport=asked.transport,
        port=asked.port,
        names=tuple(names),
        address=address or (beside if asked.host is None else None),
        dialled=beside if asked.host is not None else None,
        seen=None if asked.sni is None else tls,
    )


def _named(asked: Asked) -> tuple[list[GivenName], Address | None]:
    if asked.host is None:
        return [], None
    value = normalise(asked.host)
    if isinstance(value, str):
        return [GivenName(NameSource.CONNECT, value)], None
    return [GivenName(NameSource.CONNECT, value)] if asked.transport is Transport.TCP else [], value


def _address(text: str) -> Address:
    value = normalise(text)
    if isinstance(value, str):
        raise InvalidHost(f"`address`: {quoted(text)} is a name")
    return value


def _named_sni(text: str) -> str:
    value = normalise(text)
    if not isinstance(value, str):
        raise InvalidHost("`sni`: a server name is never an address (RFC 6066, section 3)")
    return value


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
