"""The control plane with real Envoys: who gets what, changes, refusals, and either side gone. `make fleet` runs it."""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import grpc
import pytest
from envoy.config.route.v3 import route_pb2
from google.protobuf import any_pb2

from tests.fleet.proof import envoys
from tests.fleet.proof.attempts import Spoken, Try, Way
from tests.fleet.proof.clients import ALLOWED, make
from tests.fleet.proof.ground import GATEWAY, ROOT, UID, Ground, ground
from tests.support.needs import NAMESPACES, needs
from tierwall.fleet.certificates import CONTROL_PLANE, Pair, signed
from tierwall.fleet.control_plane.ads import Discovery
from tierwall.fleet.control_plane.assignment import Assignment
from tierwall.fleet.control_plane.fleet import Change, Fleet, State
from tierwall.fleet.control_plane.snapshots import Snapshot, snapshot_of
from tierwall.fleet.envoy import lists_of
from tierwall.fleet.envoy.values import ROUTES
from tierwall.loader import load_catalogue, load_site

pytestmark = needs(NAMESPACES, "setpriv")

PLANE = 18000
SITE = """\
version: 1
site: lab
names: resolve
clients: [10.99.0.0/24]
admit:
  - {{hosts: [{hosts}]}}
"""
LIMIT_S = 20.0


@pytest.fixture
def made() -> Iterator[Ground]:
    folder = Path(mkdtemp(prefix="tierwall-fleet-"))
    folder.chmod(0o755)
    envoys.bring(folder)
    try:
        with ground(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder)


@dataclass
class Lab:
    """A control plane and what it writes."""

    made: Ground
    plane: subprocess.Popen[str] | None = None

    @property
    def folder(self) -> Path:
        return self.made.folder

    def tierwall(self, *words: object) -> subprocess.CompletedProcess[str]:
        done = self.made.gateway.run(
            "env", f"PYTHONPATH={ROOT}/addon", sys.executable, "-m", "tierwall", *words, limit_s=60
        )
        assert done.returncode in {0, 1}, done.stderr
        return done

    def site(self, *hosts: str) -> None:
        (self.folder / "lab.yaml.new").write_text(SITE.format(hosts=", ".join(hosts)))
        (self.folder / "lab.yaml.new").rename(self.folder / "lab.yaml")

    def serve(self, *sites: str) -> None:
        words = [each.replace("lab.yaml", str(self.folder / "lab.yaml")) for each in sites or ("lab.yaml",)]
        where = (
            "--tls",
            self.folder / "tls",
            "--journal",
            self.folder / "fleet.jsonl",
            "--state",
            self.folder / "fleet.json",
        )
        self.plane = self.made.start(
            self.made.gateway,
            sys.executable,
            "-m",
            "tierwall",
            "fleet",
            "serve",
            *words,
            "--listen",
            f"127.0.0.1:{PLANE}",
            *where,
            log="plane.log",
        )

    def end_plane(self) -> None:
        assert self.plane is not None
        self.plane.kill()
        self.plane.wait()
        self.made.children.remove(self.plane)

    def node(self, name: str, port: int, certificate_of: str | None = None) -> Path:
        folder = self.folder / name
        words = (
            "--to",
            "envoy",
            self.folder / "lab.yaml",
            "--listen",
            f"{GATEWAY}:{port}",
            "--admin",
            f"127.0.0.1:{port + 1}",
        )
        self.tierwall(
            "export", *words, "--uid", UID, "--control-plane", f"127.0.0.1:{PLANE}", "--node", name, "-o", folder
        )
        shutil.copytree(self.folder / "tls" / (certificate_of or name), folder / "tls", dirs_exist_ok=True)
        return folder

    @contextmanager
    def envoy(
        self, name: str, port: int, *, ready: bool = True, certificate_of: str | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        folder = self.node(name, port, certificate_of)
        self.made.gateway.nft((folder / "guard.nft").read_text())
        child = envoys.start(self.made, folder, "--base-id", str(port))
        try:
            if ready:
                envoys.until_ready(self.made, child, port + 1)
            yield child
        finally:
            if child in self.made.children:
                self.made.end(child)

    def states(self) -> dict[str, dict[str, Any]]:
        try:
            return {each["node"]: each for each in json.loads((self.folder / "fleet.json").read_text())["nodes"]}
        except FileNotFoundError:
            return {}

    def until(self, holds: Callable[[dict[str, dict[str, Any]]], bool]) -> dict[str, dict[str, Any]]:
        """Polls the file that `fleet status` reads."""
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            found = self.states()
            if holds(found):
                return found
            time.sleep(0.05)
        raise AssertionError(
            f"{self.states()}\n{(self.folder / 'plane.log').read_text()[-2000:]}\n{self.envoys_said()}"
        )

    def envoys_said(self) -> str:
        return (self.folder / "envoy.log").read_text()[-2000:]

    def tries(self, host: str, port: int = 8080) -> bool:
        """Whether a TLS connection through the Envoy at the port arrives."""
        attempt = Try(Way.CONNECT, host, 443, Spoken.TLS, host)
        return self.made.clients.inside(lambda: asyncio.run(make(attempt, port))).startswith(ALLOWED)

    def until_tries(self, host: str, expected: bool, port: int = 8080) -> None:
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            if self.tries(host, port) is expected:
                return
        raise AssertionError(f"{host} stays {not expected}")

    @property
    def journal(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "fleet.jsonl").read_text().splitlines()]


