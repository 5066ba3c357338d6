"""Ports that workers will share are taken before any of them starts."""

import socket
from pathlib import Path

import pytest

from tierwall.proxy.run.settings import CannotStart, RunSettings
from tierwall.proxy.run.worker_sockets import bind

SETTINGS = RunSettings(listen=("127.0.0.1", 0), journal=Path("nowhere"), ca=Path("nowhere"))


def test_every_mode_listens_where_it_says() -> None:
    bound = bind(SETTINGS, ["regular", "socks5@127.0.0.1:0"])

    assert set(bound) == {"regular", "socks5@127.0.0.1:0"}
    for sockets in bound.values():
        for each in sockets:
            with each, socket.create_connection(each.getsockname()[:2], 1):
                pass


def test_all_ports_that_are_taken_are_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [each.getsockname()[1] for each in (one, other)]

        with pytest.raises(CannotStart) as faults:
            bind(SETTINGS, [f"regular@127.0.0.1:{port}" for port in ports])

    assert all(str(port) in line for port, line in zip(ports, str(faults.value).splitlines(), strict=True))
