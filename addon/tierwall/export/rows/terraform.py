"""Terraform's providers: their rows in the table of products.

Knows what each can carry, its documents, its limits, and what is not verified; the syntax is in its module.
"""

from typing import Final

from tierwall.export.product import Carries, Limit, Product, ProductId
from tierwall.export.writers import aws, azure, cloudflare, resolvers, terraform
from tierwall.policy.dialect import Dialect

_HCL: Final = "read back with python-hcl2; `terraform fmt` found nothing to change"

ROWS: Final[dict[ProductId, Product]] = {
    ProductId.TERRAFORM_PANOS: Product(
        title="Terraform, panos 2",
        documents=("terraform-provider-panos 2, panos_custom_url_category, panos_address, panos_address_group",),
        carries=Carries(networks=True, ipv6=True, comments=True),
        bypass=Carries(networks=True, ipv6=True, comments=True),
        render=terraform.panos,
        inbound=True,
        dialect=Dialect.PAN_OS,
        remainder=ProductId.PAN_SET,
        checked=_HCL,
        unverified=("the provider's own checks; the rule that uses the objects stays yours",),
    ),
    ProductId.TERRAFORM_FORTIOS: Product(
        title="Terraform, fortios",
        documents=("terraform-provider-fortios, fortios_firewall_address, _addrgrp, _policy, firewallservice_custom",),
        carries=Carries(networks=True, ipv6=True, ports=True, udp=True, udp_names=True, comments=True),
        render=terraform.fortios,
        inbound=True,
        dialect=Dialect.FORTINET,
        checked=_HCL,
        unverified=("the provider's own checks",),
    ),
    ProductId.TERRAFORM_ZIA: Product(
        title="Terraform, zia",
        documents=("terraform-provider-zia, zia_url_categories",),
        carries=Carries(comments=True),
        bypass=Carries(comments=True),
        render=terraform.zia,
        dialect=Dialect.ZSCALER,
        limits=(resolvers.ZSCALER_ENTRIES,),
        checked=_HCL,
        unverified=("the provider's own checks",),
        labels=resolvers.zscaler_label,
    ),
    ProductId.TERRAFORM_AWS: Product(
        title="Terraform, aws",
        documents=("terraform-provider-aws, aws_networkfirewall_rule_group",),
        carries=Carries(networks=True, ipv6=True, ports=True, udp=True, comments=True),
        render=terraform.aws_rules,
        forms=aws.SURICATA_FORMS,
        limits=(aws.CAPACITY, aws.RULES_OCTETS),
        checked=_HCL,
        unverified=("the provider's own checks; no Suricata read the rules",),
    ),
    ProductId.TERRAFORM_AZURERM: Product(
        title="Terraform, azurerm",
        documents=("terraform-provider-azurerm, azurerm_firewall_policy_rule_collection_group",),
        carries=Carries(networks=True, ports=True, udp=True, comments=True),
        render=terraform.azurerm,
        dialect=Dialect.AZURE_FIREWALL,
        limits=(azure.DESTINATIONS,),
        checked=_HCL,
        unverified=("the provider's own checks",),
    ),
    ProductId.TERRAFORM_CLOUDFLARE: Product(
        title="Terraform, cloudflare 5",
        documents=("terraform-provider-cloudflare 5, cloudflare_zero_trust_list",),
        carries=Carries(networks=True, ipv6=True, comments=True),
        bypass=Carries(networks=True, ipv6=True, comments=True),
        render=terraform.cloudflare_lists,
        inbound=True,
        forms=cloudflare.FORMS,
        limits=(Limit(cloudflare.LIST_ENTRIES, "entries of a list (Standard plan)", "Cloudflare One, Account limits"),),
        checked=_HCL,
        unverified=("the provider's own checks; the policies that use the lists stay yours",),
    ),
}
