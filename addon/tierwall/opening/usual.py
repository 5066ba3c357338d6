"""The CONNECT and the ClientHello that nearly every tunnel begins with, read at a tenth of the careful readers' cost.

Knows only the plainest spelling, whole in the buffer. None is no answer: the careful reader (http_head.py,
client_hello.py) is then asked, and decides; where there is an answer here, it is the careful reader's too.
"""

import re
from struct import Struct, error
from typing import Final

from tierwall.opening.values import ClientHello, Connect, Octets
from tierwall.policy.limits import REQUEST_HEAD_OCTETS

_CONNECT: Final = re.compile(
    rb"CONNECT ([0-9A-Za-z.-]+):([0-9]{1,5}) (HTTP/1\.[0-9])\r\n"
    # What programs send beside it, in any order. (?(4)(?!)…): nothing more where group 4 is there already.
    rb"(?:(?(4)(?!)|User-Agent: ([!-~][ -~]*+)\r\n)"
    rb"|(?(5)(?!)|(H)ost: [ -~]*+\r\n)"
    rb"|(?:Proxy-)?Connection: [ -~]*+\r\n)*"
    rb"\r\n"
)

_HELLO: Final = Struct(">BBxHBBHH32xB").unpack_from
"""One record's header, its one message's header, legacy_version, random, the length of legacy_session_id."""
_TWO: Final = Struct(">HH").unpack_from
_ONE: Final = Struct(">H").unpack_from
_NAME: Final = Struct(">HHHBH").unpack_from
"""server_name to its octets: the extension's type and size, the list's, the one name's type and size."""
_LIST: Final = Struct(">HHH").unpack_from
_SO_MANY: Final = tuple(Struct(f">{count}H").unpack_from for count in range(9))
_RECORD_MOST: Final = 2**14 + 256
_SERVER_NAME, _ALPN, _SUPPORTED_VERSIONS, _ENCRYPTED_CLIENT_HELLO = 0, 16, 43, 0xFE0D


def usual_connect(data: Octets) -> Connect | None:
    """A CONNECT to a plainly written name or IPv4 address, without credentials."""
    found = _CONNECT.match(data, 0, REQUEST_HEAD_OCTETS)
    if found is None:
        return None
    host, digits, version, agent, _ = found.groups()
    port = int(digits)
    if not 0 < port < 65536:
        return None
    return Connect(
        host=host.decode(),
        port=port,
        version=version.decode(),
        user_agent=None if agent is None else agent.rstrip(b" ").decode(),
        credentials=None,
        consumed=found.end(),
    )


def usual_client_hello(data: Octets) -> ClientHello | None:
    """A ClientHello that is one record, with extensions, one server name among them."""
    try:
        return _client_hello(data)
    except (error, IndexError, UnicodeDecodeError):  # what is cut short, or missing, or no text
        return None


def _client_hello(data: Octets) -> ClientHello | None:
    record, major, size, message, most, least, legacy_version, at = _HELLO(data)
    end = 5 + size
    if (record, major, message) != (0x16, 3, 1) or (most << 16) + least + 4 != size or size > _RECORD_MOST:
        return None
    at += 44
    at += 2 + _ONE(data, at)[0]  # cipher_suites
    at += 1 + data[at]  # legacy_compression_methods
    at += 2
    if at + _ONE(data, at - 2)[0] != end or end > len(data):
        return None
    places: dict[int, int] = {}
    count = 0
    while at < end:
        kind, size = _TWO(data, at)
        places[kind] = at
        count += 1
        at += 4 + size
    if at != end or len(places) != count:  # an extension that comes twice, or ends outside
        return None
    sni = _server_name(data, places[_SERVER_NAME]) if _SERVER_NAME in places else None
    alpn = _protocols(data, places[_ALPN]) if _ALPN in places else ()
    versions = _versions(data, places[_SUPPORTED_VERSIONS]) if _SUPPORTED_VERSIONS in places else (legacy_version,)
    if sni is None or alpn is None or versions is None:
        return None
    ech = _ENCRYPTED_CLIENT_HELLO in places
    return ClientHello(sni=sni, alpn=alpn, versions=versions, offers_ech=ech, consumed=end)


def _server_name(data: Octets, at: int) -> str | None:
    _, size, listed, kind, length = _NAME(data, at)
    if (size, listed, kind) != (length + 5, length + 3, 0) or not length:
        return None
    name = str(data[at + 9 : at + 9 + length], "ascii")
    return None if "\0" in name else name


def _protocols(data: Octets, at: int) -> tuple[str, ...] | None:
    _, size, listed = _LIST(data, at)
    at += 6
    end = at + listed
    if size != listed + 2:
        return None
    protocols = []
    while at < end:
        after = at + 1 + data[at]
        protocols.append(str(data[at + 1 : after], "latin-1"))
        at = after
    return tuple(protocols) if at == end else None


def _versions(data: Octets, at: int) -> tuple[int, ...] | None:
    octets = data[at + 4]
    count = octets // 2
    if data[at + 3] != octets + 1 or data[at + 2] or octets % 2 or not 0 < count < len(_SO_MANY):
        return None
    return _SO_MANY[count](data, at + 5)
