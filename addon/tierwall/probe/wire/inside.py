"""A plain socket whose other end is inside a TLS session: what is spoken there may be TLS again, which ssl cannot wrap.

Knows a pair of sockets on loopback and one thread between them and the session. An end in order stays one, and a reset
a reset.
"""

import select
import socket
import ssl
import struct
import threading

_AT_ONCE = 65536
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


def inside(session: ssl.SSLSocket) -> socket.socket:
    """The socket. The session is closed with it."""
    near, far = _pair()
    threading.Thread(target=_carry, args=(session, far), daemon=True).start()
    return near


def _pair() -> tuple[socket.socket, socket.socket]:
    """As socketpair, of TCP: that alone can be reset. Raises OSError."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        while True:
            far, peer = server.accept()
            if peer == near.getsockname():
                return near, far
            far.close()


def _carry(session: ssl.SSLSocket, far: socket.socket) -> None:
    try:
        while _carried(session, far):
            pass
    except OSError:
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
    finally:
        far.close()
        session.close()


def _carried(session: ssl.SSLSocket, far: socket.socket) -> bool:
    ready = [session] if session.pending() else select.select([session, far], [], [])[0]
    if session in ready:
        session.setblocking(False)
        try:
            octets = session.recv(_AT_ONCE)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            octets = None
        if octets == b"":
            return False
        if octets:
            far.sendall(octets)
    if far in ready:
        octets = far.recv(_AT_ONCE)
        if not octets:
            return False
        session.setblocking(True)
        session.sendall(octets)
    return True
