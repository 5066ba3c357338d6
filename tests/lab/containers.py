"""Docker Compose as a person uses it: up, down, a command in a container, the log of one.

Knows the services of docker-compose.yml. Refuses to know what they are to do.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PROFILES: Final = ("gateway", "client", "offline")
PROJECT: Final = "tierwall-test-lab"
JOURNAL: Final = "/var/lib/gateway/tierwall/journal/journal.jsonl"

PROXY_PORT: Final = 18080
SCREEN_PORT: Final = 16080
PAGE_PORT: Final = 18082

_LIMIT_S: Final = 60.0


class Lab:
    """One project of Compose, with a copy of the policies that a test may change."""

    def __init__(self, folder: Path, project: str = PROJECT, **environment: str) -> None:
        self.policies = folder / "policies"
        shutil.copytree(ROOT / "policies", self.policies)
        self._project = project
        self.first: subprocess.CompletedProcess[str] | None = None
        """What was typed as soon as it was up."""
        self._environment = {
            **os.environ,
            "TIERWALL_PAGE_PORT": str(PAGE_PORT),
            "TIERWALL_GATEWAY_PAGE_PORT": str(PAGE_PORT + 1),
            **environment,
            "TIERWALL_POLICIES": str(self.policies),
            "TIERWALL_PORT": str(PROXY_PORT),
            "TIERWALL_SCREEN_PORT": str(SCREEN_PORT),
        }

    def up(self, site: str = "reference") -> None:
        """Everything, or what this site makes anew; back once gateway, proxy and stand-ins are ready."""
        done = self.compose("up", "-d", "--no-build", TIERWALL_SITE=site)
        assert done.returncode == 0, done.stderr
        self.first = self.shell("curl", "-sS", "--max-time", "10", "https://vevox.app/")
        self.until(lambda: self.run("gateway", "tierwall", "gateway", "status").returncode == 0, "no gateway is up")
        self.until(lambda: "outside: the stand-ins" in self.log("gateway"), "the gateway does not see the stand-ins")

    def down(self) -> None:
        """No container, network or volume is left."""
        done = self.compose("down", "--volumes", "--timeout", "3")
        assert done.returncode == 0, done.stderr

    def compose(
        self, *arguments: str, profiles: Sequence[str] = PROFILES, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """One command of Compose."""
        named = [word for profile in profiles for word in ("--profile", profile)]
        return subprocess.run(
            [*os.environ["TIERWALL_COMPOSE"].split(), "--project-name", self._project, *named, *arguments],
            cwd=ROOT,
            env={**self._environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def run(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """A command in a container that runs."""
        return self.compose("exec", "-T", service, *command)

    def shell(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command of the client's, behind the gateway."""
        return self.run("shell", *command)

    def log(self, service: str) -> str:
        """All that it has said since it was made."""
        return self.compose("logs", "--no-color", service).stdout

    def events(self) -> list[dict[str, Any]]:
        """The gateway's journal."""
        lines = self.run("gateway", "cat", JOURNAL).stdout.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def reached(self) -> list[str]:
        """What the stand-ins have said of their clients, DNS apart."""
        return [line for line in self.log("stand-ins").splitlines() if "dnsmasq" not in line]

    def event(self, matches: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first event in the journal that matches, once there is one."""
        self.until(lambda: any(map(matches, self.events())), "there is no such event")
        return next(event for event in self.events() if matches(event))

    def event_to(self, **destination: str) -> dict[str, Any]:
        """The first event of an attempt there. Others, such as a mark, have no destination."""
        return self.event(lambda event: destination.items() <= event.get("destination", {}).items())

    def is_healthy(self, service: str) -> bool:
        """As Docker's health check has it."""
        return "(healthy)" in self.compose("ps", service).stdout

    @staticmethod
    def until(condition: Callable[[], bool], otherwise: str, limit_s: float = _LIMIT_S) -> None:
        """Wait, with a bound."""
        end = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < end, otherwise
            time.sleep(0.5)
