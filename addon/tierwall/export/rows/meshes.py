"""Kubernetes and meshes: their rows in the table of products.

Knows what each can carry, its documents, its limits, and what is not verified; the syntax is in its module.
"""

from typing import Final

from tierwall.export.product import Carries, Product, ProductId
from tierwall.export.writers import mesh
from tierwall.policy.dialect import Dialect

ROWS: Final[dict[ProductId, Product]] = {
    ProductId.CILIUM: Product(
        title="Cilium network policy",
        documents=("Cilium documentation, DNS based, toFQDNs", "Cilium source, pkg/policy/api/fqdn.go"),
        carries=Carries(networks=True, ipv6=True, ports=True, udp=True, udp_names=True, comments=True),
        render=mesh.cilium,
        dialect=Dialect.CILIUM,
        unverified=("no cluster took the policy; `**.` needs a Cilium that knows it",),
    ),
    ProductId.ISTIO: Product(
        title="Istio service entries",
        documents=("Istio reference, ServiceEntry",),
        carries=Carries(networks=True, ipv6=True, ports=True, comments=True),
        render=mesh.istio,
        forms=mesh.ISTIO_FORMS,
        unverified=("no mesh took the entries",),
    ),
    ProductId.NETWORK_POLICY: Product(
        title="Kubernetes NetworkPolicy",
        documents=("Kubernetes reference, NetworkPolicy (networking.k8s.io/v1)",),
        carries=Carries(names=False, wildcards=False, networks=True, ipv6=True, ports=True, udp=True, comments=True),
        render=mesh.network_policy,
        remainder=ProductId.CILIUM,
        unverified=("no cluster took the policy; DNS has to be let through besides",),
    ),
}
