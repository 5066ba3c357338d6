"""Without a guard nothing starts, and what each guard is against happens without it."""

import asyncio
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.fleet.proof import envoys
from tests.fleet.proof.attempts import Spoken, Try, Way
from tests.fleet.proof.clients import ALLOWED, make
from tests.fleet.proof.ground import GATEWAY, PROXY_PORT, UID, Ground
from tests.fleet.proof.lab import made
from tests.support.needs import NAMESPACES, needs
from tierwall.cli.export.envoy import written
from tierwall.fleet.envoy import Place, Settings
from tierwall.loader import load_catalogue, load_site

__all__ = ["made"]
pytestmark = needs(NAMESPACES, "setpriv")
CATALOGUE = load_catalogue([])
SITE = replace(load_site("8x8-core-only", CATALOGUE), clients=(ip_network("10.99.0.0/24"),))
OLD = "#!/bin/sh\necho 'envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/1.37.2/Clean/RELEASE/BoringSSL'\n"


@pytest.fixture
def folder(made: Ground) -> Path:
    folder = made.folder / "guarded"
    written(SITE, CATALOGUE, Settings(explicit=Place(host=GATEWAY, port=PROXY_PORT), uid=UID), folder)
    return folder


def started(made: Ground, folder: Path, envoy: Path | None = None) -> tuple[int, str]:
    done = made.gateway.run("env", f"ENVOY={envoy or made.folder / 'envoy'}", "timeout", "5", folder / "start.sh")
    return done.returncode, done.stderr


def load_guard(made: Ground, folder: Path) -> None:
    made.gateway.nft((folder / "guard.nft").read_text())


def test_with_all_guards_it_starts(made: Ground, folder: Path) -> None:
    load_guard(made, folder)

    assert started(made, folder)[0] == 124  # ended by `timeout`


def test_without_the_kernels_guard_it_does_not(made: Ground, folder: Path) -> None:
    status, said = started(made, folder)

    assert (status, "kernel guard" in said) == (3, True)


def test_with_a_guard_for_another_user_it_does_not(made: Ground, folder: Path) -> None:
    made.gateway.nft((folder / "guard.nft").read_text().replace(f"skuid != {UID}", "skuid != 4711"))

    assert started(made, folder)[0] == 3


def test_an_envoy_that_is_too_old_is_refused_by_its_version(made: Ground, folder: Path) -> None:
    load_guard(made, folder)
    (made.folder / "old").write_text(OLD)
    (made.folder / "old").chmod(0o755)

    status, said = started(made, folder, made.folder / "old")

    assert (status, "1.37.2 is too old" in said) == (3, True)


def test_an_envoy_without_the_hashed_key_refuses_the_configuration_itself(made: Ground, folder: Path) -> None:
    load_guard(made, folder)
    path = folder / "envoy.json"
    path.write_text(
        path.read_text().replace("envoy.hashable_string", "envoy.another_string")
    )  # one that this Envoy lacks

    status, said = started(made, folder)

    assert (status, "does not take envoy.json" in said) == (3, True)
    assert "object factory" in said


def test_a_list_that_envoy_would_not_take_is_found_before_it_starts(made: Ground, folder: Path) -> None:
    load_guard(made, folder)
    path = folder / "check.json"
    path.write_text(path.read_text().replace('"google_re2":{},', "", 1))

    status, said = started(made, folder)

    assert (status, "does not take check.json" in said) == (3, True)


def test_a_second_address_of_a_name_is_reached_without_the_guard_and_not_with_it(made: Ground, folder: Path) -> None:
    hidden = Try(
        Way.CONNECT, "hidden.8x8.com", 443, Spoken.TLS, "hidden.8x8.com"
    )  # 203.0.113.99 is dead, 10.1.2.3 is next

    def tries() -> str:
        return made.clients.inside(lambda: asyncio.run(make(hidden)))

    with envoys.running(made, folder):
        guarded = tries()
        made.gateway.nft("delete table inet tierwall_guard")
        unguarded = tries()

    assert not guarded.startswith(ALLOWED)
    assert unguarded == f"{ALLOWED} 10.1.2.3"
    assert made.arrivals == ["10.1.2.3:443"]


def test_tunnels_keep_their_own_hosts(made: Ground) -> None:
    """400 at once to four addresses: each arrives where it was asked for."""
    networks = ("192.0.2.1", "192.0.2.2", "198.51.100.1", "198.51.100.2")
    path = made.folder / "four.yaml"
    admitted = "{networks: [192.0.2.0/24, 198.51.100.0/24], ports: [tcp/443]}"
    path.write_text(f"version: 1\nsite: four\nclients: [10.99.0.0/24]\nadmit: [{admitted}]\n")
    folder = made.folder / "four"
    settings = Settings(explicit=Place(host=GATEWAY, port=PROXY_PORT), uid=UID)
    written(load_site(str(path), CATALOGUE), CATALOGUE, settings, folder)
    tries = [Try(Way.CONNECT, networks[at % 4], 443, Spoken.RAW) for at in range(400)]

    async def all_at_once() -> list[str]:
        places = asyncio.Semaphore(40)

        async def one(attempt: Try) -> str:
            async with places:
                return await make(attempt)

        return await asyncio.gather(*(one(each) for each in tries))

    with envoys.running(made, folder):
        found = made.clients.inside(lambda: asyncio.run(all_at_once()))

    differing = [(each.host, what) for each, what in zip(tries, found, strict=True) if what != f"{ALLOWED} {each.host}"]
    assert differing == [], (folder / "access.log").read_text()[-4000:]
