"""The sites that are put to Envoy: all bundled ones that can be, and some made up for what those do not have.

Knows site files. Why a bundled site cannot be exported is the exporter's to say.
"""

from collections.abc import Iterator
from pathlib import Path

from tierwall.fleet.envoy import CannotExpress, lists_of
from tierwall.loader import load_catalogue, load_site, site_names
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site

_MADE_UP = {
    "ranges-and-denials": """
admit:
  - {hosts: ["*.corp.example", corp.example, "*.8x8.vc"], ports: [tcp/443, tcp/8000-8999, tcp/22]}
  - {hosts: ["*.deep.corp.example"], ports: [tcp/5222]}
  - {networks: [203.0.113.0/24], ports: [tcp/1-1024]}
  - {networks: [10.1.0.0/16], ports: [tcp/443, tcp/8443]}
deny:
  - {hosts: ["*.files.corp.example", files.corp.example, "private.corp.example"]}
  - {hosts: ["*.8x8.vc"], ports: [tcp/8000-8099]}
  - {networks: [203.0.113.11/32, 10.1.2.0/24]}
""",
    "one-label": """
dialect: azure-firewall
admit:
  - {vendor: 8x8}
  - {vendor: vevox}
  - {hosts: ["*.corp.example"], dialect: aws-network-firewall}
""",
    "claimed-and-private": """
names: resolve
admit:
  - {hosts: ["*.corp.example", corp.example]}
  - {networks: [10.0.0.0/8, 169.254.169.254/32], ports: [tcp/80, tcp/443]}
""",
}
BIG = 10_000


def exportable(folder: Path) -> Iterator[tuple[Site, Catalogue]]:
    """Each with the catalogue."""
    catalogue = load_catalogue([])
    for name in site_names():
        site = load_site(name, catalogue)
        try:
            lists_of(site, catalogue)
        except CannotExpress:
            continue
        yield site, catalogue
    for name, text in _MADE_UP.items():
        path = folder / f"{name}.yaml"
        path.write_text(f"version: 1\nsite: {name}\n{text}")
        yield load_site(str(path), catalogue), catalogue
    (folder / "big.txt").write_text("".join(f"host{n}.list{n % 97}.example\n" for n in range(BIG)))
    (folder / "big.yaml").write_text("version: 1\nsite: big\nadmit:\n  - {file: big.txt, ports: [tcp/443, tcp/80]}\n")
    yield load_site(str(folder / "big.yaml"), catalogue), catalogue


def refused() -> dict[str, str]:
    """The bundled sites that cannot be exported, each with the first reason."""
    catalogue = load_catalogue([])
    reasons: dict[str, str] = {}
    for name in site_names():
        try:
            lists_of(load_site(name, catalogue), catalogue)
        except CannotExpress as cannot:
            reasons[name] = str(cannot).splitlines()[0].partition(": ")[2]
    return reasons
