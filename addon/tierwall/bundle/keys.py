"""Keys that bundles are signed with: Ed25519 in PEM, as `openssl genpkey -algorithm ed25519` makes them.

Knows PEM.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key


class InvalidKey(Exception):
    """Why a key cannot be used, in one clause."""


def private_key(pem: bytes) -> Ed25519PrivateKey:
    """To sign with. Raises InvalidKey."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as fault:
        raise InvalidKey(f"is no private key without a password, in PEM ({str(fault).partition('.')[0]})") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidKey("is no Ed25519 key; make one: openssl genpkey -algorithm ed25519 -out key.pem")
    return key


def public_key(pem: bytes) -> Ed25519PublicKey:
    """To check with. Raises InvalidKey."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        raise InvalidKey("is no public key in PEM; make it: openssl pkey -in key.pem -pubout -out key.pub") from None
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidKey("is no Ed25519 key")
    return key
