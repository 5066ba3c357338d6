"""What deploy/ gives a cluster: nothing privileged, nothing that ours would not take, and nothing forgotten."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from tierwall.cli.commands import cli
from tierwall.loader import load_catalogue, load_site
from tierwall.policy.site import PRIVATE_CLIENTS

KUBERNETES = Path(__file__).parents[2] / "deploy" / "kubernetes"
CARRYING = ("proxy", "envoy", "envoy-daemonset")
"""What clients' traffic goes through."""
FOLDERS = (*CARRYING, "control-plane")


def objects(folder: str) -> list[dict[str, Any]]:
    """All that the kustomization names."""
    base = KUBERNETES / folder
    named = yaml.safe_load((base / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert {"kustomization.yaml", *named} == {path.name for path in base.iterdir()}
    texts = [(base / name).read_text(encoding="utf-8") for name in named]
    return [found for text in texts for found in yaml.safe_load_all(text)]


def pod(folder: str) -> dict[str, Any]:
    [running] = [each for each in objects(folder) if each["kind"] in {"Deployment", "DaemonSet"}]
    spec: dict[str, Any] = running["spec"]["template"]["spec"]
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

    assert {"NetworkPolicy", "Service", "Namespace"} <= kinds
    assert kinds & {"PodDisruptionBudget", "DaemonSet"}  # drains pass a DaemonSet by
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= serving.keys()


@pytest.mark.parametrize("folder", CARRYING)
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
    arguments = [text.replace("=/etc/tierwall/tls", f"={tmp_path}") for text in ours["args"]]
    command: click.Command = cli
    while isinstance(command, click.Group):
        command = command.commands[arguments.pop(0)]
    command.make_context("here", arguments, resilient_parsing=False)  # raises for what it does not know
    [sites] = [each for each in objects(folder) if each["kind"] == "ConfigMap"]
    site = tmp_path / "lab.yaml"
    site.write_text(sites["data"]["lab.yaml"], encoding="utf-8")

    assert load_site(str(site), load_catalogue([])).id == "lab"


def test_whatever_is_mounted_is_there_and_envoys_reach_the_control_plane_that_is_there() -> None:
    for folder in FOLDERS:
        volumes = {each["name"] for each in pod(folder)["volumes"]}
        assert {mount["name"] for each in containers(folder) for mount in each["volumeMounts"]} == volumes
    [service] = [each for each in objects("control-plane") if each["kind"] == "Service"]
    [port] = service["spec"]["ports"]
    [export] = pod("envoy-daemonset")["initContainers"]

    assert f"--control-plane={service['metadata']['name']}:{port['port']}" in export["args"]
    [policy] = [each for each in objects("control-plane") if each["kind"] == "NetworkPolicy"]
    [come_in] = policy["spec"]["ingress"]
    labels = come_in["from"][0]["podSelector"]["matchLabels"]
    [envoys] = [each for each in objects("envoy-daemonset") if each["kind"] == "DaemonSet"]
    assert labels == envoys["spec"]["template"]["metadata"]["labels"]
