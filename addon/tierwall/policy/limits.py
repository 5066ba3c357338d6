"""Every limit that hostile or broken input runs into, in one place, with its unit.

Knows numbers only. docs/limits.md says what they mean to users.
"""

from typing import Final

FIRST_BYTES_S: Final = 10.0
"""Seconds a client has for each step of its opening: its first bytes, its request head, its whole ClientHello."""

CLIENT_HELLO_OCTETS: Final = 64 * 1024
"""Octets of TLS records that may pass before the ClientHello in them must be complete."""

REQUEST_HEAD_OCTETS: Final = 64 * 1024
"""Octets of an HTTP request (or CONNECT) head, its empty line included."""

DIAL_S: Final = 20.0
"""Seconds for resolving and connecting, all addresses of a name together."""

HOST_OCTETS: Final = 253
"""Octets of a host name without its trailing dot (RFC 1035 section 2.3.4, as text)."""

EVENT_OCTETS: Final = 8 * 1024
"""Octets of one line of the journal, its line feed included."""

POLICY_FILE_OCTETS: Final = 5 * 1024 * 1024
"""Octets of a vendor or site file; longer lists come by `file:` as plain text."""

VERDICTS_CACHED: Final = 16_384
"""Verdicts that the LRU keeps before it forgets the oldest."""
