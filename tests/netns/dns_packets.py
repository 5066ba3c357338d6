"""DNS over UDP from a namespace, and a scripted name server; messages are standins/dns.py's."""

import secrets
import socket

from tierwall.standins.dns import AAAA, TXT, A, Answered, address, question, read_answer
from tierwall.standins.origins import NameServerOrigin

__all__ = ["AAAA", "TXT", "A", "Answered", "NameServerOrigin", "address", "ask", "exchange"]


def ask(server: str, name: str, kind: int = A, *, port: int = 53, limit_s: float = 3.0) -> Answered | None:
    """Ask over UDP from the calling thread's namespace, once; None where nothing comes back."""
    return exchange(server, question(name, kind, secrets.randbits(16)), port=port, limit_s=limit_s)


def exchange(server: str, message: bytes, *, port: int = 53, limit_s: float = 3.0) -> Answered | None:
    """Send any message and read the answer to it."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(limit_s)
        client.connect((server, port))
        client.send(message)
        try:
            answer = client.recv(4096)
        except TimeoutError:
            return None
        assert answer[:2] == message[:2]
        return read_answer(answer)
