"""Terraform's state, as JSON -> what the resources of firewall products in it list.

Knows the attributes of providers' resources for AWS, Azure, Zscaler, FortiOS, PAN-OS, Check Point and Cloudflare. Other
resources list nothing.
"""

from collections.abc import Iterator, Mapping

from tierwall.loader.lists.content import Item, Spelling, Unplaced
from tierwall.loader.lists.products.aws import read_group
from tierwall.loader.lists.reading import dictionaries, place, ports, strings, transports
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Transport

_DIALECTS = {
    "aws_networkfirewall": Dialect.AWS_NETWORK_FIREWALL,
    "azurerm_firewall": Dialect.AZURE_FIREWALL,
    "zia_": Dialect.ZSCALER,
    "fortios_": Dialect.FORTINET,
    "panos_": Dialect.PAN_OS,
    "checkpoint_": Dialect.CHECK_POINT,
    "cloudflare_": Dialect.LITERAL,
}


def is_state(value: object) -> bool:
    """Whether JSON is a state, or what `terraform show -json` says."""
    return isinstance(value, dict) and ("terraform_version" in value or "format_version" in value)


def dialect_of(value: object) -> Dialect | None:
    """The dialect of its resources; None where they are of several products, or of none."""
    found = {dialect for kind, _ in _resources(value) for begin, dialect in _DIALECTS.items() if kind.startswith(begin)}
    return found.pop() if len(found) == 1 else None


def read_state(value: object) -> Iterator[Item]:
    """What its resources list."""
    for kind, attributes in _resources(value):
        if kind.startswith("aws_networkfirewall"):
            yield from read_group(attributes)
        elif kind.startswith("azurerm_firewall"):
            yield from _azure(attributes)
        elif any(kind.startswith(begin) for begin in _DIALECTS):
            yield from _simple(attributes)


def _resources(value: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    for each in dictionaries(value):
        kind = each.get("type")
        if not isinstance(kind, str):
            continue
        if isinstance(values := each.get("values"), dict):
            yield kind, values
        instances = each.get("instances")
        for instance in instances if isinstance(instances, list) else ():
            if isinstance(instance, dict) and isinstance(attributes := instance.get("attributes"), dict):
                yield kind, attributes


def _azure(attributes: Mapping[str, object]) -> Iterator[Item]:
    for rule in dictionaries(attributes):
        said = rule.get("protocols")
        try:
            if hosts := strings(rule.get("destination_fqdns")):
                numbers = (
                    [str(each["port"]) for each in said if isinstance(each, dict)] if isinstance(said, list) else []
                )
                its = ports([Transport.TCP], numbers) or None
                if "destination_ports" in rule:
                    its = ports(transports(strings(said)), strings(rule["destination_ports"])) or None
                yield from (Spelling(None, host, its) for host in hosts)
            for address in strings(rule.get("destination_addresses")):
                yield from place(
                    None, address, ports(transports(strings(said)), strings(rule.get("destination_ports")))
                )
        except (KeyError, ValueError) as cause:
            yield Unplaced(None, f"rule `{rule.get('name', '')}`: {cause}, and the rule is left out")


def _simple(attributes: Mapping[str, object]) -> Iterator[Item]:
    for key in ("urls", "db_categorized_urls", "sites", "fqdn", "wildcard_fqdn"):
        yield from (Spelling(None, text) for text in strings(attributes.get(key)) if text)
    for key in ("ip_ranges", "subnet"):
        for text in strings(attributes.get(key)):
            if text != "0.0.0.0 0.0.0.0":
                yield from place(None, text)
    if attributes.get("type") in {"fqdn", "ip-netmask", "ip-range"}:
        yield from (item for text in strings(attributes.get("value")) for item in place(None, text))
    if "is_sub_domain" in attributes:
        yield from (Spelling(None, text) for text in strings(attributes.get("name")))
    items = attributes.get("items")
    for item in items if isinstance(items, list) else ():
        for text in strings(item.get("value") if isinstance(item, dict) else item):
            yield from place(None, text)
