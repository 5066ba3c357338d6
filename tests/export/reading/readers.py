"""The reader of each product.

Knows syntax from the documents, and nothing of how the files were written.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from tests.export.reading.clouds import aws, azure, cloudflare, suricata
from tests.export.reading.firewalls import check_point, check_point_feed, edl, feed, fortigate, pan_set
from tests.export.reading.hosts import chrome, dnsmasq, firefox, nftables, pac, squid_conf
from tests.export.reading.meshes import cilium, istio, network_policy
from tests.export.reading.said import Said
from tests.export.reading.tables import csv_rows, json_entries, m365, markdown, plain
from tests.export.reading.terraform import (
    terraform_aws,
    terraform_azurerm,
    terraform_cloudflare,
    terraform_fortios,
    terraform_panos,
    terraform_zia,
)
from tierwall.export import Export, List, ProductId
from tierwall.export.writing import Written
from tierwall.policy.dialect import Dialect


def said(product: ProductId, export: Export, kind: List, folder: Path) -> list[Said]:
    """All that the product's own files of that list say; what went to another product's is not among it."""
    files = [file for file in export.files if file.list is kind and "-rest-" not in file.name]
    files = [file for file in files if not file.name.endswith("-about.txt")]
    return list(READERS[product](files, folder))


READERS: dict[ProductId, Callable[[list[Written], Path], Iterator[Said]]] = {
    ProductId.PAN_EDL: edl,
    ProductId.PAN_SET: pan_set,
    ProductId.SQUID: squid_conf,
    ProductId.ZSCALER: plain(Dialect.ZSCALER),
    ProductId.UMBRELLA: plain(Dialect.UMBRELLA),
    ProductId.FORTIGATE: fortigate,
    ProductId.FORTIGATE_FEED: feed,
    ProductId.CHECK_POINT: check_point,
    ProductId.CHECK_POINT_FEED: check_point_feed,
    ProductId.AWS_NETWORK_FIREWALL: aws,
    ProductId.AWS_SURICATA: suricata,
    ProductId.AZURE_FIREWALL: azure,
    ProductId.CLOUDFLARE_GATEWAY: cloudflare,
    ProductId.NFTABLES: nftables,
    ProductId.DNSMASQ: dnsmasq,
    ProductId.CHROME_POLICY: chrome,
    ProductId.FIREFOX_POLICY: firefox,
    ProductId.PAC: pac,
    ProductId.CILIUM: cilium,
    ProductId.ISTIO: istio,
    ProductId.NETWORK_POLICY: network_policy,
    ProductId.TERRAFORM_PANOS: terraform_panos,
    ProductId.TERRAFORM_FORTIOS: terraform_fortios,
    ProductId.TERRAFORM_ZIA: terraform_zia,
    ProductId.TERRAFORM_AWS: terraform_aws,
    ProductId.TERRAFORM_AZURERM: terraform_azurerm,
    ProductId.TERRAFORM_CLOUDFLARE: terraform_cloudflare,
    ProductId.CSV: csv_rows,
    ProductId.MARKDOWN: markdown,
    ProductId.JSON: json_entries,
    ProductId.M365_JSON: m365,
}