@pytest.fixture
def lab(made: Ground) -> Lab:
    lab = Lab(made)
    lab.site("a.example")
    lab.tierwall("fleet", "certificates", lab.folder / "tls", "lab-1", "lab-2")
    return lab


def current(*nodes: str, version: str | None = None) -> Callable[[dict[str, dict[str, Any]]], bool]:
    return lambda found: all(
        node in found and found[node]["state"] == "current" and version in {None, found[node]["runs"]} for node in nodes
    )


def test_envoys_get_their_site_and_what_changes_in_it(lab: Lab) -> None:
    lab.serve()
    with lab.envoy("lab-1", 8080), lab.envoy("lab-2", 8180):
        before = lab.until(current("lab-1", "lab-2"))
        assert (lab.tries("a.example"), lab.tries("b.example"), lab.tries("a.example", 8180)) == (True, False, True)

        lab.site("b.example")
        after = lab.until(
            lambda found: current("lab-1", "lab-2")(found) and found["lab-1"]["runs"] != before["lab-1"]["runs"]
        )

        assert after["lab-1"]["runs"] == after["lab-2"]["runs"]
        lab.until_tries("b.example", True)
        assert not lab.tries("a.example")
        assert lab.tierwall("fleet", "status", "--state", lab.folder / "fleet.json").returncode == 0
    actions = [event["event"]["action"] for event in lab.journal]
    assert actions.count("applied") == 4


def test_a_node_gets_another_site_by_its_id(lab: Lab) -> None:
    (lab.folder / "other.yaml").write_text(SITE.format(hosts="c.example").replace("site: lab", "site: other"))
    lab.serve("lab.yaml", f"lab-2={lab.folder}/other.yaml")
    with lab.envoy("lab-1", 8080), lab.envoy("lab-2", 8180):
        found = lab.until(current("lab-1", "lab-2"))

        assert (found["lab-1"]["site"], found["lab-2"]["site"]) == ("lab", "other")
        assert (lab.tries("c.example", 8080), lab.tries("c.example", 8180)) == (False, True)


def test_a_file_that_does_not_load_changes_nothing(lab: Lab) -> None:
    lab.serve()
    with lab.envoy("lab-1", 8080):
        lab.until(current("lab-1"))
        (lab.folder / "lab.yaml").write_text("version: 1\nsite: lab\nadmit: [{hots: [b.example]}]\n")
        end = time.monotonic() + LIMIT_S
        while not any("cannot be served" in event.get("error", {}).get("message", "") for event in lab.journal):
            assert time.monotonic() < end
            time.sleep(0.05)

        assert (lab.tries("a.example"), lab.tries("b.example")) == (True, False)
        lab.site("b.example")
        lab.until_tries("b.example", True)


def test_a_control_plane_that_is_gone_leaves_envoys_as_they_are_and_finds_them_so(lab: Lab) -> None:
    lab.serve()
    with lab.envoy("lab-1", 8080):
        version = lab.until(current("lab-1"))["lab-1"]["runs"]
        lab.end_plane()
        assert lab.tierwall("fleet", "status", "--state", lab.folder / "fleet.json").returncode == 1
        assert (lab.tries("a.example"), lab.tries("b.example")) == (True, False)

        (lab.folder / "fleet.json").unlink()
        lab.serve()

        assert lab.until(current("lab-1"))["lab-1"]["runs"] == version
        updates = lab.made.gateway.inside(lambda: envoys.asked(8081, "stats?filter=requests.update_success"))
        assert updates.strip().endswith(": 1")  # the first: what it has already was not sent again


def test_an_envoy_that_is_gone_is_shown(lab: Lab) -> None:
    lab.serve()
    with lab.envoy("lab-1", 8080) as child:
        lab.until(current("lab-1"))
        child.kill()
        child.wait()
        lab.made.children.remove(child)

        assert "goes on" in lab.until(lambda found: found["lab-1"]["state"] == "gone")["lab-1"]["detail"]


def test_a_second_control_plane_at_the_same_place_does_not_start(lab: Lab) -> None:
    lab.serve()
    lab.until(lambda _: (lab.folder / "fleet.json").exists())

    words = ("fleet", "serve", lab.folder / "lab.yaml", "--listen", f"127.0.0.1:{PLANE}", "--tls", lab.folder / "tls")
    done = lab.made.gateway.run(
        "env",
        f"PYTHONPATH={ROOT}/addon",
        sys.executable,
        "-m",
        "tierwall",
        *words,
        "--journal",
        lab.folder / "2",
        "--state",
        lab.folder / "3",
    )

    assert done.returncode == 2
    assert "another control plane" in done.stderr


