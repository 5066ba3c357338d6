"""Kubernetes and service meshes: Cilium's policies, NetworkPolicy, and Istio's service entries, as YAML.

Knows the resources' fields. A NetworkPolicy has no names; a service entry has neither UDP nor ranges of ports.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import yaml

from tierwall.export.grant import Grant, by_ports
from tierwall.export.ports import of_transport
from tierwall.export.product import File, Job, Limit, Rendered, check, spelled
from tierwall.export.selection import object_name
from tierwall.export.spelling import Form, spell
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Ports, Transport

ISTIO_FORMS: Final = (Form("{}", 0, 0), Form("*.{}", 1, None))
"""A host may begin with `*.` (Istio, ServiceEntry, hosts); Envoy's server_names take any depth below, never x."""

CILIUM_PORTS: Final = Limit(40, "ranges of ports in one rule", "Cilium source, pkg/policy/api, PortRule")

NAME_CHARACTERS: Final = 63
"""Of an object (RFC 1123 label)."""

type Resource = dict[str, object]


def cilium(job: Job) -> Rendered:
    """Names are learned from the DNS answers that pass Cilium's own proxy, so that DNS is let through first."""
    egress: list[Resource] = []
    left: list[tuple[Grant, str]] = []
    inexact: list[str] = []
    for ports, grants in by_ports(job.grants):
        found = spelled(Dialect.CILIUM, [grant for grant in grants if grant.name is not None])
        left += found.left
        inexact += (*found.wider, *found.short)
        check(CILIUM_PORTS, len(ports))
        to_ports = [{"ports": [_cilium_port(each) for each in ports]}]
        if found.spellings:
            egress.append({"toFQDNs": [_selector(line) for line in found.spellings], "toPorts": to_ports})
        if networks := [str(grant.network) for grant in grants if grant.network is not None]:
            egress.append({"toCIDR": networks, "toPorts": to_ports})
    if any("toFQDNs" in rule for rule in egress):
        egress.insert(0, _dns())
    body: Resource = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": _name(job)},
        "spec": {"endpointSelector": {}, "egress": egress},
    }
    return _rendered(job, [body], "a CiliumNetworkPolicy", inexact, left)


def network_policy(job: Job) -> Rendered:
    """By address alone."""
    egress = [
        {
            "to": [{"ipBlock": {"cidr": str(grant.network)}} for grant in grants],
            "ports": [_port(each) for each in ports],
        }
        for ports, grants in by_ports(job.networks)
    ]
    body: Resource = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": _name(job)},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": egress},
    }
    return _rendered(job, [body], "a NetworkPolicy", (), ())


def istio(job: Job) -> Rendered:
    """A service entry for each group of ports, for a mesh that lets only registered destinations out."""
    bodies: list[Resource] = []
    left: list[tuple[Grant, str]] = []
    inexact: list[str] = []
    for at, (ports, grants) in enumerate(by_ports(job.grants), start=1):
        single = [each for each in of_transport(ports, Transport.TCP) if each.first == each.last]
        if len(single) < len(ports):
            left += [(grant, "a service entry takes single ports") for grant in grants]
            continue
        found = spell(ISTIO_FORMS, [grant for grant in grants if grant.name is not None])
        left += found.left
        inexact += (*found.wider, *found.short)
        networks = [str(grant.network) for grant in grants if grant.network is not None]
        if found.spellings:
            bodies.append(_service_entry(f"{job.name}-{at}", list(found.spellings), [], single))
        if networks:
            name = object_name(job.name, str(at), "networks", most=NAME_CHARACTERS)
            bodies.append(_service_entry(name, [f"{name}.tierwall.internal"], networks, single))
    return _rendered(job, bodies, "service entries", inexact, left)


def _rendered(
    job: Job, bodies: Sequence[Resource], says: str, inexact: Iterable[str], left: Iterable[tuple[Grant, str]]
) -> Rendered:
    text = job.header(len(job.grants)) + yaml.safe_dump_all(bodies, sort_keys=False, width=120)
    return Rendered(files=(File(".yaml", text, says),), wider=tuple(dict.fromkeys(inexact)), left=tuple(left))


def _name(job: Job) -> str:
    return object_name(job.name, most=NAME_CHARACTERS).lower().replace("_", "-")


def _dns() -> Resource:
    cluster = {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s-app": "kube-dns"}
    ports = [{"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": [{"matchPattern": "*"}]}}]
    return {"toEndpoints": [{"matchLabels": cluster}], "toPorts": ports}


def _selector(spelling: str) -> dict[str, str]:
    return {"matchPattern" if "*" in spelling else "matchName": spelling}


def _cilium_port(ports: Ports) -> Resource:
    return dict(_fields(str(ports.first), ports))


def _port(ports: Ports) -> Resource:
    return dict(_fields(ports.first, ports))


def _fields(first: str | int, ports: Ports) -> Iterator[tuple[str, object]]:
    yield "port", first
    if ports.last != ports.first:
        yield "endPort", ports.last
    yield "protocol", ports.transport.upper()


def _service_entry(name: str, hosts: list[str], addresses: list[str], ports: Sequence[Ports]) -> Resource:
    """`resolution: NONE`: to wherever the client goes."""
    spec: Resource = {"hosts": hosts}
    if addresses:
        spec["addresses"] = addresses
    spec |= {
        "location": "MESH_EXTERNAL",
        "ports": [
            {
                "number": each.first,
                "name": f"{'http' if each.first == 80 else 'tcp' if addresses else 'tls'}-{each.first}",
                "protocol": "HTTP" if each.first == 80 else "TCP" if addresses else "TLS",
            }
            for each in ports
        ],
        "resolution": "NONE",
    }
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": name.lower().replace("_", "-")},
        "spec": spec,
    }
