"""What clients are called in what is sent: the same client has the same pseudonym in every report of this machine.

Knows this machine's key, which nobody else has. Makes it where there is none.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable

from tierwall.cli.faults import BadInput
from tierwall.cli.folders import state_folder


def pseudonyms() -> Callable[[str], str]:
    """Client -> `client-1a2b3c4d`; nobody without the key can find out whose it is."""
    key = _key()

    def pseudonym(client: str) -> str:
        return f"client-{hmac.new(key, client.encode(errors='replace'), hashlib.sha256).hexdigest()[:8]}"

    return pseudonym


def _key() -> bytes:
    try:
        path = state_folder() / "pseudonyms.key"
        if path.is_file() and len(key := path.read_bytes()) == 32:
            return key
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = secrets.token_bytes(32)
        path.touch(mode=0o600)
        path.write_bytes(key)
    except (OSError, BadInput):
        return secrets.token_bytes(32)  # of this run alone
    return key
