"""Small policies and sites, with only what a case is about."""

from ipaddress import ip_network

from tierwall.policy.model import (
    Catalogue,
    Direction,
    Evidence,
    Ports,
    Protocol,
    Rule,
    Service,
    Source,
    Tier,
    Transport,
    Vendor,
)
from tierwall.policy.site import ListEntry, Site, VendorEntry

HTTPS = (Ports(Transport.TCP, 443, 443),)
HTTP = (Ports(Transport.TCP, 80, 80),)
EVERY_PORT = (Ports(Transport.TCP, 1, 65535), Ports(Transport.UDP, 1, 65535))
SOURCE = Source(document="Document", section="Section")


def service(service_id: str, tier: Tier) -> Service:
    return Service(
        id=service_id, title=service_id, protocol=Protocol.HTTPS, tier=tier, symptom="It breaks.", source=SOURCE
    )


def rule(
    rule_id: str,
    *hosts: str,
    networks: tuple[str, ...] = (),
    ports: tuple[Ports, ...] = HTTPS,
    services: tuple[str, ...] = ("calls",),
    evidence: Evidence = Evidence.STATED,
    direction: Direction = Direction.EGRESS,
    category: str | None = None,
    unspecified: tuple[str, ...] = (),
) -> Rule:
    return Rule(
        id=rule_id,
        hosts=hosts,
        networks=tuple(ip_network(text) for text in networks),
        ports=ports,
        services=services,
        evidence=evidence,
        direction=direction,
        category=category,
        unspecified=unspecified,
        source=SOURCE,
    )


def vendor(*rules: Rule, addresses_unusable: str | None = None) -> Vendor:
    services = (service("calls", Tier.CORE), service("extras", Tier.AUXILIARY), service("usage", Tier.ANALYTICS))
    return Vendor(id="acme", title="Acme", services=services, rules=rules, addresses_unusable=addresses_unusable)


def catalogue(*rules: Rule, addresses_unusable: str | None = None) -> Catalogue:
    return Catalogue((vendor(*rules, addresses_unusable=addresses_unusable),))


def site(*admit: VendorEntry | ListEntry, deny: tuple[ListEntry, ...] = ()) -> Site:
    return Site(id="lab", admit=admit, deny=deny)


def listed(*hosts: str, networks: tuple[str, ...] = (), ports: tuple[Ports, ...] = HTTPS) -> ListEntry:
    return ListEntry(label="list.txt", hosts=hosts, networks=tuple(ip_network(text) for text in networks), ports=ports)
