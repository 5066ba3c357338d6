"""AES-128 in Galois/Counter Mode (FIPS 197, NIST SP 800-38D), to write one QUIC packet that everybody can read.

Knows arithmetic. It is slow and leaks its timing: the keys of an Initial packet are public (RFC 9001 section 5.2). Not
for anything secret.
"""

_POLYNOMIAL = 0x11B


def _times(one: int, other: int) -> int:
    product = 0
    while other:
        if other & 1:
            product ^= one
        one <<= 1
        if one & 0x100:
            one ^= _POLYNOMIAL
        other >>= 1
    return product


def _sbox() -> bytes:
    inverse = [0] * 256
    for one in range(1, 256):
        if not inverse[one]:
            other = next(each for each in range(1, 256) if _times(one, each) == 1)
            inverse[one], inverse[other] = other, one
    table = []
    for value in inverse:
        turned = 0
        for shift in range(5):
            turned ^= (value << shift | value >> (8 - shift)) & 0xFF
        table.append(turned ^ 0x63)
    return bytes(table)


_S = _sbox()


class Aes128:
    """The block cipher under one key."""

    def __init__(self, key: bytes) -> None:
        words = [list(key[at : at + 4]) for at in range(0, 16, 4)]
        constant = 1
        for index in range(4, 44):
            word = list(words[-1])
            if index % 4 == 0:
                word = [_S[each] for each in word[1:] + word[:1]]
                word[0] ^= constant
                constant = _times(constant, 2)
            words.append([one ^ other for one, other in zip(words[index - 4], word)])  # noqa: B905 - fours
        self._keys = [sum(words[at : at + 4], []) for at in range(0, 44, 4)]  # noqa: RUF017 - sixteen octets

    def block(self, octets: bytes) -> bytes:
        """One block, encrypted."""
        state = [one ^ other for one, other in zip(octets, self._keys[0])]  # noqa: B905 - sixteens
        for number, key in enumerate(self._keys[1:], start=1):
            state = [_S[state[(at + 4 * (at % 4)) % 16]] for at in range(16)]
            if number < 10:
                state = _mixed(state)
            state = [one ^ other for one, other in zip(state, key)]  # noqa: B905 - sixteens
        return bytes(state)


def _mixed(state: list[int]) -> list[int]:
    mixed = []
    for at in range(0, 16, 4):
        column = state[at : at + 4]
        mixed += [
            _times(column[row], 2) ^ _times(column[(row + 1) % 4], 3) ^ column[(row + 2) % 4] ^ column[(row + 3) % 4]
            for row in range(4)
        ]
    return mixed


def seal(key: bytes, nonce: bytes, plain: bytes, besides: bytes) -> bytes:
    """The ciphertext with its tag; `besides` is authenticated only. The nonce has 12 octets."""
    cipher = Aes128(key)
    stream = b"".join(cipher.block(nonce + number.to_bytes(4, "big")) for number in range(2, 2 + -(-len(plain) // 16)))
    sealed = bytes(one ^ other for one, other in zip(plain, stream))  # noqa: B905 - the stream may be longer
    lengths = (len(besides) * 8).to_bytes(8, "big") + (len(sealed) * 8).to_bytes(8, "big")
    hashed = _ghash(int.from_bytes(cipher.block(bytes(16)), "big"), _padded(besides) + _padded(sealed) + lengths)
    mask = int.from_bytes(cipher.block(nonce + b"\x00\x00\x00\x01"), "big")
    return sealed + (hashed ^ mask).to_bytes(16, "big")


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 16)


def _ghash(key: int, octets: bytes) -> int:
    total = 0
    for at in range(0, len(octets), 16):
        total = _in_field(total ^ int.from_bytes(octets[at : at + 16], "big"), key)
    return total


def _in_field(one: int, other: int) -> int:
    """The product in GF(2^128), bits as GCM has them (SP 800-38D section 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = other >> 1 ^ (0xE1 << 120 if other & 1 else 0)
    return product
