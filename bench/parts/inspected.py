"""Requests inside TLS that the proxy opens: a CONNECT, a handshake with the proxy's certificate, then GETs in a row.

Beside stock mitmproxy, which opens every TLS. Clients and origin are Python here, and speak TLS themselves.
"""

import sys
import time

from bench import load
from bench.bench import Bench
from bench.ground import free_port, tierwall_environment
from bench.https import requests_inside_tls
from bench.load import SETTLE_S
from bench.parts.requests import StockMitmproxy
from bench.peer import Peer, all_running
from bench.peers import Mitmproxy, Tierwall
from bench.processes import Running, until_listening


class Inspecting(Tierwall):
    """Inspects all that is TLS, and believes the origin's authority."""

    behaviours = ("{behaviour: tls-inspection}",)

    def command(self) -> list[str]:
        return [*super().command(), "--trust", str(self.ground.folder / "https" / "ca.pem")]


class Believing(StockMitmproxy):
    """Stock, and believes every origin."""

    def command(self) -> list[str]:
        return [*super().command(), "--ssl-insecure"]


def run(bench: Bench) -> None:
    """Rates and CPU times, by peer."""
    scale, results, ground = bench.scale, bench.results, bench.ground
    folder, port = ground.folder / "https", free_port()
    folder.mkdir(exist_ok=True)
    command = (sys.executable, "-m", "bench.https", str(folder), str(port))
    with Running(command, folder / "origin.log", tierwall_environment(folder)) as origin:
        until_listening(origin, port)
        kinds: list[type[Peer]] = [Inspecting] + ([Believing] if Mitmproxy in bench.kinds else [])
        with all_running(ground.at(port), kinds) as peers:
            for peer in bench.rounds("inspected", peers):
                before = peer.cpu_s()
                done, seconds = requests_inside_tls(peer.port, peer.target, scale.inspected_concurrency, scale.storm_s)
                time.sleep(SETTLE_S)
                if not done:
                    raise load.LoadFailed(f"{peer.name}: no request was answered")
                results.add("inspected.rate", peer.name, done / seconds, "/s")
                results.add("inspected.cpu", peer.name, (peer.cpu_s() - before) / done * 1e6, "us")
