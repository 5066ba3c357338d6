"""A small catalogue, written by hand, and the words in which tests speak of sites and attempts.

Three vendors, each odd in the way that the real one is: 8x8 has tiers, networks and an inbound list; Vevox a wildcard
without its apex; VSee rows that its document leaves empty.
"""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from tierwall.policy.attempt import Attempt, GivenName, NameSource, Seen
from tierwall.policy.model import (
    Address,
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
from tierwall.policy.site import ListEntry, VendorEntry

DOCUMENT = Source(document="Document", section="Section")


def ports(*spellings: str) -> tuple[Ports, ...]:
    """`tcp/443`, `udp/49152-65535`, `tcp/any`."""
    return tuple(_ports(spelling) for spelling in spellings)


def _ports(spelling: str) -> Ports:
    transport, _, numbers = spelling.partition("/")
    first, _, last = numbers.replace("any", "1-65535").partition("-")
    return Ports(Transport(transport), int(first), int(last or first))


# Catalogues


def service(service_id: str, tier: Tier = Tier.CORE, protocol: Protocol = Protocol.HTTPS) -> Service:
    return Service(
        id=service_id,
        title=service_id.title(),
        protocol=protocol,
        tier=tier,
        symptom=f"{service_id} does not work.",
        source=DOCUMENT,
    )


def rule(
    rule_id: str,
    *services: str,
    hosts: Iterable[str] = (),
    networks: Iterable[str] = (),
    on: Iterable[str] = ("tcp/443",),
    direction: Direction = Direction.EGRESS,
    evidence: Evidence = Evidence.STATED,
) -> Rule:
    """A rule; its id is its only host where neither hosts nor networks are given."""
    networks = tuple(ip_network(network) for network in networks)
    return Rule(
        id=rule_id,
        services=services,
        hosts=tuple(hosts) or (() if networks else (rule_id,)),
        networks=networks,
        ports=ports(*on),
        direction=direction,
        evidence=evidence,
        source=DOCUMENT,
    )


def vendor(vendor_id: str, services: Iterable[Service], rules: Iterable[Rule]) -> Vendor:
    return Vendor(id=vendor_id, title=vendor_id.title(), services=tuple(services), rules=tuple(rules))


EIGHT = vendor(
    "8x8",
    services=[
        service("webhooks", Tier.CORE),
        service("analytics", Tier.ANALYTICS),
        service("extras", Tier.AUXILIARY),
        service("meetings", Tier.CORE),
        service("turn", Tier.CORE, Protocol.STUN),
    ],
    rules=[
        rule("api.amplitude.com", "analytics"),
        rule("*.jitsi.net", "extras"),
        rule("8x8.vc", "meetings"),
        rule("cdn.8x8.com", "analytics", "meetings"),
        rule("turn-sydney", "turn", networks=["168.138.110.0/24"], on=["tcp/443", "udp/49152-65535"]),
        rule("turn-six", "turn", networks=["2001:db8:8::/48"], on=["tcp/443"]),
        rule("hooks", "webhooks", networks=["129.146.0.0/16"], on=["tcp/443"], direction=Direction.INBOUND),
        rule("hooks.8x8.com", "webhooks", direction=Direction.INBOUND),
    ],
)

VEVOX = vendor(
    "vevox",
    services=[service("apps", Tier.CORE), service("redirect", Tier.AUXILIARY)],
    rules=[
        rule("*.vevox.app", "apps"),
        rule("vevox.app", "apps", evidence=Evidence.INFERRED),
        rule("*.vevox.app:80", "redirect", hosts=["*.vevox.app"], on=["tcp/80"]),
    ],
)

VSEE = vendor(
    "vsee",
    services=[service("clinic", Tier.CORE), service("chat", Tier.AUXILIARY)],
    rules=[
        rule("*.vsee.qa", "clinic", on=[], evidence=Evidence.UNSPECIFIED),
        rule("chat.vsee.net", "chat", on=["tcp/5222"], evidence=Evidence.UNSPECIFIED),
    ],
)

CATALOGUE = Catalogue((EIGHT, VEVOX, VSEE))


# Sites


def everything() -> VendorEntry:
    return VendorEntry()


def only(
    vendor_id: str | None = None,
    *,
    tiers: Iterable[Tier] | None = None,
    services: Iterable[str] | None = None,
    rules: Iterable[str] | None = None,
) -> VendorEntry:
    return VendorEntry(
        vendor=vendor_id,
        tiers=None if tiers is None else frozenset(tiers),
        services=None if services is None else frozenset(services),
        rules=None if rules is None else frozenset(rules),
    )


def listed(*spellings: str, on: Iterable[str] = ("tcp/443",), label: str = "admit[1]") -> ListEntry:
    """The customer's own entry: networks where a spelling has a slash, host patterns otherwise."""
    return ListEntry(
        label=label,
        hosts=tuple(spelling for spelling in spellings if "/" not in spelling),
        networks=tuple(ip_network(spelling) for spelling in spellings if "/" in spelling),
        ports=ports(*on),
    )


def denied(*spellings: str, on: Iterable[str] = ("tcp/any", "udp/any")) -> ListEntry:
    return listed(*spellings, on=on, label="deny[0]")


# Attempts


def connect(
    host: str,
    port: int = 443,
    *,
    sni: str | None = None,
    host_header: str | None = None,
    dialled: str | None = None,
    client: str | None = None,
    seen: Seen | None = None,
) -> Attempt:
    """A client asks an explicit proxy for a host, and may name others on the way."""
    return Attempt(
        transport=Transport.TCP,
        port=port,
        names=_names({NameSource.CONNECT: host, NameSource.SNI: sni, NameSource.HOST: host_header}),
        dialled=_address(dialled),
        client=_address(client),
        seen=seen,
    )


def to(
    address: str,
    port: int = 443,
    *,
    over: Transport = Transport.TCP,
    sni: str | None = None,
    host_header: str | None = None,
    dns: str | None = None,
    seen: Seen | None = None,
) -> Attempt:
    """A client goes to an address through a gateway, and may name a host on the way."""
    return Attempt(
        transport=over,
        port=port,
        names=_names({NameSource.SNI: sni, NameSource.HOST: host_header, NameSource.DNS: dns}),
        address=_address(address),
        dialled=_address(address),
        seen=seen,
    )


def _names(given: dict[NameSource, str | None]) -> tuple[GivenName, ...]:
    return tuple(GivenName(source, _literal_or_name(text)) for source, text in given.items() if text is not None)


def _address(text: str | None) -> Address | None:
    return None if text is None else ip_address(text)


def _literal_or_name(text: str) -> str | Address:
    try:
        return ip_address(text)
    except ValueError:
        return text
