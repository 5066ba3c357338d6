"""What this machine allows, and what is said where it does not: no root, no namespaces, no tun, no coturn, no IPv6."""

import os
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from tierwall import programs
from tierwall.programs import Ended
from tierwall.reproduce.check import Means
from tierwall.reproduce.network import entry
from tierwall.reproduce.network.entry import means_here

MAY = Ended(0, "may\nipv6\n", "")
MAY_BUT_IPV6 = Ended(2, "may\n", "RTNETLINK answers: Permission denied\n")
MAY_NOT = Ended(1, "", "unshare: unshare failed: Operation not permitted\n")


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One that has everything."""
    (tmp_path / "tun").touch()
    monkeypatch.setattr(entry, "_TUN", tmp_path / "tun")
    monkeypatch.setattr(programs, "find", lambda name, _path=None: f"/usr/bin/{name}")
    trial(monkeypatch, MAY)


def trial(monkeypatch: pytest.MonkeyPatch, ended: Ended, user: int = 0) -> list[Sequence[str]]:
    asked: list[Sequence[str]] = []

    def run(words: Sequence[str], stdin: str = "", limit_s: float = 1.0) -> Ended:
        asked.append(words)
        return ended

    monkeypatch.setattr(programs, "run", run)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    return asked


def without(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(programs, "find", lambda name, _path=None: None if name == missing else f"/usr/bin/{name}")


def test_a_machine_that_has_everything_runs_everything() -> None:
    assert means_here() == Means()


def test_whoever_is_not_root_tries_a_user_namespace_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = trial(monkeypatch, MAY, user=1000)

    assert means_here().no_network is None
    assert "--map-root-user" in asked[0]


def test_where_the_kernel_allows_none_it_says_how_to(monkeypatch: pytest.MonkeyPatch) -> None:
    trial(monkeypatch, MAY_NOT, user=1000)

    why = means_here().no_network
    assert why is not None
    assert "run it with sudo, or allow unprivileged user namespaces" in why
    assert "unshare failed: Operation not permitted" in why


def test_root_that_may_make_none_is_not_told_to_become_root(monkeypatch: pytest.MonkeyPatch) -> None:
    trial(monkeypatch, MAY_NOT)

    why = means_here().no_network
    assert why is not None
    assert "root may make none here" in why
    assert "sudo" not in why


@pytest.mark.parametrize(
    ("missing", "means", "says"),
    [
        ("turnserver", "no_turn", "TURN is not run: turnserver is not installed (package coturn)"),
        ("turnutils_uclient", "no_turn", "TURN is not run: turnutils_uclient is not installed (package coturn)"),
        ("nft", "no_network", "needs network namespaces: nft is not installed (package nftables)"),
    ],
)
def test_a_program_that_is_missing_is_named_with_its_package(
    missing: str, means: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, missing)

    assert str(getattr(means_here(), means)).startswith(says)


def test_where_namespaces_have_no_ipv6_the_rest_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    trial(monkeypatch, MAY_BUT_IPV6)

    assert means_here() == Means(no_ipv6="IPv6 is not run: this machine has none")


def test_without_tun_udp_is_not_run_and_the_rest_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(entry, "_TUN", tmp_path / "nothing")

    found = means_here()
    assert found.no_network is None
    assert found.no_udp is not None
    assert "modprobe tun" in found.no_udp


def test_without_ipv6_quic_is_not_run_and_the_rest_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> socket.socket:
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(socket, "socket", refuse)

    found = means_here()
    assert found == Means(no_quic="QUIC is not run: this machine has no IPv6, whose sockets it needs")