def test_an_envoy_changes_between_two_control_planes_of_the_same_files_without_a_new_list(lab: Lab) -> None:
    """The version is the hash of what is said: whichever of them answers, it says the same."""
    first = snapshot_of(lists_of(load_site(str(lab.folder / "lab.yaml"), CATALOGUE), CATALOGUE))
    second = snapshot_of(lists_of(load_site(str(lab.folder / "lab.yaml"), load_catalogue([])), load_catalogue([])))

    assert first.version == second.version


CATALOGUE = load_catalogue([])


def test_another_nodes_certificate_is_refused(lab: Lab) -> None:
    lab.serve()
    with lab.envoy("lab-2", 8180, ready=False, certificate_of="lab-1"):
        end = time.monotonic() + LIMIT_S
        while "the certificate is for lab-1" not in lab.envoys_said():
            assert time.monotonic() < end, lab.envoys_said()
            time.sleep(0.1)

        assert lab.states() == {}
        assert not lab.tries("a.example", 8180)


def test_an_expired_certificate_gets_nothing_and_lets_nothing_through(lab: Lab) -> None:
    authority = Pair((lab.folder / "tls/ca.crt").read_bytes(), (lab.folder / "tls/ca.key").read_bytes())
    expired = signed(authority, "lab-1", datetime.now(UTC) - timedelta(days=2), timedelta(days=1))
    (lab.folder / "tls/lab-1/envoy.crt").write_bytes(expired.certificate)
    (lab.folder / "tls/lab-1/envoy.key").write_bytes(expired.key)
    lab.serve()
    lab.until(lambda _: (lab.folder / "fleet.json").exists())

    # lab-2, whose certificate is good, shows that the control plane works
    with lab.envoy("lab-1", 8080, ready=False), lab.envoy("lab-2", 8180):
        lab.until(current("lab-2"))
        assert "lab-1" not in lab.states()
        assert (lab.tries("a.example", 8080), lab.tries("a.example", 8180)) == (False, True)


def test_an_expired_control_plane_does_not_start(lab: Lab) -> None:
    authority = Pair((lab.folder / "tls/ca.crt").read_bytes(), (lab.folder / "tls/ca.key").read_bytes())
    expired = signed(authority, CONTROL_PLANE, datetime.now(UTC) - timedelta(days=2), timedelta(days=1))
    (lab.folder / "tls/control-plane.crt").write_bytes(expired.certificate)

    words = ("fleet", "serve", lab.folder / "lab.yaml", "--tls", lab.folder / "tls", "--journal", lab.folder / "2")
    done = lab.made.gateway.run(
        "env", f"PYTHONPATH={ROOT}/addon", sys.executable, "-m", "tierwall", *words, "--state", lab.folder / "3"
    )

    assert done.returncode == 2
    assert "expired on" in done.stderr


def test_a_list_that_an_envoy_does_not_take_is_shown_and_the_last_good_stays(lab: Lab) -> None:
    good = snapshot_of(lists_of(load_site(str(lab.folder / "lab.yaml"), CATALOGUE), CATALOGUE))
    routes = any_pb2.Any(type_url=ROUTES, value=good.lists[ROUTES]["requests"].value)
    twice = type(good)(
        site="lab",
        version="broken",
        bootstrap=good.bootstrap,
        lists={**good.lists, ROUTES: {"requests": _broken(routes)}},
    )
    told: list[Change] = []

    lab.made.gateway.inside(lambda: asyncio.run(_served(lab, good, twice, told)))

    assert [change.state for change in told if change.state in {State.CURRENT, State.REFUSED}] == [
        State.CURRENT,
        State.REFUSED,
    ]
    refused = next(change for change in told if change.state is State.REFUSED)
    assert good.version in refused.detail


def _broken(routes: any_pb2.Any) -> any_pb2.Any:
    config = route_pb2.RouteConfiguration.FromString(routes.value)
    config.virtual_hosts.append(config.virtual_hosts[0])  # a name twice: Envoy takes none of it
    broken = any_pb2.Any()
    broken.Pack(config)
    return broken


async def _served(lab: Lab, good: Snapshot, broken: Snapshot, told: list[Change]) -> None:
    fleet = Fleet(time.time, told.append)
    discovery = Discovery(fleet)
    assignment = Assignment(by_id={}, sites=frozenset({"lab"}))
    await discovery.publish(assignment, {"lab": good})
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((discovery.handler(),))
    tls = lab.folder / "tls"
    pair = ((tls / "control-plane.key").read_bytes(), (tls / "control-plane.crt").read_bytes())
    server.add_secure_port(
        f"127.0.0.1:{PLANE}",
        grpc.ssl_server_credentials([pair], (tls / "ca.crt").read_bytes(), require_client_auth=True),
    )
    await server.start()

    def one_envoy() -> None:
        with lab.envoy("lab-1", 8080):
            assert lab.tries("a.example")
            asyncio.run_coroutine_threadsafe(discovery.publish(assignment, {"lab": broken}), loop).result(10)
            end = time.monotonic() + LIMIT_S
            while not any(change.state is State.REFUSED for change in told):
                assert time.monotonic() < end
                time.sleep(0.05)
            assert (lab.tries("a.example"), lab.tries("b.example")) == (True, False)

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(one_envoy)
    await server.stop(0)
