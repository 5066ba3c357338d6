"""WireGuard's keys are their owner's alone, at every moment, and a client's file names where it can dial."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from mitmproxy.proxy.mode_servers import WireGuardServerInstance

from tierwall.proxy.mitmproxy import wireguard_keys
from tierwall.proxy.mitmproxy.wireguard_keys import CLIENT, KEYS, client_file

CONFIGURATION = "[Interface]\nPrivateKey = secret\n[Peer]\nEndpoint = {}"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WireGuardServerInstance:
    """One that would listen at an address of this test's, without a network."""

    async def listens(_: WireGuardServerInstance) -> None:
        pass

    monkeypatch.setattr(wireguard_keys, "_mitmproxy_start", listens)
    made: Any = WireGuardServerInstance.__new__(WireGuardServerInstance)
    made.mode = SimpleNamespace(data=str(tmp_path / "keys" / KEYS))
    made.client_conf = lambda: CONFIGURATION.format("192.0.2.1:51820")
    return cast("WireGuardServerInstance", made)


def start(server: WireGuardServerInstance) -> Path:
    """Start it; where its keys are."""
    asyncio.run(wireguard_keys._start(server))  # what takes the place of mitmproxy's
    path = client_file(server)
    assert path is not None
    return path.with_name(KEYS)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_keys_are_made_as_mitmproxy_reads_them_for_their_owner_alone(server: WireGuardServerInstance) -> None:
    keys = start(server)

    assert set(json.loads(keys.read_text())) == {"server_key", "client_key"}
    assert (mode(keys.parent), mode(keys), mode(keys.with_name(CLIENT))) == (0o700, 0o600, 0o600)


def test_keys_that_are_there_stay_and_become_private(server: WireGuardServerInstance) -> None:
    keys = start(server)
    before = keys.read_text()
    keys.chmod(0o644)

    assert start(server).read_text() == before
    assert mode(keys) == 0o600


@pytest.mark.parametrize(
    ("listens", "dials"),
    [("192.0.2.1:51820", "192.0.2.1:51820"), ("2001:db8::1:51820", "[2001:db8::1]:51820"), ("0.0.0.0:51820", None)],
)
def test_a_client_is_told_where_it_can_dial(server: WireGuardServerInstance, listens: str, dials: str | None) -> None:
    server.client_conf = lambda: CONFIGURATION.format(listens)  # type: ignore[method-assign]

    text = start(server).with_name(CLIENT).read_text()

    assert text.startswith("[Interface]\nPrivateKey = secret\n")
    endpoint = text.strip().rpartition("Endpoint = ")[2]
    assert endpoint == dials if dials else not endpoint.startswith("0.0.0.0")
