"""What keeps the lab from coming up is said in a line, and nothing half set up is left."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.containers import PROJECT, Lab

OTHER_PORT = "18081"


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Lab]:
    """A second lab, in other networks than the first."""
    apart = {"TIERWALL_INSIDE": "10.78.11", "TIERWALL_OUTSIDE": "10.78.12"}
    apart |= {"TIERWALL_INSIDE_6": "fd78:11", "TIERWALL_OUTSIDE_6": "fd78:12"}
    pages = {"TIERWALL_PAGE_PORT": "18084", "TIERWALL_GATEWAY_PAGE_PORT": "18085"}
    lab = Lab(tmp_path, project=f"{PROJECT}-other", **apart, **pages)
    try:
        yield lab
    finally:
        lab.down()


def test_a_port_in_use_is_named(lab: Lab, other: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = other.compose("up", "-d", "--no-build", "proxy", TIERWALL_PORT=str(port))

    assert done.returncode != 0
    assert f"127.0.0.1:{port}" in done.stderr
    assert "address already in use" in done.stderr


def test_a_subnet_that_is_in_use_is_said(lab: Lab, other: Lab) -> None:
    done = other.compose("up", "-d", "--no-build", "shell", TIERWALL_INSIDE="10.78.1")

    assert done.returncode != 0
    assert "overlap" in done.stderr


def test_an_unknown_site_is_said_with_those_that_there_are(other: Lab) -> None:
    other.compose("up", "-d", "--no-build", "proxy", TIERWALL_SITE="refrence", TIERWALL_PORT=OTHER_PORT)

    other.until(lambda: "unknown site `refrence`; did you mean `reference`?" in other.log("proxy"), "it is not said")


def test_a_gateway_without_rights_or_tun_device_names_both() -> None:
    gateway = ["docker", "run", "--rm", "--user", "root", "--entrypoint", "/opt/tierwall/lab/gateway.sh", "tierwall"]
    done = subprocess.run(
        [*gateway, "10.78.1.1", "127.0.0.1", "127.0.0.1", "127.0.0.1", "::1"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "CAP_NET_ADMIN is missing" in done.stderr
    assert "there is no /dev/net/tun" in done.stderr


def test_nothing_of_a_lab_that_did_not_come_up_is_left(other: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        other.compose("up", "-d", "--no-build", "proxy", TIERWALL_PORT=str(taken.getsockname()[1]))
    other.down()

    label = f"label=com.docker.compose.project={PROJECT}-other"
    for what in (["ps", "-aq"], ["network", "ls", "-q"], ["volume", "ls", "-q"]):
        listed = subprocess.run(["docker", *what, "--filter", label], capture_output=True, text=True, check=True)
        assert listed.stdout == ""
