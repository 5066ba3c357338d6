"""What of a site Envoy cannot express, each by name with what to do instead; and what looks different, which is said.

Knows what Envoy 1.40 can. Nothing is weakened: a site with any fault here is not exported at all.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from tierwall.policy.match.compiled import compiled_of
from tierwall.policy.model import Catalogue, Transport
from tierwall.policy.site import (
    ConnectRefusal,
    DnsMode,
    DnsRefusal,
    HttpRefusal,
    OtherRefusal,
    RuledEntry,
    Site,
    SocksRefusal,
    TlsRefusal,
)

_SHOWN: Final = 3
"""Spellings of a kind."""


class CannotExpress(ValueError):
    """Every reason why the site cannot be Envoy's, a line each."""


def refuse_what_envoy_cannot(site: Site, catalogue: Catalogue) -> None:
    """Raises CannotExpress."""
    if faults := list(_faults(site, catalogue)):
        raise CannotExpress("\n".join(f"{site.id}: {fault}" for fault in faults))


def differences(site: Site, catalogue: Catalogue) -> Iterator[str]:
    """What is closed or looks different in Envoy; a line each. None of them opens anything."""
    policy = compiled_of(site, catalogue)
    entries = [entry for marks in policy.admitted.hosts.marks.values() for _, _, entry in marks]
    entries += [entry for _, entry in policy.admitted.networks]
    if any(ports.transport is Transport.UDP for entry in entries for ports in entry.ports):
        yield "its UDP is not in here, and stays closed: `tierwall export --to nftables` has it"
    yield "a denied ClientHello, and a name that leads to a private address, is closed without an alert"
    yield "there is no SOCKS5; a protocol whose server speaks first (SSH, SMTP) is closed after 10 s, admitted or not"
    yield "a CONNECT host that is not plain ASCII or ends in a dot is refused, as is a redirected request to a literal"


def _faults(site: Site, catalogue: Catalogue) -> Iterator[str]:
    for name in dict.fromkeys(each.NAME for each in site.behaviours):
        yield f"behaviour {name} acts on octets, which Envoy does not: leave it out, or use `tierwall run`"
    if not site.enforce:
        yield "`enforce: false` lets everything through, which an exported allowlist must not: `tierwall run` observes"
    for entry in (*site.admit, *site.deny):
        if isinstance(entry, RuledEntry):
            yield f"{entry.label}: its rules decide by more than names, networks and ports: keep that proxy"
    policy = compiled_of(site, catalogue)
    for what, index in (("admits", policy.admitted), ("denies", policy.denied)):
        if index is not None and (shown := list(islice(index.hosts.shapes, _SHOWN + 1))):
            names = ", ".join(f"`{each}`" for each in shown[:_SHOWN]) + (" and more" if len(shown) > _SHOWN else "")
            yield f"it {what} {names}: a wildcard inside a name, or an open end, is no domain of Envoy's"
    yield from _refusals(site)


def _refusals(site: Site) -> Iterator[str]:
    refuse, can = site.refuse, "Envoy answers 403 or closes"
    if refuse.connect not in {ConnectRefusal.FORBIDDEN, ConnectRefusal.BAD_GATEWAY}:
        yield f"`refuse.connect: {refuse.connect}` cannot be given: {can}; 403 and 502 can"
    if refuse.http not in {HttpRefusal.PAGE, HttpRefusal.FORBIDDEN}:
        yield f"`refuse.http: {refuse.http}` cannot be given: {can}; page and 403 can"
    if refuse.tls is not TlsRefusal.ALERT:
        yield f"`refuse.tls: {refuse.tls}` cannot be given: {can}; leave it out, and denied TLS is closed"
    if refuse.socks is not SocksRefusal.RULESET:
        yield f"`refuse.socks: {refuse.socks}` cannot be given: Envoy speaks no SOCKS5; leave it out"
    if refuse.other is not OtherRefusal.RESET:
        yield f"`refuse.other: {refuse.other}` cannot be given: {can}; leave it out, and what is denied is closed"
    if site.dns is not DnsMode.ANSWER or refuse.dns is not DnsRefusal.NXDOMAIN:
        yield "`dns: filter` and `refuse.dns` cannot be given, since Envoy answers no DNS: use a filtering resolver"
