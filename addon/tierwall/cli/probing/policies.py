"""The catalogue -> what the probe needs of it, as plain values that JSON holds.

Knows both sides; the probe itself knows no catalogue. Inbound rules, and rows whose values are not known, stay here.
"""

from tierwall.policy.model import Catalogue, Direction, Evidence, Rule, Vendor


def compiled(catalogue: Catalogue) -> dict[str, object]:
    """All vendors."""
    return {"vendors": [_vendor(vendor) for vendor in catalogue.vendors]}


def _vendor(vendor: Vendor) -> dict[str, object]:
    return {
        "id": vendor.id,
        "title": vendor.title,
        "services": [
            {"id": service.id, "title": service.title, "tier": str(service.tier), "protocol": str(service.protocol)}
            for service in vendor.services
        ],
        "rules": [_rule(rule) for rule in vendor.rules if _asks(rule)],
    }


def _asks(rule: Rule) -> bool:
    return rule.direction is Direction.EGRESS and rule.evidence is not Evidence.UNSPECIFIED and not rule.anywhere


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "services": list(rule.services),
        "hosts": list(rule.hosts),
        "probe": list(rule.probe),
        "networks": [str(network) for network in rule.networks],
        "ports": [[str(ports.transport), ports.first, ports.last] for ports in rule.ports],
    }
