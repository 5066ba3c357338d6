"""The first datagram of a QUIC connection -> the ClientHello inside it, which anybody on the path can read.

Source: RFC 9001 section 5 (version 1) and RFC 9369 section 3.3 (version 2): the keys of Initial packets follow from
the connection id.
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tierwall.opening.client_hello import read_client_hello
from tierwall.opening.values import ClientHello

_VERSIONS: Final = {
    0x00000001: (bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), 0b00, "quic"),
    0x6B3343CF: (bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), 0b01, "quicv2"),
}
"""By version: the salt, the bits of an Initial packet's type, the prefix of its labels."""


def server_name(datagram: bytes) -> str | None:
    """The server name that the client gives; None where the datagram is no Initial packet or holds it in part."""
    try:
        crypto = _crypto(datagram)
    except (IndexError, InvalidTag, ValueError):
        return None
    if not crypto or crypto[0] != 1:
        return None
    record = b"\x16\x03\x01" + len(crypto).to_bytes(2) + crypto
    found = read_client_hello(record)
    return found.sni if isinstance(found, ClientHello) else None


def _crypto(datagram: bytes) -> bytes:
    """The octets of the handshake, in order, as far as they are in this datagram. Raises where it is none."""
    if len(datagram) < 1200 or not datagram[0] & 0x80:
        return b""
    known = _VERSIONS.get(int.from_bytes(datagram[1:5]))
    if known is None or (datagram[0] >> 4) & 0b11 != known[1]:
        return b""
    salt, _, prefix = known
    at = 6 + datagram[5]
    identity = datagram[6:at]
    at += 1 + datagram[at]  # the source connection id
    length, at = _number(datagram, at)
    at += length  # the token
    length, at = _number(datagram, at)
    secret = _expand(_extract(salt, identity), "client in", 32)
    key, vector = _expand(secret, f"{prefix} key", 16), _expand(secret, f"{prefix} iv", 12)
    packet = bytearray(datagram[: at + length])
    first = _unprotect(packet, at, _expand(secret, f"{prefix} hp", 16))
    nonce = bytes(a ^ b for a, b in zip(vector, first.to_bytes(12), strict=True))
    ahead = at + (packet[0] & 0b11) + 1
    return _frames(AESGCM(key).decrypt(nonce, bytes(packet[ahead:]), bytes(packet[:ahead])))


def _unprotect(packet: bytearray, at: int, key: bytes) -> int:
    """Take the header protection off (RFC 9001 section 5.4), and return the packet number."""
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - as RFC 9001 section 5.4.3 has it
    mask = encryptor.update(bytes(packet[at + 4 : at + 20]))
    packet[0] ^= mask[0] & 0x0F
    size = (packet[0] & 0b11) + 1
    for offset in range(size):
        packet[at + offset] ^= mask[1 + offset]
    return int.from_bytes(packet[at : at + size])


def _frames(payload: bytes) -> bytes:
    """What CRYPTO frames hold (RFC 9000 section 19.6), put in order up to the first gap."""
    pieces: dict[int, bytes] = {}
    at = 0
    while at < len(payload):
        kind = payload[at]
        at += 1
        if kind in {0x00, 0x01}:  # PADDING, PING
            continue
        if kind != 0x06:
            break
        offset, at = _number(payload, at)
        length, at = _number(payload, at)
        pieces[offset] = payload[at : at + length]
        at += length
    whole = b""
    while len(whole) in pieces and pieces[len(whole)]:
        whole += pieces[len(whole)]
    return whole


def _number(octets: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer (RFC 9000 section 16), and where it ends. Raises IndexError."""
    size = 1 << (octets[at] >> 6)
    return int.from_bytes(octets[at : at + size]) & ((1 << (8 * size - 2)) - 1), at + size


def _extract(salt: bytes, secret: bytes) -> bytes:
    mac = HMAC(salt, SHA256())
    mac.update(secret)
    return mac.finalize()


def _expand(secret: bytes, label: str, length: int) -> bytes:
    """HKDF-Expand-Label (RFC 8446 section 7.1)."""
    name = b"tls13 " + label.encode()
    info = length.to_bytes(2) + bytes([len(name)]) + name + b"\x00"
    return HKDFExpand(SHA256(), length, info).derive(secret)
