"""What there is to be seen of each bundled site: the specification that the matrix is held against.

Knows sites' files by what a client can observe of them. Which tiers and rules are closed is computed by judge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from tests.diagnosis.matrix.world import places
from tierwall.loader import load_site
from tierwall.policy.judge import judge
from tierwall.policy.model import Catalogue, Evidence, Rule, Transport
from tierwall.policy.projections.impact import Try
from tierwall.probe.policies import Place

PROXY: Final = "http://PROXY"
ACCOUNT: Final = "http://lab:lab@PROXY"
"""Of proxy-auth.users."""

type Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A site as a client meets it."""

    proxy: str = "none"
    behaviours: Mapping[str, Values] = field(default_factory=dict)
    """What is to be named, with the parameters that can be measured."""
    unseen: Mapping[str, str] = field(default_factory=dict)
    """What is in the site's file and cannot be seen from outside, and why."""


CLOSED: Final = "tier-closed"
SITES: Final[Mapping[str, Seen]] = {
    "8x8-core-only": Seen(behaviours={CLOSED: {}}),
    "av-scanning-proxy": Seen(
        proxy=PROXY,
        behaviours={"buffering": {}},
        unseen={"headers": "Via is every proxy's; the other fields go to the server, and no vendor's sends them back"},
    ),
    "captive-portal": Seen(behaviours={"captive-portal": {"portal": "portal.tierwall.test"}}),
    "closed": Seen(behaviours={CLOSED: {}}),
    "core-only": Seen(behaviours={CLOSED: {}}),
    "dns-blocks-analytics": Seen(behaviours={"dns-filter": {"answer": "nxdomain", "tiers": ["analytics"]}}),
    "dpi-https-only": Seen(behaviours={"dpi-https-only": {"basis": "inspect"}}),
    "idle-350s-silent": Seen(behaviours={"idle-timeout": {"after": "350s", "how": "drop"}}),
    "idle-60s": Seen(behaviours={"idle-timeout": {"after": "60s", "how": "rst"}}),
    "nightly-cut": Seen(unseen={"max-lifetime": "8 h are longer than connections are held"}),
    "no-websocket": Seen(proxy=PROXY, behaviours={"no-websocket": {"how": "strip"}}),
    "observe": Seen(unseen={"enforce: false": "it lets everything through, and so looks like reference"}),
    "pan-os-apex-gap": Seen(
        behaviours={
            "wildcard-gap": {"hosts": ["8x8.com", "8x8.vc", "jitsi.net", "vevox.app"]},
            CLOSED: {},
            "port-closed": {"udp": ["google-meet"]},
        }
    ),
    "post-quantum-intolerant": Seen(behaviours={"one-segment-hello": {"how": "drop"}}),
    "proxy-auth": Seen(proxy=PROXY, behaviours={"proxy-auth": {"realm": "Corporate network"}}),
    "quic-blackhole": Seen(behaviours={"no-quic": {"how": "drop"}}),
    "reference": Seen(),
    "slow-hotel-wifi": Seen(
        behaviours={"latency": {"delay": "200ms"}, "jitter": {"most": "150ms"}, "bandwidth": {"rate": "400kbit/s"}}
    ),
    "squid-intercept": Seen(behaviours={"host-forgery-check": {"strict": True}}),
    "ssl-inspection": Seen(behaviours={"tls-inspection": {}}),
    "ssl-inspection-by-name": Seen(behaviours={"tls-inspection": {}}),
    "stale-ip-allowlist": Seen(behaviours={"stale-addresses": {}}),
    "stated-only": Seen(behaviours={"wildcard-gap": {"evidence": "stated"}, CLOSED: {"evidence": "stated"}}),
    "strict-bank": Seen(
        proxy=ACCOUNT,
        behaviours={
            "proxy-auth": {"realm": "corporate proxy"},
            "connect-ports": {"ports": ["443"]},
            "tls-inspection": {},
            "idle-timeout": {"after": "90s", "how": "drop"},
        },
    ),
    "tls-1-2-proxy": Seen(
        proxy=PROXY,
        behaviours={"tls-max-version": {"version": "1.2"}, "no-http2": {}, "no-websocket": {"how": "501"}},
    ),
    "udp-blocked": Seen(behaviours={"no-udp": {"how": "drop"}}),
    "vevox-only": Seen(behaviours={CLOSED: {}}),
    "web-ports-only": Seen(behaviours={CLOSED: {}, "port-closed": {"open": ["tcp/80", "tcp/443"]}}),
}


def closed_tiers(site: str, catalogue: Catalogue) -> list[str]:
    """`vendor/tier` of which judge lets no TCP place through that the probe tries."""
    loaded = load_site(site, catalogue)
    passes: dict[str, bool] = {}
    for place in places():
        for service in () if place.udp else place.services:
            group = f"{place.vendor}/{service.tier}"
            passes[group] = passes.get(group, False) or judge(loaded, catalogue, _try(place, catalogue).attempt).passes
    return sorted(group for group, through in passes.items() if not through)


def _try(place: Place, catalogue: Catalogue) -> Try:
    vendor = catalogue.vendor(place.vendor)
    service = vendor.service(place.services[0].id)
    nobody = Rule(id="", services=(), source=service.source, evidence=Evidence.STATED)
    transport = Transport.UDP if place.udp else Transport.TCP
    host = ip_address(place.host) if place.is_address else place.host
    return Try(vendor=vendor.id, service=service, rule=nobody, host=host, port=place.port, transport=transport)
