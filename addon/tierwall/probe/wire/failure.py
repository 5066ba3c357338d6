"""One vocabulary of failures for every check: how it ended, in a word.

Knows exceptions of sockets and TLS.
"""

import errno
import socket
import ssl

REFUSED = "refused"
RESET = "reset"
EOF = "eof"
SILENCE = "silence"
UNREACHABLE = "unreachable"
PROHIBITED = "prohibited"
MALFORMED = "malformed"

_BY_NUMBER = {
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: RESET,
    errno.ECONNABORTED: RESET,
    errno.EPIPE: RESET,
    errno.ETIMEDOUT: SILENCE,
    errno.EHOSTUNREACH: UNREACHABLE,
    errno.ENETUNREACH: UNREACHABLE,
    errno.EACCES: PROHIBITED,
    errno.EPERM: PROHIBITED,
    errno.EADDRNOTAVAIL: UNREACHABLE,
}


class EndOfStream(OSError):
    """The other side ended the connection before it had said what it must."""


class Malformed(OSError):
    """What came is not the protocol that was spoken."""


def take(sock: socket.socket, most: int) -> bytes:
    """The next octets; empty at an end in order. A reset inside TLS is a reset: ssl took it for an end until Python
    3.12.4 (gh-115627), so that the socket below is asked first."""
    if isinstance(sock, ssl.SSLSocket) and not sock.pending():
        socket.socket.recv(sock, 1, socket.MSG_PEEK)
    return sock.recv(most)


def word_for(fault: OSError) -> str:
    """The failure in a word: `reset`, `silence`, `alert access denied`."""
    if isinstance(fault, (socket.timeout, TimeoutError)):
        return SILENCE
    if isinstance(fault, EndOfStream):
        return EOF
    if isinstance(fault, Malformed):
        return MALFORMED
    if isinstance(fault, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return EOF
    if isinstance(fault, ssl.SSLError):
        reason = (fault.reason or "").lower()
        if "alert" in reason:
            return "alert " + reason.partition("alert_")[2].replace("_", " ")
        if "unexpected_eof" in reason:
            return EOF
        return MALFORMED
    return _BY_NUMBER.get(fault.errno or 0, UNREACHABLE)
