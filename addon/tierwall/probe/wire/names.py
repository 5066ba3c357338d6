"""Names to addresses by the system's own resolver, and by DNS over HTTPS (RFC 8484's JSON form) to compare with.

Knows what getaddrinfo tells: it does not tell NXDOMAIN from a name without an address.
"""

import ipaddress
import json
import socket

from tierwall.probe.wire import http1

DOH_HOST = "dns.google"
_SINKHOLES = ("0.0.0.0/32", "127.0.0.0/8", "::/127", "146.112.61.104/29")  # Umbrella's block pages are the last
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10")
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class NoAddress(Exception):
    """The resolver gave none; `saw` is `nxdomain`, `no-answer` or `refused`."""

    def __init__(self, saw: str) -> None:
        super().__init__(saw)
        self.saw = saw


def addresses_of(host: str) -> list[str]:
    """The addresses that the system gives for a name, IPv4 first. Raises NoAddress."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as fault:
        raise NoAddress(_word_for(fault)) from None
    except UnicodeError:
        raise NoAddress("nxdomain") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    return sorted(addresses, key=lambda address: ":" in address)


def kind_of(addresses: list[str]) -> str:
    """`answer`, or `sinkhole` or `private` where all of them are."""
    if addresses and all(_within(address, _SINKHOLES) for address in addresses):
        return "sinkhole"
    if addresses and all(_within(address, _PRIVATE) for address in addresses):
        return "private"
    return "answer"


def addresses_from(answer: http1.Answer) -> list[str]:
    """What a resolver outside said, in the JSON form of DNS over HTTPS. Raises ValueError."""
    found = json.loads(answer.body)
    return [str(each["data"]) for each in found.get("Answer", []) if each.get("type") in (1, 28)]


def _word_for(fault: socket.gaierror) -> str:
    if fault.errno in _NO_SUCH_NAME or fault.errno == 11001:  # WSAHOST_NOT_FOUND
        return "nxdomain"
    return "refused" if fault.errno == socket.EAI_FAIL else "no-answer"


def _within(address: str, networks: tuple[str, ...]) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    return any(found in ipaddress.ip_network(network) for network in networks)
