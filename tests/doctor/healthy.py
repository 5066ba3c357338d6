"""A machine on which all is well, and how checks are asked about variants of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from tierwall.doctor.facts import Facts, Finding, Redirect, Socket
from tierwall.policy.model import Transport

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

type Check = Callable[[Facts], Iterator[Finding]]


def facts(**differing: Any) -> Facts:
    return Facts(now=NOW, **differing)


def said(check: Check, **differing: Any) -> list[str]:
    """What is wrong with that machine."""
    return [finding.what for finding in check(facts(**differing))]


def tcp(address: str, port: int, owner: str | None = "nginx (pid 7)", inode: int = 1) -> Socket:
    return Socket(transport=Transport.TCP, address=ip_address(address), port=port, inode=inode, owner=owner)


def udp(address: str, port: int, owner: str | None = "dnsmasq (pid 7)") -> Socket:
    return Socket(transport=Transport.UDP, address=ip_address(address), port=port, inode=1, owner=owner)


def redirect(port: int = 8080, family: str = "inet", hook: str | None = "prerouting") -> Redirect:
    return Redirect(family, hook, port)
