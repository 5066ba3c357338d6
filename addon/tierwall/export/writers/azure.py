"""Azure Firewall: a rule collection group of a firewall policy, as an ARM resource.

Knows application rules for names and network rules for networks; a collection holds rules of one kind. Application
rules see HTTP and TLS alone.
"""

import json
from typing import Final

from tierwall.export.grant import Grant, by_ports, plain
from tierwall.export.ports import of_transport, span
from tierwall.export.product import File, Job, Limit, Rendered, check, spelled
from tierwall.export.selection import object_name
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Ports, Transport

GROUP_OCTETS: Final = Limit(2_000_000, "octets of a rule collection group", "Azure Firewall limits, since July 2022")
DESTINATIONS: Final = Limit(20_000, "destinations in network rules", "Azure Firewall limits")
API_VERSION: Final = "2024-05-01"

type Rule = dict[str, object]


def rule_collections(job: Job) -> Rendered:
    """One group with a collection of names and one of networks."""
    names, networks, left, inexact = rules_of(job)
    text = json.dumps(_group(job, names, networks), indent=2) + "\n"
    check(GROUP_OCTETS, len(text))
    return Rendered(files=(File(".json", text, "an ARM resource"),), wider=inexact, left=left)


def rules_of(job: Job) -> tuple[list[Rule], list[Rule], tuple[tuple[Grant, str], ...], tuple[str, ...]]:
    """Application rules, network rules, what neither can say, and what the names admit besides."""
    names: list[Rule] = []
    networks: list[Rule] = []
    left: list[tuple[Grant, str]] = []
    inexact: list[str] = []
    for at, (ports, grants) in enumerate(by_ports(job.grants), start=1):
        own = [grant for grant in grants if grant.name is not None]
        protocols = [protocol for each in ports if (protocol := _protocol(each)) is not None]
        if len(protocols) != len(ports):
            left += [(grant, "an application rule takes single ports") for grant in own]
            own = []
        found = spelled(Dialect.AZURE_FIREWALL, own)
        left += found.left
        inexact += (*found.wider, *found.short)
        if found.spellings:
            names.append(_application(f"{job.name}-{at}", protocols, list(found.spellings)))
        addresses = [plain(grant.network) for grant in grants if grant.network is not None]
        if addresses:
            networks += [
                _network(f"{job.name}-{at}-{transport}", transport, ranges, addresses)
                for transport in Transport
                if (ranges := of_transport(ports, transport))
            ]
    check(DESTINATIONS, len(job.networks))
    return names, networks, tuple(left), tuple(dict.fromkeys(inexact))


def _protocol(ports: Ports) -> dict[str, object] | None:
    if ports.first != ports.last:
        return None
    return {"protocolType": "Http" if ports.first == 80 else "Https", "port": ports.first}


def _application(name: str, protocols: list[dict[str, object]], fqdns: list[str]) -> Rule:
    """`terminateTLS: false` leaves TLS closed: such a rule decrypts nothing."""
    return {
        "ruleType": "ApplicationRule",
        "name": name,
        "sourceAddresses": ["*"],
        "terminateTLS": False,
        "protocols": protocols,
        "targetFqdns": fqdns,
    }


def _network(name: str, transport: Transport, ranges: tuple[Ports, ...], addresses: list[str]) -> Rule:
    return {
        "ruleType": "NetworkRule",
        "name": name,
        "ipProtocols": [transport.upper()],
        "sourceAddresses": ["*"],
        "destinationAddresses": addresses,
        "destinationPorts": [span(each) for each in ranges],
    }


def _group(job: Job, names: list[Rule], networks: list[Rule]) -> dict[str, object]:
    """Priorities from 100 to 65000; networks are looked at before names whatever these say."""
    collections = [
        {
            "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
            "name": f"{job.name}-{kind}",
            "priority": priority,
            "action": {"type": "Allow"},
            "rules": rules,
        }
        for kind, priority, rules in (("networks", 305, networks), ("names", 310, names))
        if rules
    ]
    return {
        "type": "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
        "apiVersion": API_VERSION,
        "name": f"POLICY/{object_name(job.name)}",
        "metadata": {"description": job.summary},
        "properties": {"priority": 300, "ruleCollections": collections},
    }
