"""What deploy/ gives a cluster: nothing privileged, nothing that ours would not take, and nothing forgotten."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from tierwall.cli.commands import cli
from tierwall.loader import load_catalogue, load_site
from tierwall.policy.site import PRIVATE_CLIENTS

KUBERNETES = Path(__file__).parents[2] / "deploy" / "kubernetes"
FOLDERS = ("proxy", "envoy")


def objects(folder: str) -> list[dict[str, Any]]:
    """All that the kustomization names."""
    base = KUBERNETES / folder
    named = yaml.safe_load((base / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert {"kustomization.yaml", *named} == {path.name for path in base.iterdir()}
    texts = [(base / name).read_text(encoding="utf-8") for name in named]
    return [found for text in texts for found in yaml.safe_load_all(text)]


def pod(folder: str) -> dict[str, Any]:
    [deployment] = [each for each in objects(folder) if each["kind"] == "Deployment"]
    spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return spec


def containers(folder: str) -> Iterator[dict[str, Any]]:
    yield from (*pod(folder).get("initContainers", ()), *pod(folder)["containers"])


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_is_privileged_and_no_root_file_system_is_written(folder: str) -> None:
    assert pod(folder)["securityContext"]["runAsNonRoot"] is True
    assert pod(folder)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod(folder)["automountServiceAccountToken"] is False
    for container in containers(folder):
        locked = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert container["securityContext"] == locked
        assert {"requests", "limits"} == container["resources"].keys()


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_serves_is_probed_budgeted_and_walled_in(folder: str) -> None:
    kinds = {each["kind"] for each in objects(folder)}
    serving = pod(folder)["containers"][0]

    assert {"PodDisruptionBudget", "NetworkPolicy", "Service", "Namespace"} <= kinds
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= serving.keys()


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_private_address_can_be_reached_whatever_a_name_leads_to(folder: str) -> None:
    [policy] = [each for each in objects(folder) if each["kind"] == "NetworkPolicy"]
    blocks = [to["ipBlock"] for rule in policy["spec"]["egress"] for to in rule["to"] if "ipBlock" in to]

    [block] = blocks
    kept = [ip_network(text) for text in block["except"]]
    for text in ("127.0.0.0/8", "169.254.169.254/32", "168.63.129.16/32", "100.64.0.0/10", *map(str, PRIVATE_CLIENTS)):
        network = ip_network(text)
        assert network.version == 6 or any(network.subnet_of(each) for each in kept), text


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_commands_are_ones_that_ours_takes_and_the_site_loads(folder: str, tmp_path: Path) -> None:
    [ours] = [each for each in containers(folder) if each["image"] == "tierwall"]
    command, *arguments = ours["args"]
    found = cli.commands[command]
    found.make_context(command, list(arguments), resilient_parsing=False)  # raises for what it does not know
    [sites] = [each for each in objects(folder) if each["kind"] == "ConfigMap"]
    site = tmp_path / "lab.yaml"
    site.write_text(sites["data"]["lab.yaml"], encoding="utf-8")

    assert load_site(str(site), load_catalogue([])).id == "lab"
