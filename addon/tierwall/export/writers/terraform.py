"""Terraform: the same lists as resources of six providers.

Knows the resources' arguments. Providers and accounts are variables: nothing here names yours.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import batched

from tierwall.export.grant import Grant, List, by_ports, plain
from tierwall.export.ports import of_transport, span
from tierwall.export.product import File, Job, Rendered, ascii_line, check, spelled
from tierwall.export.selection import object_name
from tierwall.export.spelling import spell
from tierwall.export.writers import aws, azure, cloudflare
from tierwall.export.writers.fortigate import OBJECT_CHARACTERS
from tierwall.export.writers.hcl import Block, Reference, Value, document
from tierwall.export.writers.pan_os import entries
from tierwall.export.writers.resolvers import ZSCALER_ENTRIES
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Ports, Transport


def panos(job: Job) -> Rendered:
    """A category, and address objects with their group; the rule that uses them stays yours."""
    names = spelled(Dialect.PAN_OS, job.names)
    shared: dict[str, object] = {"shared": {}}
    blocks = []
    if urls := entries(names):
        blocks.append(
            _resource(
                "panos_custom_url_category",
                job.name,
                {"location": shared, "name": job.name, "type": "URL List", "description": _said(job), "list": urls},
            )
        )
    members = []
    for grant in job.networks:
        members.append(object_name(job.name, _plain_name(grant), most=63))
        blocks.append(
            _resource(
                "panos_address",
                members[-1],
                {
                    "location": shared,
                    "name": members[-1],
                    "ip_netmask": str(grant.network),
                    "description": _purpose(grant),
                },
            )
        )
    if members:
        group = object_name(job.name, "addresses", most=63)
        references = [Reference(f"panos_address.{_label(member)}.name") for member in members]
        blocks.append(
            _resource("panos_address_group", group, {"location": shared, "name": group, "static": references})
        )
    return _rendered(job, blocks, (*names.wider, *names.short), names.left)


def fortios(job: Job) -> Rendered:
    """Addresses, their group, a service and a policy for each group of ports."""
    blocks: dict[tuple[str, ...], Block] = {}
    left: list[tuple[Grant, str]] = []
    inexact: list[str] = []
    for at, (ports, grants) in enumerate(by_ports(job.grants), start=1):
        name = object_name(job.name, str(at))
        names = spelled(Dialect.FORTINET, [grant for grant in grants if grant.name is not None])
        left += names.left
        inexact += (*names.wider, *names.short)
        for version, kind, members in (
            (4, "", [*_fqdns(job, names.lines, blocks), *_subnets(job, grants, blocks)]),
            (6, "6", list(_ipv6(job, grants, blocks))),
        ):
            if members:
                group = name if version == 4 else f"{name}-v6"
                _add(
                    blocks,
                    _resource(f"fortios_firewall_addrgrp{kind}", group, {"name": group}, _each("member", members)),
                )
                if job.kind is List.ALLOW:
                    _add(blocks, _policy(job, group, kind, name))
        if job.kind is List.ALLOW:
            _add(blocks, _resource("fortios_firewallservice_custom", name, _service(name, ports)))
    return _rendered(job, list(blocks.values()), inexact, left)


def zia(job: Job) -> Rendered:
    """A custom URL category."""
    found = spelled(Dialect.ZSCALER, job.names)
    check(ZSCALER_ENTRIES, len(found.spellings))
    arguments: dict[str, Value] = {
        "super_category": "USER_DEFINED",
        "configured_name": job.name,
        "description": _said(job),
        "custom_category": True,
        "type": "URL_CATEGORY",
        "urls": found.spellings,
    }
    return _rendered(
        job, [_resource("zia_url_categories", job.name, arguments)], (*found.wider, *found.short), found.left
    )


def aws_rules(job: Job) -> Rendered:
    """The Suricata rules as a stateful rule group."""
    rules = aws.suricata(job)
    lines = [line for line in rules.files[0].text.splitlines() if not line.startswith("#")]
    if not lines:
        return _rendered(job, [], rules.wider, rules.left)  # AWS takes no group without a rule
    body = Block(
        "rule_group",
        blocks=(
            Block("stateful_rule_options", arguments={"rule_order": "STRICT_ORDER"}),
            Block("rules_source", arguments={"rules_string": "".join(f"{line}\n" for line in lines)}),
        ),
    )
    arguments: dict[str, Value] = {
        "name": job.name,
        "type": "STATEFUL",
        "capacity": len(lines),
        "description": _said(job),
    }
    return _rendered(
        job, [_resource("aws_networkfirewall_rule_group", job.name, arguments, (body,))], rules.wider, rules.left
    )


def azurerm(job: Job) -> Rendered:
    """A rule collection group."""
    names, networks, left, inexact = azure.rules_of(job)
    collections = [
        Block(
            f"{kind}_rule_collection",
            arguments={"name": f"{job.name}-{kind}", "priority": priority, "action": "Allow"},
            blocks=tuple(make(rule) for rule in rules),
        )
        for kind, priority, rules, make in (
            ("network", 305, networks, _azure_network),
            ("application", 310, names, _azure_application),
        )
        if rules
    ]
    arguments: dict[str, Value] = {
        "name": job.name,
        "firewall_policy_id": Reference("var.firewall_policy_id"),
        "priority": 300,
    }
    resource = _resource("azurerm_firewall_policy_rule_collection_group", job.name, arguments, tuple(collections))
    return _rendered(job, [_variable("firewall_policy_id"), resource], inexact, left)


def cloudflare_lists(job: Job) -> Rendered:
    """Lists of hosts, domains and addresses; the policies that use them stay yours."""
    names = spell(cloudflare.FORMS, job.names)
    hosts = [(line, grant) for line, grant in names.lines if not line.startswith("*.")]
    domains = [(line.removeprefix("*."), grant) for line, grant in names.lines if line.startswith("*.")]
    addresses = [(plain(grant.network), grant) for grant in job.networks if grant.network is not None]
    blocks = [_variable("account_id")]
    for kind, entries_of in (("domains", domains), ("hosts", hosts), ("addresses", addresses)):
        for at, batch in enumerate(batched(entries_of, cloudflare.LIST_ENTRIES), start=1):
            name = object_name(job.name, kind, *([str(at)] if at > 1 else []), most=60)
            items = [{"value": value, "description": _purpose(grant)} for value, grant in batch]
            arguments: dict[str, Value] = {
                "account_id": Reference("var.account_id"),
                "name": name,
                "type": "IP" if kind == "addresses" else "DOMAIN",
                "items": items,
            }
            blocks.append(_resource("cloudflare_zero_trust_list", name, arguments))
    return _rendered(job, blocks, (*names.wider, *names.short), names.left)


# FortiOS


def _fqdns(job: Job, lines: Iterable[tuple[str, Grant]], blocks: dict[tuple[str, ...], Block]) -> Iterator[str]:
    for spelling, grant in lines:
        below = "_below" if spelling.startswith("*.") else ""
        name = object_name(job.name, spelling.removeprefix("*.") + below, most=OBJECT_CHARACTERS, keep=".")
        arguments: dict[str, Value] = {"name": name, "type": "fqdn", "fqdn": spelling, "comment": _purpose(grant)}
        _add(blocks, _resource("fortios_firewall_address", name, arguments))
        yield name


def _subnets(job: Job, grants: Iterable[Grant], blocks: dict[tuple[str, ...], Block]) -> Iterator[str]:
    for grant in grants:
        if grant.network is not None and grant.network.version == 4:
            name = object_name(job.name, _plain_name(grant), most=OBJECT_CHARACTERS)
            subnet = f"{grant.network.network_address} {grant.network.netmask}"
            arguments: dict[str, Value] = {"name": name, "type": "ipmask", "subnet": subnet, "comment": _purpose(grant)}
            _add(blocks, _resource("fortios_firewall_address", name, arguments))
            yield name


def _ipv6(job: Job, grants: Iterable[Grant], blocks: dict[tuple[str, ...], Block]) -> Iterator[str]:
    for grant in grants:
        if grant.network is not None and grant.network.version == 6:
            name = object_name(job.name, _plain_name(grant), most=OBJECT_CHARACTERS)
            arguments: dict[str, Value] = {"name": name, "ip6": str(grant.network), "comment": _purpose(grant)}
            _add(blocks, _resource("fortios_firewall_address6", name, arguments))
            yield name


def _add(blocks: dict[tuple[str, ...], Block], block: Block) -> None:
    """Groups of ports may share an object, which Terraform takes once."""
    blocks.setdefault(block.labels, block)


def _service(name: str, ports: Sequence[Ports]) -> dict[str, Value]:
    found: dict[str, Value] = {"name": name}
    for transport in Transport:
        if ranges := of_transport(ports, transport):
            found[f"{transport}_portrange"] = " ".join(map(span, ranges))
    return found


def _policy(job: Job, group: str, kind: str, service: str) -> Block:
    reference = Reference(f"fortios_firewall_addrgrp{kind}.{_label(group)}.name")
    blocks = (
        *_each("srcintf", ["any"]),
        *_each("dstintf", ["any"]),
        *_each(f"srcaddr{kind}", ["all"]),
        *_each(f"dstaddr{kind}", [reference]),
        *_each("service", [Reference(f"fortios_firewallservice_custom.{_label(service)}.name")]),
    )
    arguments: dict[str, Value] = {
        "name": object_name(group, most=35),
        "action": "accept",
        "schedule": "always",
        "logtraffic": "all",
        "comments": _said(job)[:255],
    }
    return _resource("fortios_firewall_policy", group, arguments, blocks)


# Azure


def _azure_application(rule: azure.Rule) -> Block:
    protocols = rule["protocols"]
    blocks = [
        Block("protocols", arguments={"type": str(each["protocolType"]), "port": int(str(each["port"]))})
        for each in (protocols if isinstance(protocols, list) else [])
    ]
    return Block("rule", arguments=_azure_arguments(rule, {"targetFqdns": "destination_fqdns"}), blocks=tuple(blocks))


def _azure_network(rule: azure.Rule) -> Block:
    names = {
        "ipProtocols": "protocols",
        "destinationAddresses": "destination_addresses",
        "destinationPorts": "destination_ports",
    }
    return Block("rule", arguments=_azure_arguments(rule, names))


def _azure_arguments(rule: azure.Rule, names: dict[str, str]) -> dict[str, Value]:
    found: dict[str, Value] = {"name": str(rule["name"])}
    for key, name in {"sourceAddresses": "source_addresses", **names}.items():
        values = rule[key]
        found[name] = [str(each) for each in values] if isinstance(values, list) else []
    return found


# Shared by all


def _rendered(job: Job, blocks: Sequence[Block], inexact: Iterable[str], left: Iterable[tuple[Grant, str]]) -> Rendered:
    text = job.header(len(job.grants)) + "\n" + document(blocks)
    return Rendered(files=(File(".tf", text, "resources"),), wider=tuple(dict.fromkeys(inexact)), left=tuple(left))


def _resource(kind: str, name: str, arguments: dict[str, Value], blocks: Iterable[Block] = ()) -> Block:
    return Block("resource", (kind, _label(name)), arguments, tuple(blocks))


def _variable(name: str) -> Block:
    return Block("variable", (name,), {"description": "Yours."})


def _each(kind: str, names: Iterable[str]) -> tuple[Block, ...]:
    return tuple(Block(kind, arguments={"name": name}) for name in names)


def _label(name: str) -> str:
    """An identifier of its own for each name."""
    return object_name(name.replace(".", "_dot_"), most=200)


def _plain_name(grant: Grant) -> str:
    return str(grant).replace("/", "_").replace(":", "-")


def _said(job: Job) -> str:
    return ascii_line(job.title)


def _purpose(grant: Grant) -> str:
    return ascii_line(grant.purpose or grant.label)[:255]
