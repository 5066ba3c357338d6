"""Control planes, real Envoys that take their lists from them, and what both write down.

Knows how each is started and where its words are. What is claimed of them is the tests' own.
"""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.fleet.proof import envoys
from tests.fleet.proof.attempts import Spoken, Try, Way
from tests.fleet.proof.clients import ALLOWED, make
from tests.fleet.proof.ground import GATEWAY, ROOT, UID, Ground, ground
from tests.support.waiting import NotInTime, eventually

PLANE = 18000
OTHER_PLANE = 18001
SITE = """\
version: 1
site: lab
names: resolve
clients: [10.99.0.0/24]
admit:
  - {{hosts: [{hosts}]}}
"""

LIMIT_S = 20.0

type States = dict[str, dict[str, Any]]


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
    """The site lab.yaml, who serves it, and who enforces it."""

    made: Ground
    planes: dict[int, subprocess.Popen[str]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.made.folder

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        """A command, on the gateway, to its end."""
        program = ("env", f"PYTHONPATH={ROOT}/addon", sys.executable, "-m", "tierwall")
        return self.made.gateway.run(*program, *words, limit_s=60)

    def tierwall(self, *words: object) -> subprocess.CompletedProcess[str]:
        """The same, of what is good input."""
        done = self.run(*words)
        assert done.returncode in {0, 1}, done.stderr
        return done

    def site(self, *hosts: str) -> None:
        """Another text for lab.yaml, in one step."""
        (self.folder / "lab.yaml.new").write_text(SITE.format(hosts=", ".join(hosts)))
        (self.folder / "lab.yaml.new").rename(self.folder / "lab.yaml")

    def serve(self, *sites: str, port: int = PLANE) -> None:
        """A control plane, with a journal and a state of its own."""
        words = [each.replace("lab.yaml", str(self.folder / "lab.yaml")) for each in sites or ("lab.yaml",)]
        where = ("--journal", self.folder / f"fleet-{port}.jsonl", "--state", self.folder / f"fleet-{port}.json")
        command = ("-m", "tierwall", "fleet", "serve", *words, "--listen", f"127.0.0.1:{port}")
        tls = ("--tls", self.folder / "tls")
        self.planes[port] = self.made.start(
            self.made.gateway, sys.executable, *command, *tls, *where, log=f"plane-{port}.log"
        )

    def kill(self, port: int = PLANE) -> None:
        """End a control plane without a word."""
        plane = self.planes.pop(port)
        plane.kill()
        plane.wait()
        self.made.children.remove(plane)

    def node(
        self, name: str, port: int, *more: object, planes: tuple[int, ...] = (PLANE,), certificate_of: str | None = None
    ) -> Path:
        """What an Envoy is started from."""
        folder = self.folder / name
        words = ("--to", "envoy", self.folder / "lab.yaml", "--listen", f"{GATEWAY}:{port}")
        from_planes = [word for plane in planes for word in ("--control-plane", f"127.0.0.1:{plane}")]
        admin = ("--admin", f"127.0.0.1:{port + 1}", "--uid", UID, "--node", name)
        self.tierwall("export", *words, *from_planes, *admin, *more, "-o", folder)
        shutil.copytree(self.folder / "tls" / (certificate_of or name), folder / "tls", dirs_exist_ok=True)
        return folder

    @contextmanager
    def envoy(
        self,
        name: str,
        port: int,
        *more: object,
        ready: bool = True,
        planes: tuple[int, ...] = (PLANE,),
        certificate_of: str | None = None,
    ) -> Iterator[subprocess.Popen[str]]:
        folder = self.node(name, port, *more, planes=planes, certificate_of=certificate_of)
        self.made.gateway.nft((folder / "guard.nft").read_text())
        child = envoys.start(self.made, folder, "--base-id", str(port))
        try:
            if ready:
                envoys.until_ready(self.made, child, port + 1)
            yield child
        finally:
            if child in self.made.children:
                self.made.end(child)

    def states(self, port: int = PLANE) -> States:
        """By node, from the file that `fleet status` reads."""
        try:
            said = json.loads((self.folder / f"fleet-{port}.json").read_text())
        except FileNotFoundError:
            return {}
        return {each["node"]: each for each in said["nodes"]}

    def until(self, holds: Callable[[States], bool], port: int = PLANE) -> States:
        """The states that this holds for."""

        def look() -> tuple[States] | None:
            found = self.states(port)
            return (found,) if holds(found) else None

        return until(look, said=lambda: f"{self.states(port)}\n{self.planes_said(port)}\n{self.envoys_said()}")[0]

    def until_serving(self, port: int = PLANE) -> None:
        until((self.folder / f"fleet-{port}.json").exists)

    def planes_said(self, port: int = PLANE) -> str:
        return (self.folder / f"plane-{port}.log").read_text()[-2000:]

    def envoys_said(self) -> str:
        return (self.folder / "envoy.log").read_text()[-2000:]

    def updates(self, port: int) -> int:
        """How many lists of rules the Envoy with this port has taken from its control plane."""
        stats = self.made.gateway.inside(lambda: envoys.asked(port + 1, "stats?filter=requests.update_success"))
        return int(stats.strip().rpartition(": ")[2])

    def tries(self, host: str, port: int = 8080) -> bool:
        """Whether a TLS connection through the Envoy at the port arrives."""
        attempt = Try(Way.CONNECT, host, 443, Spoken.TLS, host)
        return self.made.clients.inside(lambda: asyncio.run(make(attempt, port))).startswith(ALLOWED)

    def until_tries(self, host: str, expected: bool, port: int = 8080) -> None:
        until(lambda: self.tries(host, port) is expected, said=lambda: f"{host} stays {not expected}")

    @property
    def journal(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / f"fleet-{PLANE}.jsonl").read_text().splitlines()]


def until[T](look: Callable[[], T | None], said: Callable[[], object] = str) -> T:
    """What is found in the end; of a failure, `said` says more."""
    try:
        return eventually(look, LIMIT_S)
    except NotInTime as late:
        raise AssertionError(f"{late}: {said()}") from None


@pytest.fixture
def lab(made: Ground) -> Lab:
    lab = Lab(made)
    lab.site("a.example")
    lab.tierwall("fleet", "certificates", lab.folder / "tls", "lab-1", "lab-2")
    return lab


def current(*nodes: str, version: str | None = None) -> Callable[[States], bool]:
    return lambda found: all(
        node in found and found[node]["state"] == "current" and version in {None, found[node]["runs"]} for node in nodes
    )
