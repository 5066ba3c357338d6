"""UDP datagrams through a gateway, there and back: by the kernel alone, with our rules, and through the proxy.

With our rules what is admitted goes straight through the kernel. Through the proxy goes what a behaviour acts on, here
`udp-timeout`, which keeps count of every flow.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from bench import namespace
from bench.bench import Bench
from bench.gateways import BRIDGE, BRIDGE_PORT, INSIDE, Machines, machines
from bench.ground import Ground, compiled, free_port, tierwall_environment
from bench.namespace import NoNamespace
from bench.processes import Running, until_listening

_OCTETS: Final = 200
"""About a frame of speech in RTP."""
_WINDOW: Final = 16
_TRIES: Final = 10
_TRY_S: Final = 0.5
_ADMIT: Final = "version: 1\nsite: bench\ntitle: Video bridges\nadmit:\n  - {vendor: 8x8}\n"
SITES: Final = {
    "kernel forward": None,
    "tierwall": _ADMIT,
    "through the proxy": f"{_ADMIT}behaviours: [{{behaviour: udp-timeout, after: 1h}}]\n",
}


def run(bench: Bench) -> None:
    """Datagrams a second and how long one takes, by way."""
    program = compiled("datagrams", bench.ground.folder)
    try:
        with ExitStack() as stack:
            ways = {}
            for number, (way, site) in enumerate(SITES.items()):
                made = stack.enter_context(machines(str(number)))
                stack.enter_context(_server(bench.ground, program, made, number))
                if site is not None:
                    stack.enter_context(_tierwall(bench.ground.folder / f"datagrams-{number}", made, site))
                _warm_up(program, made)
                ways[way] = made
            names = list(ways)
            for number in bench.steps("datagrams", bench.scale.rounds):
                first = number % len(names)
                for way in (*names[first:], *names[:first]):
                    outcome = _ask(program, ways[way], bench.scale.echo_s)
                    bench.results.add("datagrams.rate", way, outcome["came"] / outcome["seconds"], "/s")
                    bench.results.add("datagrams.p50", way, outcome["p50_us"], "us")
                    bench.results.add("datagrams.p99", way, outcome["p99_us"], "us")
    except NoNamespace as lack:
        bench.results.note("datagrams", f"not measured: {lack}")


@contextmanager
def _server(ground: Ground, program: Path, made: Machines, number: int) -> Iterator[None]:
    command = (*made.server, str(program), "serve", str(BRIDGE_PORT))
    with Running(command, ground.folder / f"datagrams-server-{number}.log"):
        yield


@contextmanager
def _tierwall(folder: Path, made: Machines, text: str) -> Iterator[None]:
    folder.mkdir()
    (folder / "site.yaml").write_text(text)
    ours = (sys.executable, "-m", "tierwall")
    port, environment = str(free_port()), tierwall_environment(folder)
    site = ("--site", str(folder / "site.yaml"))
    up = (*made.gateway, *ours, "gateway", "up", "--inside", INSIDE, "--port", port, *site)
    subprocess.run(up, check=True, capture_output=True, env=environment)
    command = (*made.gateway, *ours, "run", "--gateway", *site)
    with Running((*command, "--journal", str(folder / "journal.jsonl")), folder / "output.log", environment) as proxy:
        until_listening(proxy, int(port))
        yield
    namespace.run(*made.gateway, *ours, "gateway", "down")


def _warm_up(program: Path, made: Machines) -> None:
    """Until something comes back: neither a server that binds nor a lease that is taken says so. Raises NoNamespace."""
    for _ in range(_TRIES - 1):
        with suppress(NoNamespace):
            _ask(program, made, _TRY_S)
            return
    _ask(program, made, _TRY_S)


def _ask(program: Path, made: Machines, seconds: float) -> dict[str, float]:
    words = ("ask", BRIDGE, str(BRIDGE_PORT), str(seconds), str(_WINDOW), str(_OCTETS))
    done = subprocess.run((*made.client, str(program), *words), capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoNamespace(f"no datagram came back: {done.stderr.strip()}")
    found: dict[str, float] = json.loads(done.stdout)
    return found
