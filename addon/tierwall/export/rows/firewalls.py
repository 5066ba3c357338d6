"""Firewalls: their rows in the table of products.

Knows what each can carry, its documents, its limits, and what is not verified; the syntax is in its module.
"""

from typing import Final

from tierwall.export.product import Carries, Limit, Product, ProductId
from tierwall.export.writers import aws, azure, check_point, fortigate, linux, pan_os
from tierwall.policy.dialect import Dialect

ROWS: Final[dict[ProductId, Product]] = {
    ProductId.PAN_EDL: Product(
        title="PAN-OS external dynamic lists",
        documents=(
            "Palo Alto Networks, Formatting Guidelines for an External Dynamic List",
            "Palo Alto Networks, Guidelines for URL Category Exceptions",
        ),
        carries=Carries(networks=True, ipv6=True),
        bypass=Carries(networks=True, ipv6=True),
        render=pan_os.dynamic_list,
        inbound=True,
        dialect=Dialect.PAN_OS,
        remainder=ProductId.PAN_SET,
        limits=(pan_os.EDL_ENTRIES, Limit(30, "lists with a source of their own", "PAN-OS 8.0 web help")),
        checked="read back by tierwall's reader",
        unverified=("how many entries a list may have on your model: List Capacities shows it",),
    ),
    ProductId.PAN_SET: Product(
        title="PAN-OS set commands",
        documents=("PAN-OS CLI Quick Start, Use the CLI", "Palo Alto Networks, Guidelines for URL Category Exceptions"),
        carries=Carries(networks=True, ipv6=True, ports=True, udp=True, comments=True),
        bypass=Carries(networks=True, ipv6=True, ports=True, comments=True),
        render=pan_os.set_commands,
        inbound=True,
        dialect=Dialect.PAN_OS,
        unverified=(
            "no PAN-OS ran the commands: zones are `any`, and the rules go to the end of the rulebase",
            "a URL category decides on names in HTTP and TLS only, whatever the port",
        ),
    ),
    ProductId.FORTIGATE: Product(
        title="FortiGate CLI",
        documents=(
            "FortiOS Administration Guide, Using wildcard FQDN addresses in firewall policies",
            "FortiOS CLI Reference, firewall address, service custom, policy, ssl-ssh-profile",
        ),
        carries=Carries(networks=True, ipv6=True, ports=True, udp=True, udp_names=True, comments=True),
        bypass=Carries(networks=True, ipv6=True, comments=True),
        render=fortigate.fortigate,
        inbound=True,
        dialect=Dialect.FORTINET,
        limits=(Limit(1000, "addresses that a wildcard learns from DNS", "FortiOS 7.0 Administration Guide"),),
        unverified=(
            "no FortiGate ran the commands: interfaces are `any`, and the policies go to the end of the table",
            "that `edit 0` appends in every release",
            "whether `*.x` takes in x, or more than one label: see the dialect",
        ),
    ),
    ProductId.FORTIGATE_FEED: Product(
        title="FortiGate external feeds",
        documents=("FortiOS Administration Guide, External resources", "FortiOS 7.4.4 release notes"),
        carries=Carries(networks=True, ipv6=True),
        render=fortigate.feed,
        inbound=True,
        dialect=Dialect.FORTINET,
        remainder=ProductId.FORTIGATE,
        limits=(fortigate.FEED_ENTRIES,),
        unverified=(
            "which policies of your release take a feed of domains: it is a category (192) of filters",
            "whether `*.x` in a feed takes in x: it is written as FQDN addresses have it",
        ),
    ),
    ProductId.CHECK_POINT: Product(
        title="Check Point mgmt_cli",
        documents=(
            "Check Point Management API Reference",
            "Security Management Administration Guide (R81, R82), Domains",
        ),
        carries=Carries(networks=True, ipv6=True, ports=True, udp=True, udp_names=True, comments=True),
        bypass=Carries(networks=True, ipv6=True, comments=True),
        render=check_point.mgmt_cli,
        inbound=True,
        forms=check_point.FORMS,
        unverified=(
            "no management server ran the script; the layer is `Network`, the position its top",
            "whether an object for what is below a domain takes in the domain itself: it is said to",
            "that an HTTPS inspection rule of your release takes domain objects",
        ),
    ),
    ProductId.CHECK_POINT_FEED: Product(
        title="Check Point network feeds",
        documents=("Check Point Management API Reference, add network-feed (R81.20)",),
        carries=Carries(wildcards=False, networks=True, ipv6=True, comments=True),
        render=check_point.network_feed,
        inbound=True,
        forms=check_point.FEED_FORMS,
        remainder=ProductId.CHECK_POINT,
        unverified=("that a name of a feed is exact, as a domain object in FQDN mode is",),
    ),
    ProductId.AWS_NETWORK_FIREWALL: Product(
        title="AWS Network Firewall, domain list",
        documents=("AWS Network Firewall API Reference, RulesSourceList", "AWS Network Firewall quotas"),
        carries=Carries(),
        render=aws.domain_list,
        dialect=Dialect.AWS_NETWORK_FIREWALL,
        remainder=ProductId.AWS_SURICATA,
        limits=(aws.CAPACITY,),
        unverified=("that a target of one type takes one unit of capacity",),
    ),
    ProductId.AWS_SURICATA: Product(
        title="AWS Network Firewall, Suricata rules",
        documents=(
            "Suricata User Guide, tls.sni, http.host, content, startswith, endswith",
            "AWS Network Firewall quotas",
        ),
        carries=Carries(networks=True, ipv6=True, ports=True, udp=True, comments=True),
        render=aws.suricata,
        forms=aws.SURICATA_FORMS,
        limits=(aws.CAPACITY, aws.RULES_OCTETS),
        unverified=("no Suricata read the rules: they are for a policy with strict order",),
    ),
    ProductId.AZURE_FIREWALL: Product(
        title="Azure Firewall, rule collection group",
        documents=(
            "Microsoft Learn, Microsoft.Network firewallPolicies/ruleCollectionGroups",
            "Microsoft Learn, Azure Firewall FAQ, target FQDNs",
        ),
        carries=Carries(networks=True, ipv6=False, ports=True, udp=True),
        render=azure.rule_collections,
        dialect=Dialect.AZURE_FIREWALL,
        limits=(azure.GROUP_OCTETS, azure.DESTINATIONS),
        unverified=(
            "nothing deployed it: POLICY is your firewall policy",
            "that an application rule lets TLS through which is not HTTP: where it does not, a network rule is needed",
        ),
    ),
    ProductId.NFTABLES: Product(
        title="nftables",
        documents=("nft(8)",),
        carries=Carries(names=False, wildcards=False, networks=True, ipv6=True, ports=True, udp=True, comments=True),
        render=linux.nftables,
        inbound=True,
        remainder=ProductId.DNSMASQ,
        checked="`nft -c` (1.0.6), and read back",
    ),
    ProductId.DNSMASQ: Product(
        title="dnsmasq, with sets of nftables",
        documents=("dnsmasq(8), --nftset", "nft(8)"),
        carries=Carries(ports=True, udp_names=True, comments=True),
        render=linux.dnsmasq,
        forms=linux.FORMS,
        remainder=ProductId.NFTABLES,
        checked="`dnsmasq --test` (2.90), `nft -c` (1.0.6), and read back",
    ),
}
