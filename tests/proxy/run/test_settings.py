"""The modes of a run, and every fault of them at once."""

from pathlib import Path

import pytest

from tierwall.proxy.run.settings import CannotStart, RunSettings, modes, tls_spec

PATH = Path("nowhere")


def settings(*specs: str, workers: int = 1, listen_tls: tuple[str, int] | None = None) -> RunSettings:
    return RunSettings(modes=specs, journal=PATH, ca=PATH, workers=workers, listen_tls=listen_tls)


def test_modes_are_as_they_were_given() -> None:
    assert modes(settings("regular", "socks5@127.0.0.1:1080")) == ["regular", "socks5@127.0.0.1:1080"]


def test_every_fault_is_said_at_once_with_its_mend() -> None:
    with pytest.raises(CannotStart) as faults:
        modes(settings("regulr", "regular", "upstream"))

    first, second = str(faults.value).splitlines()
    assert first.startswith("--mode regulr: ")
    assert "regular" in first
    assert second.startswith("--mode upstream: ")


def test_several_workers_share_tcp_ports_alone() -> None:
    with pytest.raises(CannotStart, match="several workers share TCP ports only"):
        modes(settings("wireguard", workers=2))


def test_a_port_for_tls_is_one_more_of_the_mode_that_there_is() -> None:
    listening = settings("upstream:http://parent.example:3128", listen_tls=("127.0.0.1", 8443))

    assert tls_spec(listening) == "upstream:http://parent.example:3128@127.0.0.1:8443"
    assert modes(listening)[-1] == tls_spec(listening)
    assert tls_spec(settings("regular", listen_tls=("127.0.0.1", 8443))) == "regular@127.0.0.1:8443"
    assert tls_spec(settings("regular")) is None
