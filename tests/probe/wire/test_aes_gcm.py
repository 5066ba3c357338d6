"""Our AES-GCM against the standard's vector and against a real one."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tierwall.probe.wire.aes_gcm import Aes128, seal


def test_a_block_is_as_fips_197_appendix_c_has_it() -> None:
    block = Aes128(bytes(range(16))).block(bytes.fromhex("00112233445566778899aabbccddeeff"))

    assert block.hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"


@pytest.mark.parametrize(("plain", "besides"), [(0, 0), (1, 0), (16, 33), (77, 16), (300, 5)])
def test_what_is_sealed_is_what_another_implementation_seals(plain: int, besides: int) -> None:
    key, nonce, text, beside = os.urandom(16), os.urandom(12), os.urandom(plain), os.urandom(besides)

    assert seal(key, nonce, text, beside) == AESGCM(key).encrypt(nonce, text, beside)
